/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The root server's alarm.  ipc_recv() has no deadline, but the root server must
 * act at deadlines while it waits for messages.  So a second thread of the root
 * server waits for the deadline and then signals the notification that ends
 * ipc_recv().
 *
 *     main thread                        clock's thread
 *     deadline = t, signal the bell ---> wait for the bell until the deadline
 *     ipc_recv() <------ signal -------- the deadline has passed
 *
 * The clock's thread does not use the C library, because it has no TLS.
 */
#ifndef ROOTSERVER_CLOCK_H
#define ROOTSERVER_CLOCK_H

#include <stdatomic.h>
#include <stdint.h>

#include <rootserver/plan/plan.h>

#define CLOCK_NEVER UINT64_MAX

struct clock {
    _Atomic uint64_t deadline_ticks;
    uint64_t armed_ticks; /* what the main thread stored last */
    uint32_t bell, wake;  /* Notifications: the clock's, and the main thread's */
};

/* Starts the clock's thread.  Every error of thread_configure() and thread_set_reg(). */
MUST_CHECK clock_start(struct clock *clock, const struct plan *plan);

/* Makes an ipc_recv() of the main thread return at `deadline_ticks` or earlier.  CLOCK_NEVER: sets
 * no deadline.  A deadline that was set earlier and has not passed may still end an ipc_recv(). */
void clock_set(struct clock *clock, uint64_t deadline_ticks);

#endif
