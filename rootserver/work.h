/* SPDX-License-Identifier: BSD-2-Clause */
/* What the work of the lives (lives/work.h) is done with. */
#ifndef ROOTSERVER_WORK_H
#define ROOTSERVER_WORK_H

#include <rootserver/exec/exec.h>
#include <rootserver/exec/trace.h>
#include <rootserver/lives/work.h>

struct work {
    struct exec exec;
    struct trace_index *trace; /* NULL: tracing is off */
};

#endif
