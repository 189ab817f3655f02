/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the root server does after all processes are started: it receives reports
 * and faults, destroys processes that end, and keeps the state of each process
 * and guest.  main.c ends the machine when the last guest has ended.
 */
#ifndef ROOTSERVER_SUPERVISE_H
#define ROOTSERVER_SUPERVISE_H

#include <stdbool.h>

#include <base/attr.h>
#include <rootserver/link.h>
#include <rootserver/plan/plan.h>
#include <rt/calls.h>

#define SUPERVISE_LINE_BYTES       160
#define SUPERVISE_LINES_AT_ONCE    100 /* of one process; after these, as many a second as: */
#define SUPERVISE_LINES_PER_SECOND 1

enum life {
    LIFE_NONE,
    LIFE_RUNNING,
    LIFE_ENDED,
    LIFE_DEAD
};

/* A process's text until its line is complete, and the process's allowance of lines: a process that
 * floods its log must not push the lines of other processes off the terminal. */
struct supervise_line {
    uint64_t since_ticks; /* the allowance was last refilled for this time */
    unsigned written;     /* lines that count against the allowance */
    unsigned dropped;     /* lines dropped since the last one that was shown */
    unsigned length;
    char text[SUPERVISE_LINE_BYTES];
};

struct supervise {
    const struct plan *plan;
    const struct system_config *system;
    struct link *link;
    enum life process[PLAN_PROCESSES_MAX];
    enum life guest[GUESTS_MAX];
    struct supervise_line line[PLAN_PROCESSES_MAX];
    bool console_is_down; /* the service must be restarted; still down at the end: a failure */
};

/* Marks a guest as dead that could not be started. */
void supervise_guest_dead(struct supervise *s, unsigned guest);

/* Handles one received message.  Its badge and words are hostile. */
void supervise_message(struct supervise *s, const struct message *m);

/* Destroys the console service if the link treats it as dead; true if it did so. */
bool supervise_console_failed(struct supervise *s);

/* Prints again how each ended guest ended: a console service that died may have lost the line. */
void supervise_tell_ends(struct supervise *s);

/* How many guests run; and whether every guest powered itself off and the console service runs. */
unsigned supervise_running(const struct supervise *s);
bool supervise_ended_well(const struct supervise *s);

#endif
