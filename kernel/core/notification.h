/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A word of signal bits, its waiters, and the thread that it may be bound to.  A waiter
 * takes the whole word, and so does a receive of the bound thread.  A vcpu_run of the bound
 * thread ends too, and leaves the word as it is.
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

/* Is any bit set in the notification bound to this thread? */
static inline bool thread_is_signalled(const struct thread *thread)
{
    return thread->notification != NULL && thread->notification->word != 0;
}

/* The bits that a signal through a capability with this badge sets. */
static inline uint64_t notification_bits(uint64_t badge)
{
    return badge != 0 ? badge : 1;
}

/* OR `bits` into the word, then notification_deliver(). */
void notification_signal(struct notification *notification, uint64_t bits);

/* If the word is not 0: the first waiter takes it; without a waiter, end the wait of the bound
 * thread in a receive or in its guest's WFI. */
void notification_deliver(struct notification *notification);

/* Return the word and set it to 0. */
uint64_t notification_take(struct notification *notification);

/* Take a waiting thread out of the queue and cancel its deadline. */
void notification_leave(struct thread *thread);

/* Undo the binding of `thread`, if it has one. */
void notification_unbind(struct thread *thread);

/* Of a dead notification, to which no thread is bound: fail one waiter with ERR_CANCELLED; true: no
 * waiter is left. */
bool notification_reap_step(struct notification *notification);

#endif
