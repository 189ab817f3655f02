/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The root server's alarm.  ipc_recv() has no deadline, and the root server must
 * neither wait elsewhere nor miss what is due; so a second thread of it waits for
 * the deadline and then signals the notification that ends ipc_recv().
 *
 *     main thread                        clock's thread
 *     deadline = t, signal the bell ---> wait for the bell until the deadline
 *     ipc_recv() <------ signal -------- the deadline has passed
 *
 * The clock's thread runs without the C library, which knows of one thread only.
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

/* Ends an ipc_recv() of the main thread at `deadline_ticks`, or earlier; CLOCK_NEVER: none need be
 * ended.  A deadline that was set before and has not passed may still end one. */
void clock_set(struct clock *clock, uint64_t deadline_ticks);

#endif
