/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lines of Warren, on their way from the root server's ring to the terminal.
 *
 *     ring down --records--> a whole line --> queue --> multiplexer's notices
 *
 * The service empties the ring at once, so that a slow terminal does not make the
 * service look dead.  Lines wait in the queue: for room on the terminal, and for
 * the output of the client that they are about.
 *
 * A line that does not fit is dropped as a whole; a later line gives the number of dropped lines.
 * Lines on behalf of a process leave LINES_OWN_BYTES free for the root server's own lines, so a
 * process that floods its log cannot displace the report of its end.
 *
 * Pure.  Nothing here blocks or calls the kernel.
 */
#ifndef SERVICES_CONSOLE_LINES_H
#define SERVICES_CONSOLE_LINES_H

#include <stdbool.h>
#include <stdint.h>

#include <proto/control.h>

#define LINES_BYTES     65536u /* of the queue; a power of two */
#define LINES_OWN_BYTES 49152u
#define LINES_LINE_MAX  512u /* bytes of a line; a longer line is split */

/* Precedes the text of a line in the queue. */
struct lines_head {
    uint64_t after;  /* the line comes after this many bytes of its client's output */
    uint16_t length; /* bytes of text that follow */
    uint8_t about;   /* client + 1, or 0 for none */
    uint8_t is_log;  /* written on behalf of a process */
    uint32_t reserved;
};

struct lines {
    uint32_t in, out; /* bytes so far; they wrap */
    uint32_t dropped; /* lines that found no room and are not yet reported */
    struct lines_head begun_head;
    char begun[LINES_LINE_MAX]; /* the incomplete line: more records follow */
    uint8_t queue[LINES_BYTES];
};

/*
 * Takes a record of text; its length is clamped.  True when the record ends a line: then
 * lines_end() must follow.
 */
bool lines_add(struct lines *lines, const struct control_line *record);

/* Puts the completed line into the queue, to be shown after `after` bytes of its client's
 * output. */
void lines_end(struct lines *lines, uint64_t after);

/* The client that the incomplete or just completed line is about: client + 1, or 0. */
unsigned lines_about(const struct lines *lines);

/* The head of the first line in the queue; false when the queue is empty. */
bool lines_first(const struct lines *lines, struct lines_head *head);

/* Takes the first line's text out of the queue; `text` has room for LINES_LINE_MAX bytes. */
void lines_take(struct lines *lines, char *text);

#endif
