/* SPDX-License-Identifier: BSD-2-Clause */
#include <kernel/core/sched.h>

#include <abi/decode.h>
#include <kernel/core/endpoint.h>
#include <kernel/core/irq.h>
#include <kernel/core/notification.h>
#include <kernel/core/syscall.h>
#include <kernel/core/thread_queue.h>
#include <kernel/core/vcpu.h>

/* ---- the ready queue ---------------------------------------------------------- */

/* Inserts behind `before`, which is in the same list; NULL: at the front. */
static inline void ready_insert(struct hart *hart, struct thread *before, struct thread *thread)
{
    struct ready_queue *ready = &hart->ready;
    uint32_t priority = thread->priority;

    thread_queue_insert(&ready->list[priority], before, thread);
    ready->present |= UINT64_C(1) << priority;
}

/* Inserts at the end: the thread waits for a new slice. */
static void ready_push_last(struct hart *hart, struct thread *thread)
{
    struct ready_queue *ready = &hart->ready;
    uint32_t priority = thread->priority;

    thread->slice_left_ticks = 0;
    thread->ticket = ++ready->ticket;
    thread_queue_push_last(&ready->list[priority], thread);
    ready->present |= UINT64_C(1) << priority;
}

static void ready_remove(struct thread *thread)
{
    struct ready_queue *ready = &thread->hart->ready;

    thread_queue_remove(&ready->list[thread->priority], thread);
    if (ready->list[thread->priority].first == NULL)
        ready->present &= ~(UINT64_C(1) << thread->priority);
}

static ATTR_NOINLINE void timer_arm_hart(struct hart *hart, uint64_t deadline_ticks)
{
    hal_timer_arm(deadline_ticks);
    hart->armed_ticks = deadline_ticks;
}

/* ---- starting and stopping ---------------------------------------------------- */

/* The time at which the next thread starts: when the last one stopped, so that the kernel's work in
 * between is charged to a thread, unless the hart was idle or the thread still runs. */
static inline uint64_t run_start_ticks(const struct hart *hart)
{
    bool has_stopped = hart->current == NULL && hart->stopped_ticks != 0;

    return has_stopped ? hart->stopped_ticks : hal_time();
}

static void run_start(struct hart *hart, struct thread *thread, uint64_t now)
{
    thread->run_since_ticks = now;
    hart->current = thread;
    hart->woken = NULL;
    if (trace_is_on(&hart->trace))
        trace_record(hart, thread, TRACE_SWITCH, trace_id(thread->vcpu), 0);
}

static void run_stop(struct hart *hart, uint64_t now)
{
    hart->current->runtime_ticks += now - hart->current->run_since_ticks;
    hart->current = NULL;
}

uint64_t sched_runtime(const struct thread *thread)
{
    bool is_running = thread->hart->current == thread;

    return thread->runtime_ticks + (is_running ? hal_time() - thread->run_since_ticks : 0);
}

/* ---- slices -------------------------------------------------------------------- */

/* What is left of the current thread's slice; negative: the slice is over. */
static int64_t slice_rest(const struct hart *hart, uint64_t now)
{
    return (int64_t)(hart->slice_end_ticks - now);
}

static bool slice_is_used_up(const struct hart *hart, int64_t rest)
{
    return rest < (int64_t)hart->slice.least_ticks;
}

/* A new slice of `thread`, which has waited behind all its equals, begins. */
static void slice_begin(struct hart *hart, struct thread *thread, uint64_t now)
{
    hart->served[thread->priority] = thread->ticket;
    hart->slice_end_ticks = now + hart->slice.whole_ticks;
}

/* The current thread is the only ready one of its priority: no queue and no timer ended its slice.
 * If the slice is over, begin a new one; true: it was over. */
static bool slice_begin_alone(struct hart *hart)
{
    uint64_t now = hal_time();

    if (now < hart->slice_end_ticks)
        return false;
    hart->current->ticket = ++hart->ready.ticket;
    slice_begin(hart, hart->current, now);
    return true;
}

/* `thread` wakes; `is_shared`: the current thread has the same priority. Since `thread` blocked,
 * has every equal that was ready then used up a slice or blocked? */
static bool slice_is_due(struct hart *hart, const struct thread *thread, bool is_shared)
{
    if (thread->ticket < hart->served[thread->priority])
        return true;
    return is_shared && hart->ready.list[thread->priority].first == NULL &&
           slice_begin_alone(hart);
}

/* `thread` wakes while an equal is ready; `is_shared`: the current thread is such an equal. This is
 * a function of its own, so that sched_ready() saves no register. */
