/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's trace: its memory, its mask, and the page that says whose number is whose
 * (proto/trace.h). */
#ifndef ROOTSERVER_EXEC_TRACE_H
#define ROOTSERVER_EXEC_TRACE_H

#include <proto/trace.h>
#include <rootserver/plan/plan.h>

/*
 * Starts the trace that was planned, and names the root server's own thread; the index is at
 * LAYOUT_ROOT_TRACE, where the plan mapped it.  *index_address is where it is physically.
 * Every error of frame_info(), trace_attach() and trace_set_mask(); nothing is traced then.
 */
MUST_CHECK trace_start(const struct plan *plan, const struct plan_input *in,
                       struct trace_index *index, uint64_t *index_address);

/* Names the threads and vCPUs of a process that was started.  What finds no room has no name. */
void trace_name_process(struct trace_index *index, const struct plan_process *process,
                        const struct system_config *system);

#endif
