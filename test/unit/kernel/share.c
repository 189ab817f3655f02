/* SPDX-License-Identifier: BSD-2-Clause */
#include "share.h"

#include <check.h>

#define PRIORITY 5u

struct share share;

void share_setup(void)
{
    world_setup();
    slice_set(&hart.slice, SHARE_SLICE_TICKS);
    share = (struct share){ .cnode = world_cnode_copy(),
                            .vspace = world_make(OBJ_VSPACE, VSPACE_BITS_MIN) };
}

struct share_thread *share_add(struct share_step (*next)(struct share_thread *self))
{
    struct share_thread *one = &share.thread[share.count];

    ck_assert_uint_lt(share.count, SHARE_THREADS_MAX);
    *one = (struct share_thread){ .next = next, .number = share.count };
    one->slot = world_thread_new();
    one->thread = world_thread_at(one->slot);
    slot_embed(&one->thread->place[THREAD_CNODE], world_slot(share.cnode), &one->thread->object);
    slot_embed(&one->thread->place[THREAD_VSPACE], world_slot(share.vspace), &one->thread->object);
    one->thread->priority = PRIORITY;
    ck_assert_int_eq(thread_resume(one->thread), OK);
    one->notification = world_make(OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN);
    one->sleeping = world_make(OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN);
    one->endpoint = world_make(OBJ_ENDPOINT, ENDPOINT_BITS_MIN);
    share.count++;
    return one;
}

struct share_step share_spin(struct share_thread *self)
{
    (void)self;
    return (struct share_step){ .run_ticks = UINT64_MAX };
}

uint64_t share_rest(void)
{
    return hart.slice_end_ticks > fake.now ? hart.slice_end_ticks - fake.now : 0;
}

/* ---- acts --------------------------------------------------------------------------------- */

static void message(struct share_thread *self, enum call_number call, uint32_t endpoint)
{
    uint64_t *x = self->thread->context.x;

    x[REG_A7] = call;
    x[REG_A0] = endpoint;
    x[REG_A1] = 0;
    if (call == CALL_RECV || ipc_fast(&hart) == NULL)
        syscall_dispatch(&hart);
}

/* Suspends and resumes another thread, in between with a different priority or not. */
static void restart(struct share_thread *self, struct share_thread *whom, bool is_configured)
{
    if (whom == self)
        return;
    world_invoke(self->thread, whom->slot, METHOD_THREAD_SUSPEND, 0, 0, 0, 0);
    for (uint64_t i = 0; is_configured && i < 2; i++) {
        ck_assert_int_eq(world_invoke(self->thread, whom->slot, METHOD_THREAD_CONFIGURE,
                                      share.cnode, share.vspace, 0, PRIORITY - 1 + i),
                         OK);
        ck_assert_int_eq(world_invoke(self->thread, whom->slot, METHOD_THREAD_RESUME, 0, 0, 0, 0),
                         OK);
        if (i == 0)
            world_invoke(self->thread, whom->slot, METHOD_THREAD_SUSPEND, 0, 0, 0, 0);
    }
    if (!is_configured)
        world_invoke(self->thread, whom->slot, METHOD_THREAD_RESUME, 0, 0, 0, 0);
    whom->has_step = false;
    whom->is_waiting = false; /* a suspended thread is not ready */
}

static void act(struct share_thread *self)
{
    const struct share_step *step = &self->step;
    struct share_thread *whom = &share.thread[step->whom];
    struct thread *thread = self->thread;
    uint64_t deadline = step->ticks == UINT64_MAX ? UINT64_MAX : fake.now + step->ticks;

    switch (step->act) {
    case ACT_SLEEP: world_call(thread, CALL_WAIT, self->sleeping, deadline); break;
    case ACT_SIGNAL: world_call(thread, CALL_SIGNAL, whom->notification, 0); break;
    case ACT_WAIT: world_call(thread, CALL_WAIT, self->notification, deadline); break;
    case ACT_YIELD: world_call(thread, CALL_YIELD, 0, 0); break;
    case ACT_CALL: message(self, CALL_CALL, whom->endpoint); break;
    case ACT_REPLY:
        message(self, thread->caller != NULL ? CALL_REPLY_RECV : CALL_RECV, self->endpoint);
        break;
    case ACT_RESTART: restart(self, whom, false); break;
    case ACT_CONFIGURE: restart(self, whom, true); break;
    default: break;
    }
}

/* ---- time --------------------------------------------------------------------------------- */

static struct share_thread *share_of(const struct thread *thread)
{
    for (uint32_t i = 0; i < share.count; i++) {
        if (share.thread[i].thread == thread)
            return &share.thread[i];
    }
    ck_abort_msg("a thread that is not simulated runs");
    return NULL;
}

static void waits_note(void)
{
    for (uint32_t i = 0; i < share.count; i++) {
        struct share_thread *one = &share.thread[i];
        bool is_waiting = one->thread->state == THREAD_READY && hart.current != one->thread;
        if (is_waiting && !one->is_waiting)
            one->waits_since = fake.now;
        if (one->is_waiting && fake.now - one->waits_since > one->longest_wait)
            one->longest_wait = fake.now - one->waits_since;
        one->is_waiting = is_waiting;
    }
}

/* The current thread runs until its call, or until the timer. */
static void share_turn(struct share_thread *one, uint64_t end)
{
    uint64_t until = fake.timer_deadline < end ? fake.timer_deadline : end;

    fake.now += SHARE_ENTER_TICKS;
    if (!one->has_step)
        one->step = one->next(one);
    one->has_step = true;
    uint64_t left = until > fake.now ? until - fake.now : 0;
    bool is_call = one->step.run_ticks < left;
    uint64_t ran = is_call ? one->step.run_ticks : left;
    fake.now += ran;
    one->progress_ticks += ran;
    one->step.run_ticks -= one->step.run_ticks == UINT64_MAX ? 0 : ran;
    fake.now += SHARE_TRAP_TICKS;
    if (!is_call) {
        timer_expire(&hart);
        return;
    }
    one->has_step = false;
    act(one);
}

void share_run(uint64_t ticks)
{
    uint64_t end = fake.now + ticks;

    while (fake.now < end && fake_leave(&hart) == FAKE_LEFT_USER) {
        waits_note();
        share_turn(share_of(hart.current), end);
        waits_note();
    }
}
