/* SPDX-License-Identifier: BSD-2-Clause */
/* What the root server knows; seen by start.c and main.c. */
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
    bool console_is_retired;     /* it is not started again */
    struct trace_index *trace;   /* NULL: nothing is traced */
    volatile uint32_t *finisher; /* NULL until its page is mapped, or when there is none */
};

/* The process's one object of that kind. */
extern struct root root;

/* Ends the machine, as a success or as a failure; without a device for it, by a fault, which the
 * kernel answers by ending the machine as a failure. */
ATTR_NORETURN void root_end_machine(bool well);

#endif
