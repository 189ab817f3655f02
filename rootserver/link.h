/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The line to the console service (proto/console_start.h), and before and after
 * it the kernel's log.  The root server waits for the service at the end of the
 * machine only.
 *
 * A service that hangs or lies is found out (proto/console_start.h says how): the
 * line goes down by itself, `fault` says why, and the caller puts an end to the
 * service.  link_look() does the looking; it must be called when the time that
 * link_deadline() names has come, and may be called at any other.
 *
 * A line of text is never lost.  Lines of the root server's own find room in the
 * ring, because lines that it writes on behalf of processes leave
 * LINK_OWN_RECORDS free (link_takes_log()); a line of its own that finds no room
 * all the same goes to the kernel's log.
 */
#ifndef ROOTSERVER_LINK_H
#define ROOTSERVER_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <base/err.h>
#include <proto/console_start.h>
#include <ring/ring.h>

#define LINK_PREFIX       "warren: " /* of each line */
#define LINK_LINE_RECORDS 8
#define LINK_LINE_BYTES   (LINK_LINE_RECORDS * CONSOLE_RECORD_TEXT_BYTES) /* longer: two lines */
#define LINK_NEVER        UINT64_MAX
#define LINK_OWN_RECORDS  (CONSOLE_CLIENTS_MOST * 24) /* each VMM's fault takes 24 at the most */

struct link {
    bool is_up;
    const char *fault; /* why the service counts as dead: "does not ..."; NULL for none */
    uint32_t bell;     /* slot of the console's wake notification */
    struct console_levels *levels;
    const struct console_progress *progress;
    struct ring_producer down;
    struct ring_consumer up;
    struct console_record kept[CONSOLE_CONTROL_DOWN_RECORDS]; /* own copy of what the ring holds */
    uint32_t sent, taken;                                     /* records; they wrap */
    uint32_t watched;    /* these must be taken before `looks` have passed */
    unsigned looks;      /* that found them still there */
    uint64_t look_ticks; /* the next look, or LINK_NEVER */
    uint32_t flush_id, flushed_id;
    uint32_t state[CONSOLE_CLIENTS_MOST]; /* what the levels say; they are never read back */
    uint8_t about;
    bool is_log;
    size_t line_bytes;
    char line[LINK_LINE_BYTES]; /* gathered until its end */
};

/*
 * Puts the line into use: from here on, text goes to the console service.  The service does not
 * run yet, and finds all guests' states.
 * Every error of ring_producer_attach().
 */
MUST_CHECK link_up(struct link *link, void *control, uint32_t bell);

/* The console service is gone: text goes to the kernel again, with what the service left unread. */
void link_down(struct link *link);

/* Looks whether the service does its work, if a look is due.  link_deadline(): when the next one is
 * due, in ticks; LINK_NEVER when there is nothing to look after. */
void link_look(struct link *link);
uint64_t link_deadline(const struct link *link);

/* Writes text; each line gets the prefix, and ends as a terminal wants it. */
void link_write(struct link *link, const char *text, size_t bytes);

/* What the lines are that end from now on: about guest `about` - 1, or none for 0; written for a
 * process, so that they may be dropped, or the root server's own. */
void link_topic(struct link *link, unsigned about, bool is_log);

/* Whether a line that a process wanted to be written may be written now. */
bool link_takes_log(struct link *link);

/* How a guest is, from now on and for each console service to come. */
void link_state(struct link *link, unsigned client, enum console_state state);

/*
 * Waits until all that was written has left, `notification` being the root server's.  At once OK
 * when the line is down.
 *   ERR_PEER_DIED  the service did not answer: the line is down now, and `fault` says why
 */
MUST_CHECK link_flush(struct link *link, uint32_t notification);

#endif