static ATTR_NOINLINE void ready_wake(struct hart *hart, struct thread *thread, bool is_shared)
{
    if (slice_is_due(hart, thread, is_shared))
        thread->slice_left_ticks = hart->slice.whole_ticks;
    if (thread->slice_left_ticks == 0) {
        ready_push_last(hart, thread);
        if (is_shared && hart->slice_end_ticks < hart->armed_ticks)
            timer_arm_hart(hart, hart->slice_end_ticks); /* a long call must not run on after it */
        return;
    }
    ready_insert(hart, is_shared ? hart->woken : NULL, thread);
    if (is_shared)
        hart->woken = thread;
}

void sched_ready(struct thread *thread)
{
    struct hart *hart = thread->hart;
    const struct thread *current = hart->current;
    bool is_shared = current != NULL && current->priority == thread->priority;

    thread->state = THREAD_READY;
    if (!is_shared && hart->ready.list[thread->priority].first == NULL)
        ready_push_last(hart, thread);
    else
        ready_wake(hart, thread, is_shared);
}

void sched_block(struct thread *thread, enum thread_phase phase)
{
    struct hart *hart = thread->hart;

    if (hart->current == thread) {
        uint64_t now = hal_time();
        int64_t rest = slice_rest(hart, now);
        run_stop(hart, now);
        hart->stopped_ticks = now;
        thread->slice_left_ticks = slice_is_used_up(hart, rest) ? 0 : (uint64_t)rest;
        thread->ticket = hart->ready.ticket;
    } else if (thread->state == THREAD_READY) {
        if (hart->woken == thread)
            hart->woken = thread->queue_prev;
        ready_remove(thread);
        thread->ticket = hart->ready.ticket;
    }
    thread->state = (uint8_t)phase;
}

/* `from` is blocked, and `to` goes on with the slice of `from`.  In exchange, `from` takes the rest
 * of `to`. */
static inline void slice_swap(struct thread *from, const struct thread *to)
{
    from->slice_left_ticks = to->slice_left_ticks;
    from->ticket = to->ticket;
}

void sched_handoff(struct hart *hart, struct thread *from, struct thread *to)
{
    bool is_outranked = hart->ready.present >> to->priority > 1; /* a shift: see sched_pick() */
    if (hart->current != NULL || to->hart != hart || is_outranked) {
        sched_ready(to);
        return;
    }
    slice_swap(from, to);
    to->state = THREAD_READY;
    run_start(hart, to, hart->stopped_ticks);
}

/* ---- deadlines ---------------------------------------------------------------- */

static struct thread *thread_of_timer(struct timer *timer)
{
    return (struct thread *)((char *)timer - offsetof(struct thread, timer));
}

/* Has a deadline of any priority passed? */
static inline bool deadline_has_passed(const struct hart *hart, uint64_t now)
{
    return timer_earliest(&hart->timers) <= now;
}

/* Cancel the timer of one thread of priority `floor` or above whose deadline has passed.  NULL:
 * there is no such thread. */
static struct thread *deadline_take(struct hart *hart, uint64_t now, uint32_t floor)
{
    struct timer *timer = timer_due(&hart->timers, now, floor);

    if (timer == NULL)
        return NULL;
    timer_cancel(&hart->timers, timer);
    return thread_of_timer(timer);
}

/* Make ready a thread whose deadline has passed and was taken.  Not inlined: the callers then save
 * fewer registers. */
static ATTR_NOINLINE void deadline_end(struct thread *thread)
{
    if (thread->state == THREAD_BLOCKED_WFI) {
        sched_ready(thread);
        return;
    }
    if (thread->state == THREAD_BLOCKED_WAIT)
        notification_leave(thread);
    else
        endpoint_leave(thread);
    thread_answer(thread, ERR_TIMEOUT);
}

/* Let one sleeper of priority `floor` or above whose deadline has passed join the ready queue. */
static void deadline_serve(struct hart *hart, uint64_t now, uint32_t floor)
{
    struct thread *thread = deadline_take(hart, now, floor);

    if (thread != NULL)
        deadline_end(thread);
}

/* An idle hart has no queue to wait in: the thread runs at once. */
static void run_start_alone(struct hart *hart, struct thread *thread, uint64_t now)
{
    thread->state = THREAD_READY;
    thread->ticket = ++hart->ready.ticket;
    slice_begin(hart, thread, now);
    run_start(hart, thread, now);
}

void timer_expire(struct hart *hart)
{
    const struct thread *current = hart->current;
    uint64_t now = hal_time();
    uint32_t floor = current != NULL ? current->priority : 0;

    hart->armed_ticks = 0; /* the timer has fired: it must be armed again */
    for (uint32_t i = 0; i < TIMER_EXPIRE_MAX; i++) {
        struct thread *thread = deadline_take(hart, now, floor);
        if (thread == NULL)
            return;
        if (thread->state == THREAD_BLOCKED_WFI && hart->current == NULL &&
            hart->ready.present == 0)
            run_start_alone(hart, thread, now);
        else
            deadline_end(thread);
    }
}

