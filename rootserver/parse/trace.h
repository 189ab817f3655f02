/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the machine's command line asks of the trace (docs/tracing.md):
 *
 *   warren.trace=EVENT[,EVENT...]   exits calls signals switches entries interrupts, or all
 *   warren.trace-size=N[K|M]        how much is kept; 2M when it does not say
 */
#ifndef ROOTSERVER_PARSE_TRACE_H
#define ROOTSERVER_PARSE_TRACE_H

#include <stdint.h>

#include <base/err.h>
#include <rootserver/parse/problem.h>

struct trace_request {
    uint64_t mask; /* bit n: event n of the kernel's trace; 0: no trace is wanted */
    unsigned frame_bits, frame_count;
};

/*
 * Reads a command line.  Without either word the request has no mask.
 *   ERR_INVALID_ARG  an event or a size there is not; *out has no mask, *problem says which
 */
MUST_CHECK trace_parse(const char *bootargs, struct trace_request *out, struct problem *problem);

#endif
