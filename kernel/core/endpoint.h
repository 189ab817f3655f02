/* SPDX-License-Identifier: BSD-2-Clause */
/* Senders and receivers of messages meet here.  The waiters are all senders (BLOCKED_SEND) or all
 * receivers (BLOCKED_RECV, BLOCKED_RECV_UNTIL). */
#ifndef KERNEL_CORE_ENDPOINT_H
#define KERNEL_CORE_ENDPOINT_H

#include <kernel/core/thread.h>

struct endpoint {
    struct object object;
    struct thread_queue waiters;
};

_Static_assert(sizeof(struct endpoint) <= UINT64_C(1) << ENDPOINT_BITS_MIN, "Endpoint's size");

struct object *endpoint_create(void *memory);

/* The first waiter if its phase is `phase`, else NULL. */
struct thread *endpoint_first(const struct endpoint *endpoint, enum thread_phase phase);
/* The first waiter if it is a receiver, with a deadline or without, else NULL. */
struct thread *endpoint_receiver(const struct endpoint *endpoint);

/* Block a thread, and put it at the end of the endpoint's queue. */
void endpoint_wait(struct endpoint *endpoint, struct thread *thread, enum thread_phase phase);
/* Only put the thread into the queue: sched_switch() blocks it afterwards. */
void endpoint_queue(struct endpoint *endpoint, struct thread *thread);
/* Take a thread that has no deadline out of the queue. */
void endpoint_unqueue(struct thread *thread);
/* Take a thread out of the queue and cancel its deadline. */
void endpoint_leave(struct thread *thread);

/* Of a dead endpoint: fail one waiter with ERR_CANCELLED; true: no waiter is left. */
bool endpoint_reap_step(struct endpoint *endpoint);

#endif