/* ---- choosing ----------------------------------------------------------------- */

/* Preempt the current thread.  It goes to the front, behind the equals that woke, or to the end if
 * its slice is used up.  The first equal that woke pays for the interruption. */
static void run_preempt(struct hart *hart, uint64_t now)
{
    struct thread *thread = hart->current;
    int64_t rest = slice_rest(hart, now);

    run_stop(hart, now);
    if (slice_is_used_up(hart, rest)) {
        ready_push_last(hart, thread);
        return;
    }
    thread->slice_left_ticks = (uint64_t)rest;
    if (hart->woken != NULL) {
        hart->ready.list[thread->priority].first->slice_left_ticks -= hart->slice.preempt_ticks;
        thread->slice_left_ticks =
            timer_earlier((uint64_t)rest + hart->slice.preempt_ticks, hart->slice.whole_ticks);
    }
    ready_insert(hart, hart->woken, thread);
}

void sched_pass_turn(struct hart *hart)
{
    struct thread *thread = hart->current;
    uint64_t now = hal_time();

    run_stop(hart, now);
    hart->stopped_ticks = now;
    if (deadline_has_passed(hart, now))
        deadline_serve(hart, now, thread->priority);
    ready_push_last(hart, thread);
}

/* Take out the first ready thread of `priority`, which has one. */
static inline struct thread *ready_pop(struct hart *hart, uint32_t priority)
{
    struct thread_queue *list = &hart->ready.list[priority];
    struct thread *thread = thread_queue_pop(list);

    if (list->first == NULL)
        hart->ready.present &= ~(UINT64_C(1) << priority);
    return thread;
}

/* The highest priority with a ready thread; there must be one.  Written out, because the compiler
 * would call a function: harts without Zbb have no instruction that counts leading zeros. */
static inline uint32_t ready_top(const struct hart *hart)
{
    uint64_t present = hart->ready.present;
    uint32_t top = present >> 32 != 0 ? 32 : 0;

    top += present >> (top + 16) != 0 ? 16 : 0;
    top += present >> (top + 8) != 0 ? 8 : 0;
    top += present >> (top + 4) != 0 ? 4 : 0;
    top += present >> (top + 2) != 0 ? 2 : 0;
    top += present >> (top + 1) != 0 ? 1 : 0;
    return top;
}

struct thread *sched_pick(struct hart *hart)
{
    struct thread *current = hart->current;

    /* If no ready thread has at least this priority, keep running; if only equal ones have, a
     * wake-up or the time slice decides.  Both tests are shifts: count-leading-zeros is slow
     * without Zbb. */
    uint64_t as_urgent = current != NULL ? hart->ready.present >> current->priority : 0;
    if (current != NULL && as_urgent == 0)
        return current;
    if (as_urgent == 1 && hart->woken == NULL && hal_time() < hart->slice_end_ticks)
        return current;
    if (hart->ready.present == 0)
        return NULL;

    uint64_t now = run_start_ticks(hart);
    if (current != NULL)
        run_preempt(hart, now);
    /* A sleeper of this priority must enter the queue even if no slice ends. */
    if (deadline_has_passed(hart, now))
        deadline_serve(hart, now, ready_top(hart));
    struct thread *next = ready_pop(hart, ready_top(hart));
    if (next->slice_left_ticks == 0)
        slice_begin(hart, next, now);
    else
        hart->slice_end_ticks = now + next->slice_left_ticks;
    run_start(hart, next, now);
    return next;
}

/* ---- arming the timer --------------------------------------------------------------- */

/* Not inlined, so that timer_rearm() saves no register. */
static ATTR_NOINLINE void timer_rearm_if_new(struct hart *hart, uint64_t deadline_ticks)
{
    uint64_t deadline = deadline_ticks != 0 ? deadline_ticks : 1; /* armed_ticks: 0 is unknown */

    if (deadline != hart->armed_ticks)
        timer_arm_hart(hart, deadline);
}

/* `other`: the earliest deadline of the slice and of the guest. */
static ATTR_NOINLINE void timer_rearm_for_sleepers(struct hart *hart, uint64_t other)
{
    uint64_t sleeper = timer_earliest_from(&hart->timers, hart->current->priority);

    timer_rearm_if_new(hart, timer_earlier(other, sleeper));
}

/* Arm the timer for the earliest of: the deadline of a sleeper that could preempt the current
 * thread, the end of the slice if an equal is ready, the deadline or software timer of the guest
 * about to run.  The slow cases are tail calls, so that this function saves no register. */
