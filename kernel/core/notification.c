/* SPDX-License-Identifier: BSD-2-Clause */
#include <kernel/core/notification.h>

#include <abi/decode.h>
#include <kernel/core/endpoint.h>
#include <kernel/core/ipc.h>
#include <kernel/core/sched.h>
#include <kernel/core/syscall.h>
#include <kernel/core/thread_queue.h>

uint64_t notification_take(struct notification *notification)
{
    uint64_t bits = notification->word;

    notification->word = 0;
    return bits;
}

void notification_leave(struct thread *thread)
{
    struct notification *notification = (struct notification *)thread->blocked_on;

    thread_queue_remove(&notification->waiters, thread);
    thread->blocked_on = NULL;
    thread_timer_cancel(thread);
}

static void bound_wake(struct notification *notification)
{
    struct thread *thread = notification->bound;

    if (thread_is_receiving(thread)) {
        endpoint_leave(thread);
        ipc_notified(thread, notification_take(notification));
        sched_ready(thread);
    } else if (thread->state == THREAD_BLOCKED_WFI) {
        thread_timer_cancel(thread);
        sched_ready(thread);
    }
}

void notification_deliver(struct notification *notification)
{
    struct thread *waiter = notification->waiters.first;

    if (notification->word == 0)
        return;
    if (waiter != NULL) {
        notification_leave(waiter);
        waiter->context.x[REG_A1] = notification_take(notification);
        thread_answer(waiter, OK);
    } else if (notification->bound != NULL) {
        bound_wake(notification);
    }
}

void notification_signal(struct notification *notification, uint64_t bits)
{
    notification->word |= bits;
    notification_deliver(notification);
}

void notification_unbind(struct thread *thread)
{
    if (thread->notification == NULL)
        return;
    thread->notification->bound = NULL;
    thread->notification = NULL;
}

bool notification_reap_step(struct notification *notification)
{
    struct thread *thread = notification->waiters.first;

    if (thread == NULL)
        return true;
    notification_leave(thread);
    thread_answer(thread, ERR_CANCELLED);
    return false;
}

/* ---- calls ---------------------------------------------------------------------- */

static struct notification *notification_of(const struct slot *slot)
{
    return (struct notification *)slot_known_object(slot);
}

enum err notification_signal_invoke(struct invocation *inv)
{
    struct notification *notification = notification_of(inv->slot);
    uint64_t bits = notification_bits(inv->slot->word[0]);

    if (trace_is_on(&inv->hart->trace))
        trace_signal(inv->hart, notification, bits, 0);
    notification_signal(notification, bits);
    return OK;
}

enum err notification_wait_invoke(struct invocation *inv)
{
    struct notification *notification = notification_of(inv->slot);
    struct thread *thread = inv->thread;
    uint64_t deadline_ticks = inv->arg[0];

    if (notification->word != 0) {
        inv->result[0] = notification_take(notification);
        return OK;
    }
    if (deadline_ticks <= hal_time())
        return ERR_TIMEOUT;
    inv->is_answered = true;
    sched_block(thread, THREAD_BLOCKED_WAIT);
    thread->blocked_on = &notification->object;
    thread_queue_push_last(&notification->waiters, thread);
    if (deadline_ticks != TIMER_NEVER)
        thread_timer_arm(thread, deadline_ticks);
    return OK;
}

enum err notification_poll_invoke(struct invocation *inv)
{
    inv->result[0] = notification_take(notification_of(inv->slot));
    return OK;
}
