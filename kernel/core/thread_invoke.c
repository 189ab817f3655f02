/* SPDX-License-Identifier: BSD-2-Clause */
/* Methods of Thread. */
#include <abi/decode.h>
#include <kernel/core/notification.h>
#include <kernel/core/sched.h>
#include <kernel/core/syscall.h>

#define REGISTER_COUNT 32u

static struct thread *thread_of(const struct slot *slot)
{
    return (struct thread *)slot_object(slot);
}

static void thread_place_replace(struct hart *hart, struct thread *thread, enum thread_place place,
                                 struct slot *source)
{
    slot_delete(hart, &thread->place[place]);
    if (source != NULL)
        slot_embed(&thread->place[place], source, &thread->object);
}

enum err thread_configure_invoke(struct invocation *inv)
{
    struct thread *thread = thread_of(inv->slot);
    uint64_t priority = inv->arg[3];

    if (priority >= THREAD_PRIORITY_COUNT)
        return ERR_INVALID_ARG;
    if (priority > inv->thread->priority)
        return ERR_NO_RIGHT;
    if (thread->state != THREAD_SUSPENDED)
        return ERR_STATE;
    thread_place_replace(inv->hart, thread, THREAD_CNODE, inv->cap[0]);
    thread_place_replace(inv->hart, thread, THREAD_VSPACE, inv->cap[1]);
    thread_place_replace(inv->hart, thread, THREAD_FAULT, inv->cap[2]);
    thread->priority = (uint8_t)priority;
    sched_forfeit(thread);
    return OK;
}

enum err thread_bind_invoke(struct invocation *inv)
{
    struct thread *thread = thread_of(inv->slot);
    struct slot *place = &thread->place[THREAD_NOTIFICATION];

    if (inv->cap[0] == NULL) {
        if (thread->notification == NULL)
            return ERR_NOT_FOUND;
        slot_delete(inv->hart, place);
        return OK;
    }
    struct notification *notification = (struct notification *)slot_object(inv->cap[0]);
    if (thread->notification != NULL || notification->bound != NULL)
        return ERR_EXISTS;
    slot_embed(place, inv->cap[0], &thread->object);
    thread->notification = notification;
    notification->bound = thread;
    notification_deliver(notification);
    return OK;
}

/* Register 0 is the pc. */
static uint64_t *register_at(struct thread *thread, uint64_t index)
{
    if (index >= REGISTER_COUNT)
        return NULL;
    return index == 0 ? &thread->context.pc : &thread->context.x[index];
}

enum err thread_get_reg_invoke(struct invocation *inv)
{
    struct thread *thread = thread_of(inv->slot);
    const uint64_t *at = register_at(thread, inv->arg[0]);

    if (at == NULL)
        return ERR_INVALID_ARG;
    if (thread == inv->thread)
        return ERR_STATE;
    inv->result[0] = *at;
    return OK;
}

enum err thread_set_reg_invoke(struct invocation *inv)
{
    struct thread *thread = thread_of(inv->slot);
    uint64_t *at = register_at(thread, inv->arg[0]);

    if (at == NULL)
        return ERR_INVALID_ARG;
    if (thread->state != THREAD_SUSPENDED)
        return ERR_STATE;
    *at = inv->arg[1];
    return OK;
}

enum err thread_resume_invoke(struct invocation *inv)
{
    return thread_resume(thread_of(inv->slot));
}

enum err thread_suspend_invoke(struct invocation *inv)
{
    thread_suspend(thread_of(inv->slot));
    return OK;
}

enum err thread_info_invoke(struct invocation *inv)
{
    const struct thread *thread = thread_of(inv->slot);

    switch (thread->state) {
    case THREAD_SUSPENDED: inv->result[0] = THREAD_STATE_SUSPENDED; break;
    case THREAD_READY: inv->result[0] = THREAD_STATE_READY; break;
    case THREAD_FAULTED: inv->result[0] = THREAD_STATE_FAULTED; break;
    default: inv->result[0] = THREAD_STATE_BLOCKED; break;
    }
    inv->result[1] = sched_runtime(thread);
    return OK;
}
