/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the root server does once all is started: it hears reports and faults,
 * buries whoever ends, and ends the machine when the last guest has ended.
 */
#ifndef ROOTSERVER_SUPERVISE_H
#define ROOTSERVER_SUPERVISE_H

#include <stdbool.h>

#include <base/attr.h>
#include <rootserver/link.h>
#include <rootserver/plan/plan.h>
#include <rt/calls.h>

#define SUPERVISE_LINE_BYTES       160
#define SUPERVISE_LINES_AT_ONCE    100 /* of one process; then so many a second: */
#define SUPERVISE_LINES_PER_SECOND 1

enum life {
    LIFE_NONE,
    LIFE_RUNNING,
    LIFE_ENDED,
    LIFE_DEAD
};

/* A process's text until its line is whole, and how many more lines it may write now: one that
 * floods its log must not push everybody else's off the terminal. */
struct supervise_line {
    uint64_t since_ticks; /* the allowance was counted up to here */
    unsigned written;     /* lines that count against it */
    unsigned dropped;     /* since the last that was shown */
    unsigned length;
    char text[SUPERVISE_LINE_BYTES];
};

struct supervise {
    const struct plan *plan;
    const struct system_config *system;
    struct link *link;
    enum life process[PLAN_PROCESSES_MOST];
    enum life guest[SYSTEM_GUESTS_MOST];
    struct supervise_line line[PLAN_PROCESSES_MOST];
    bool console_is_down; /* to be started anew; if it cannot be, the machine does not end well */
};

/* Marks a guest that never started, or a process that did not. */
void supervise_guest_dead(struct supervise *s, unsigned guest);

/* Deals with one message.  The root server has received it; badge and words are hostile. */
void supervise_message(struct supervise *s, const struct message *m);

/* Puts an end to the console service when the link found it dead; true if so. */
bool supervise_console_failed(struct supervise *s);

/* Says again how each guest ended that did: a console service that died may have swallowed it. */
void supervise_tell_ends(struct supervise *s);

/* How many guests run, and whether all that ended did so of their own will. */
unsigned supervise_running(const struct supervise *s);
bool supervise_ended_well(const struct supervise *s);

#endif
