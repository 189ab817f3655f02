/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The root server's text: its own lines and those that it writes for processes.  The lines go to
 * the instance that shows them (proto/control.h, Lines), and to the kernel's log while no such
 * instance runs.
 *
 * No line of text is lost.  Lines on behalf of processes leave LINES_OWN_RECORDS free
 * (lines_take_log()), so that the root server's own lines fit into the ring.  An own line that does
 * not fit goes to the kernel's log.
 *
 * Nothing here waits.  When the instance breaks a ring, or does not take records or answer a flush
 * in time, the lines go to the kernel's log from then on, `fault` gives the reason, and the caller
 * must end the instance.
 */
#ifndef ROOTSERVER_LINK_LINES_H
#define ROOTSERVER_LINK_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <base/err.h>
#include <proto/control.h>
#include <ring/ring.h>
#include <rootserver/link/link.h>

#define LINES_PREFIX      "warren: " /* of each line */
#define LINES_ONE_RECORDS 8
#define LINES_ONE_BYTES   (LINES_ONE_RECORDS * CONTROL_LINE_TEXT_BYTES) /* longer: two lines */
#define LINES_OWN_RECORDS 384 /* a VMM's fault takes at most 24 records */
#define LINES_FLUSH_LOOKS 100 /* with progress between them */

struct lines {
    bool is_up;
    const char *fault;
    uint32_t bell;
    uint64_t period_ticks; /* the instance takes records within this time */
    const struct control_up *up_part;
    struct ring_producer down;
    struct ring_consumer up;
    struct control_line kept[CONTROL_DOWN_LINE_MAX]; /* private copy of the ring */
    uint32_t sent, taken;                            /* records; they wrap */
    uint32_t watched; /* the instance must take the records up to here in time */
    struct policy_patience take, flush;
    unsigned flush_looks;
    uint32_t flush_progress;
    uint32_t flush_id, flushed_id;
    uint8_t about;
    bool is_log;
    size_t line_bytes;
    char line[LINES_ONE_BYTES]; /* the current line, until its newline comes */
};

/*
 * Brings the lines up at the link's region: from now on, text goes to the instance.  Call after
 * link_up() and before the instance runs.  Every error of ring_producer_attach().
 */
MUST_CHECK lines_up(struct lines *lines, const struct link *link);

/* At the end of the instance: text goes to the kernel's log again, first the lines of which
 * the instance has not read every record. */
void lines_down(struct lines *lines);

void lines_look(struct lines *lines, uint64_t now);
uint64_t lines_deadline(const struct lines *lines);

/* Writes text.  Each line gets LINES_PREFIX and ends with CR LF. */
void lines_write(struct lines *lines, const char *text, size_t bytes);

/* Sets the topic of all lines that end from now on.  `about`: served connection + 1, or 0.
 * `is_log`: written on behalf of a process, so the instance may drop them; else the root server's
 * own. */
void lines_topic(struct lines *lines, unsigned about, bool is_log);

/* True if a line on behalf of a process may be written now. */
bool lines_take_log(struct lines *lines);

/* Asks the instance to show everything that was written so far.  False: the ring is full; try again
 * later.  lines_are_flushed() is true once the instance has shown everything, and always while the
 * lines are down. */
bool lines_flush(struct lines *lines);
bool lines_are_flushed(const struct lines *lines);

#endif