static void timer_rearm(struct hart *hart)
{
    const struct thread *thread = hart->current;
    uint64_t deadline = TIMER_NEVER;

    if (hart->ready.list[thread->priority].first != NULL)
        deadline = hart->slice_end_ticks;
    if (thread->is_in_guest)
        deadline = timer_earlier(deadline, vcpu_timer_ticks(thread->vcpu));
    if (timer_earliest(&hart->timers) != TIMER_NEVER) {
        if (!timer_earliest_is_from(&hart->timers, thread->priority)) {
            timer_rearm_for_sleepers(hart, deadline);
            return;
        }
        deadline = timer_earlier(deadline, timer_earliest(&hart->timers));
    }
    if (deadline != hart->armed_ticks || deadline == 0)
        timer_rearm_if_new(hart, deadline);
}

/* ---- leaving the kernel --------------------------------------------------------- */

/* Serve pending interrupts without taking a trap. */
static void interrupts_serve(struct hart *hart)
{
    timer_expire(hart);
    if (hal_irq_is_pending())
        irq_handle(hart);
}

static void sched_idle(struct hart *hart)
{
    timer_rearm_if_new(hart, timer_earliest(&hart->timers));
    if (trace_is_on(&hart->trace))
        trace_record(hart, NULL, TRACE_SWITCH, 0, 0);
    hart->stopped_ticks = 0;
    hal_idle();
    interrupts_serve(hart);
}

static struct space *vspace_of(const struct thread *thread)
{
    return (struct space *)slot_known_object(&thread->place[THREAD_VSPACE]);
}

static void vspace_prepare(struct hart *hart, const struct thread *thread)
{
    struct space *vspace = vspace_of(thread);

    if (hart->vspace != vspace)
        space_load(hart, vspace);
}

/* No ready thread may run before `next`.  A ready thread of `next`'s priority is allowed if the
 * current thread has this priority too: then the timer is armed for the end of the slice already.
 * If `next` has a lower priority than the current thread, sleepers could preempt it for which the
 * timer is not armed yet: then no deadline may lie before armed_ticks. */
bool sched_may_switch(const struct hart *hart, const struct thread *next)
{
    uint64_t as_urgent = hart->ready.present >> next->priority;
    bool is_equal = next->priority == hart->current->priority;

    return next->hart == hart && as_urgent <= (is_equal ? 1 : 0) &&
           (next->priority >= hart->current->priority ||
            timer_earliest(&hart->timers) >= hart->armed_ticks);
}

void sched_switch(struct hart *hart, enum thread_phase phase, struct thread *next)
{
    struct thread *thread = hart->current;
    uint64_t now = hal_time();

    run_stop(hart, now);
    thread->state = (uint8_t)phase;
    slice_swap(thread, next);
    next->state = THREAD_READY;
    next->run_since_ticks = now;
    hart->current = next;
    hart->resumable = NULL;
    if (hart->fp_owner == &thread->fp || hart->fp_owner == &next->fp)
        hal_fp_set_user_access(hart->fp_owner == &next->fp);
    vspace_prepare(hart, next);
}

ATTR_NORETURN static void sched_enter_user(struct hart *hart, struct thread *thread)
{
    vspace_prepare(hart, thread);
    hal_fp_set_user_access(hart->fp_owner == &thread->fp);
    timer_rearm(hart);
    if (trace_is_on(&hart->trace))
        trace_record(hart, thread, TRACE_ENTER, 0, 0);
    hal_enter_user(&thread->context);
}

void sched_leave(struct hart *hart)
{
    hart->resumable = NULL; /* the kernel may have changed anything */
    for (;;) {
        struct thread *thread = sched_pick(hart);
        if (thread == NULL) {
            sched_idle(hart);
        } else if (!dead_ring_is_empty(&thread->dead)) {
            timer_rearm(hart);
            dead_ring_take_apart(hart);
            if (hal_interrupt_pending())
                interrupts_serve(hart);
        } else if (!thread->is_in_guest) {
            sched_enter_user(hart, thread);
        } else if (vcpu_prepare(hart, thread->vcpu)) {
            timer_rearm(hart);
            if (trace_is_on(&hart->trace))
                trace_record(hart, thread->vcpu, TRACE_ENTER | 1 << 8, 0, 0);
            else if (hart->vspace == vspace_of(thread)) /* else another VSpace is loaded */
                hart->resumable = thread->vcpu;
            vcpu_enter(thread->vcpu);
        } else if (hal_interrupt_pending()) {
            interrupts_serve(hart); /* many guests may go to sleep one after the other */
        }
    }
}

enum err thread_yield_invoke(struct invocation *inv)
{
    sched_pass_turn(inv->hart);
    return OK;
}
