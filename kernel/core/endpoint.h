/* SPDX-License-Identifier: BSD-2-Clause */
/* Where messages meet.  Its waiters are all senders (BLOCKED_SEND) or all receivers. */
#ifndef KERNEL_CORE_ENDPOINT_H
#define KERNEL_CORE_ENDPOINT_H

#include <kernel/core/thread.h>

struct endpoint {
    struct object object;
    struct thread_queue waiters;
};

_Static_assert(sizeof(struct endpoint) <= UINT64_C(1) << ENDPOINT_BITS_MIN, "Endpoint's size");

struct object *endpoint_create(void *memory);

/* The first of the waiters if it is in `phase` (BLOCKED_SEND or BLOCKED_RECV), else NULL. */
struct thread *endpoint_first(const struct endpoint *endpoint, enum thread_phase phase);

/* Block a thread at the end of the endpoint's queue; it leaves by endpoint_leave().  The second is
 * for a thread that sched_switch() blocks. */
void endpoint_wait(struct endpoint *endpoint, struct thread *thread, enum thread_phase phase);
void endpoint_queue(struct endpoint *endpoint, struct thread *thread);
void endpoint_leave(struct thread *thread);

/* The last capability is gone.  Fail one waiter with ERR_CANCELLED; true when none is left. */
bool endpoint_reap_step(struct endpoint *endpoint);

#endif
