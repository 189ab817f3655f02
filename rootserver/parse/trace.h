/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads the trace's options from the machine's command line (docs/tracing.md):
 *
 *   warren.trace=EVENT[,EVENT...]   exits calls signals switches entries interrupts, or all
 *   warren.trace-size=N[K|M]        size of the ring; the default is 2M
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
 * Reads a command line.  Without warren.trace= the mask is 0.
 *   ERR_INVALID_ARG  an unknown event or a bad size; the mask is 0 and *problem names the word
 */
MUST_CHECK trace_parse(const char *bootargs, struct trace_request *out, struct problem *problem);

#endif
