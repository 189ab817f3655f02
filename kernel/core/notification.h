/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A word of signal bits, its waiters, and the thread it may be bound to.  Whoever
 * waits takes the whole word; the bound thread's receive takes it too, while its
 * vcpu_run only ends and leaves the word alone.
 */
#ifndef KERNEL_CORE_NOTIFICATION_H
#define KERNEL_CORE_NOTIFICATION_H

#include <kernel/core/thread.h>

struct notification {
    struct object object;
    uint64_t word;
    struct thread_queue waiters; /* BLOCKED_WAIT */
    struct thread *bound;
};

_Static_assert(sizeof(struct notification) <= UINT64_C(1) << NOTIFICATION_BITS_MIN,
               "Notification's size");

/* Has the notification bound to the thread bits? */
static inline bool thread_is_signalled(const struct thread *thread)
{
    return thread->notification != NULL && thread->notification->word != 0;
}

/* What a signal through a capability with this badge sets. */
static inline uint64_t notification_bits(uint64_t badge)
{
    return badge != 0 ? badge : 1;
}

/* OR `bits` into the word, then deliver. */
void notification_signal(struct notification *notification, uint64_t bits);

/* If the word is not 0, let one waiter have it, else end what the bound thread waits in. */
void notification_deliver(struct notification *notification);

/* The word, which is 0 afterwards. */
uint64_t notification_take(struct notification *notification);

/* Take a waiting thread out of the queue and cancel its deadline. */
void notification_leave(struct thread *thread);

/* Undo the binding of `thread`, if it has one. */
void notification_unbind(struct thread *thread);

/* The last capability is gone, that of a bound thread included.  Fail one waiter with
 * ERR_CANCELLED; true when none is left. */
bool notification_reap_step(struct notification *notification);

#endif
