/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The link to the console service (proto/console_start.h).  While no service
 * runs, text goes to the kernel's log.  The root server waits for the service
 * only at the end of the machine.
 *
 * The link detects a service that hangs or breaks the protocol
 * (proto/console_start.h says how).  The link then goes down by itself, `fault`
 * gives the reason, and the caller must destroy the service.  link_look() does
 * this check.  The caller must call link_look() at the time that
 * link_deadline() returns, and may call it at any other time.
 *
 * No line of text is lost.  Lines that the root server writes on behalf of
 * processes leave LINK_OWN_RECORDS free (link_takes_log()), so that its own
 * lines fit into the ring.  An own line that does not fit goes to the kernel's
 * log.
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
#define LINK_OWN_RECORDS  (CLIENTS_MAX * 24) /* a VMM's fault takes at most 24 records */

struct link {
    bool is_up;
    const char *fault; /* why the service is treated as dead: "does not ..."; NULL: it is not */
    uint32_t bell;     /* slot of the console's wake notification */
    struct console_levels *levels;
    const struct console_progress *progress;
    struct ring_producer down;
    struct ring_consumer up;
    struct console_record kept[CONSOLE_CONTROL_DOWN_RECORDS]; /* private copy of the ring */
    uint32_t sent, taken;                                     /* records; they wrap */
    uint32_t watched;    /* the service must take the records up to here in time */
    unsigned looks;      /* how many looks found these records still in the ring */
    uint64_t look_ticks; /* time of the next look, or LINK_NEVER */
    uint32_t flush_id, flushed_id;
    uint32_t state[CLIENTS_MAX]; /* private copy: shared levels are never read back */
    uint8_t about;
    bool is_log;
    size_t line_bytes;
    char line[LINK_LINE_BYTES]; /* the current line, until its newline comes */
};

/*
 * Brings the link up: from now on, text goes to the console service.  Must be called before the
 * service runs.  The levels then hold the states of all guests.
 * Every error of ring_producer_attach().
 */
MUST_CHECK link_up(struct link *link, void *control, uint32_t bell);

/* Takes the link down after the end of the console service: text goes to the kernel's log again,
 * first the records that the service has not read. */
void link_down(struct link *link);

/* link_look() checks that the service makes progress, if a check is due.  link_deadline() returns
 * the time of the next check in ticks; LINK_NEVER when the ring holds no record to watch. */
void link_look(struct link *link);
uint64_t link_deadline(const struct link *link);

/* Writes text.  Each line gets LINK_PREFIX and ends with CR LF. */
void link_write(struct link *link, const char *text, size_t bytes);

/* Sets the topic of all lines that end from now on.  `about`: guest `about` - 1, or no guest for 0.
 * `is_log`: written on behalf of a process, so the service may drop them; else the root server's
 * own. */
void link_topic(struct link *link, unsigned about, bool is_log);

/* True if a line on behalf of a process may be written now. */
bool link_takes_log(struct link *link);

/* Sets a guest's state, for this console service and for each later one. */
void link_state(struct link *link, unsigned client, enum console_state state);

/*
 * Waits until the service has shown all text written so far.  `notification` is the slot of the
 * root server's.  Returns OK at once when the link is down.
 *   ERR_PEER_DIED  the service did not answer: the link is now down, and `fault` gives the reason
 */
MUST_CHECK link_flush(struct link *link, uint32_t notification);

#endif
