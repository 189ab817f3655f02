/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Warren's own lines, on their way from the root server's ring to the terminal.
 *
 *     ring down --records--> a whole line --> queue --> multiplexer's notices
 *
 * The ring is emptied at once, whatever the terminal does, so that a slow
 * terminal does not make the service look dead.  The queue is where lines wait:
 * for room on the terminal, and for the output of the guest that they are about.
 *
 * What does not fit is dropped, whole lines at a time, and the count of lines
 * dropped becomes a line.  Lines written for a process leave LINES_OWN_BYTES to
 * the root server's own, so a process that floods its log cannot displace the
 * report of its end.
 *
 * Pure.  Nothing here blocks or calls the kernel.
 */
#ifndef SERVICES_CONSOLE_LINES_H
#define SERVICES_CONSOLE_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <proto/console_start.h>

#define LINES_BYTES     65536u /* of the queue; a power of two */
#define LINES_OWN_BYTES 49152u
#define LINES_LINE_MOST 512u /* bytes of a line; a longer one is broken in two */

/* What is known of a line besides its text. */
struct lines_head {
    uint64_t after;  /* of its guest's output: so many bytes stand before the line */
    uint16_t length; /* bytes of text that follow */
    uint8_t about;   /* guest + 1, or 0 for none */
    uint8_t is_log;  /* written for a process */
    uint32_t reserved;
};

struct lines {
    uint32_t in, out; /* bytes so far; they wrap */
    uint32_t dropped; /* lines that found no room, since the last that did */
    struct lines_head begun_head;
    char begun[LINES_LINE_MOST]; /* the line whose records are still to come */
    uint8_t queue[LINES_BYTES];
};

/*
 * Takes a record of text; its length is clamped.  True when the record ends a line: then
 * lines_end() must follow.
 */
bool lines_add(struct lines *lines, const struct console_record *record);

/* Puts the line that was ended into the queue, behind `after` bytes of its guest's output. */
void lines_end(struct lines *lines, uint64_t after);

/* About which guest the line is whose records come: guest + 1, or 0. */
unsigned lines_about(const struct lines *lines);

/* The head of the first line in the queue; false when the queue is empty. */
bool lines_first(const struct lines *lines, struct lines_head *head);

/* Takes the first line's text out of the queue; `text` has room for LINES_LINE_MOST bytes. */
void lines_take(struct lines *lines, char *text);

#endif
