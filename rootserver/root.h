/* SPDX-License-Identifier: BSD-2-Clause */
/* The root server's state; used by start.c and main.c. */
#ifndef ROOTSERVER_ROOT_H
#define ROOTSERVER_ROOT_H

#include <base/attr.h>
#include <rootserver/clock.h>
#include <rootserver/exec/exec.h>
#include <rootserver/exec/trace.h>
#include <rootserver/link.h>
#include <rootserver/supervise.h>

struct root {
    const struct bootinfo *boot;
    struct machine_config machine;
    struct system_config system;
    struct archive_map archive_map;
    struct plan plan;
    struct link link;
    struct clock clock;
    struct random_source random;
    struct record_common common;
    struct supervise supervise;
    unsigned console_restarts;
    bool console_is_retired;     /* the service is not restarted any more */
    struct trace_index *trace;   /* NULL: tracing is off */
    volatile uint32_t *finisher; /* NULL until its page is mapped, and on machines without one */
};

/* The only instance. */
extern struct root root;

/* Ends the machine as a success or as a failure.  Without a finisher device the root server faults,
 * and the kernel then ends the machine as a failure. */
ATTR_NORETURN void root_end_machine(bool well);

#endif
