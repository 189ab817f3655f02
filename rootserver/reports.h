/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What processes send to the root server: reports and faults (proto/report.h).  A report becomes a
 * line of text, and the end of a process becomes lives_end().
 */
#ifndef ROOTSERVER_REPORTS_H
#define ROOTSERVER_REPORTS_H

#include <stdint.h>

#include <rootserver/lives/lives.h>
#include <rt/calls.h>

#define REPORTS_LINE_BYTES       160
#define REPORTS_LINES_AT_ONCE    100 /* of one process; after these, as many a second as: */
#define REPORTS_LINES_PER_SECOND 1

/* A process's text until its line is complete, and the process's allowance of lines: a process that
 * floods its log must not push the lines of other processes off the terminal. */
struct report_line {
    uint64_t since_ticks; /* the allowance was last refilled for this time */
    unsigned written;     /* lines that count against the allowance */
    unsigned dropped;     /* lines dropped since the last one that was shown */
    unsigned length;
    uint32_t life; /* restart count of the life that wrote the text */
    char text[REPORTS_LINE_BYTES];
};

struct reports {
    struct lives *lives;
    struct lines *lines;
    uint32_t (*thread)(unsigned process, unsigned n); /* root slot of thread n; 0: no such thread */
    struct report_line line[PLAN_PROCESSES_ALL];
};

/* Handles one received message.  Its badge and words are hostile. */
void reports_message(struct reports *reports, const struct message *m);

#endif
