/* SPDX-License-Identifier: BSD-2-Clause */
/* The root server's state; used by start.c, boot.c and loop.c. */
#ifndef ROOTSERVER_ROOT_H
#define ROOTSERVER_ROOT_H

#include <base/attr.h>
#include <rootserver/link/lines.h>
#include <rootserver/lives/lives.h>
#include <rootserver/reports.h>
#include <rootserver/work.h>

/* The end of the machine. */
struct root_end {
    bool is_said; /* the last lines are written, to the log's life number `life` */
    bool is_flush_asked;
    uint32_t life;
    unsigned says; /* how often the last lines were written */
};

struct root {
    const struct bootinfo *boot;
    struct machine_config machine;
    struct system_config system;
    struct archive_map archive_map;
    struct plan plan;
    struct random_source random;
    struct lines lines;
    struct work work;
    struct lives lives;
    struct reports reports;
    struct root_end end;
    volatile uint32_t *finisher; /* NULL until its page is mapped, and on machines without one */
};

/* The only instance. */
extern struct root root;

/* Ends the machine as a success or as a failure.  Without a finisher device the
 * root server faults, and the kernel then ends the machine as a failure. */
ATTR_NORETURN void root_end_machine(bool well);

#endif
