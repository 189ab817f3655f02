/* SPDX-License-Identifier: BSD-2-Clause */
/* Starts the kernel's trace: its memory, its mask, and the index page, which gives each traced
 * object's name (proto/trace.h). */
#ifndef ROOTSERVER_EXEC_TRACE_H
#define ROOTSERVER_EXEC_TRACE_H

#include <proto/trace.h>
#include <rootserver/plan/plan.h>

/*
 * Starts the planned trace, and names the root server's threads.  `index` is at LAYOUT_ROOT_TRACE,
 * where the plan mapped the index page; *index_address is the page's physical address.
 * Every error of frame_info(), trace_attach() and trace_set_mask(); tracing is then off.
 */
MUST_CHECK trace_start(const struct plan *plan, const struct plan_input *in,
                       struct trace_index *index, uint64_t *index_address);

/* Names the first thread and the vCPU of a started process.  When the index is full, they get no
 * name. */
void trace_name_process(struct trace_index *index, const struct plan *plan, unsigned process,
                        const struct system_config *system);

#endif
