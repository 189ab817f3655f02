/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The work that lives.c and its neighbours ask for: parts of the plan, threads, devices.  The root
 * server does the work on the kernel (rootserver/work.c); a test does it on a model.
 *
 * Parts and processes have the numbers of plan/parts.h.  Work in steps returns ERR_AGAIN: the
 * caller calls again, with the same arguments, after it has looked at messages.
 */
#ifndef ROOTSERVER_LIVES_WORK_H
#define ROOTSERVER_LIVES_WORK_H

#include <stdint.h>

#include <base/err.h>
#include <proto/control.h>
#include <rootserver/link/link.h>
#include <rootserver/parse/problem.h>

struct work; /* of whoever does the work */

/* Plans the part unless it is planned, and makes it.
 *   ERR_AGAIN  not complete yet
 *   others     *problem says why; work_clear() or work_undo() next */
MUST_CHECK work_make(struct work *work, unsigned part, struct problem *problem);
/* Unmakes the part's objects; its plan stays.  OK also for a part that is not planned. */
MUST_CHECK work_clear(struct work *work, unsigned part);
/* Unmakes the part and takes it out of the plan.  OK also for a part that is not planned. */
MUST_CHECK work_undo(struct work *work, unsigned part);

/* The control region of a process whose INSTANCE or GUEST part is made. */
void work_control(struct work *work, unsigned process, struct link_place *out);
/* Fills in the table's entry of a connection whose service's side is made. */
void work_entry(struct work *work, unsigned connection, struct control_connection *out);

/* Writes the start record, lets the process's interrupts come, and starts its first thread. */
MUST_CHECK work_resume(struct work *work, unsigned process, uint32_t restart_count);
/* Stops all threads of the process. */
MUST_CHECK work_stop(struct work *work, unsigned process);
/* The service is not started again: calls that wait for it end, and so does each later one. */
MUST_CHECK work_calls_cancel(struct work *work, unsigned process);

/* Begins to reset the devices of a stopped process; work_reset_poll() returns ERR_AGAIN until all
 * of them have confirmed.  A process without devices is reset at once. */
void work_reset_begin(struct work *work, unsigned process);
MUST_CHECK work_reset_poll(struct work *work, unsigned process);
/* No device writes to this connection's memory any more: after LEFT or a confirmed reset. */
void work_unpin(struct work *work, unsigned connection);

#endif
