/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The line to the console service (proto/console_start.h), and before and after
 * it the kernel's own.  The root server never waits for it but at the end.
 */
#ifndef ROOTSERVER_LINK_H
#define ROOTSERVER_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <base/err.h>
#include <proto/console_start.h>
#include <ring/ring.h>

#define LINK_PREFIX "warren: " /* of each line */

struct link {
    bool is_up;
    bool is_mid_line;
    uint32_t bell; /* slot of the console's wake notification */
    struct ring_shared *down_shared;
    void *down_data;
    struct ring_producer down;
    struct ring_consumer up;
    uint32_t flush_id, flushed_id;
    struct console_record text; /* gathered, to be handed over in one piece */
    uint64_t lost;              /* bytes of log that found the ring full */
};

/* Puts the line into use: from here on, text goes to the console service.
 * Every error of ring_producer_attach(). */
MUST_CHECK link_up(struct link *link, void *control, uint32_t bell);

/* The console service is gone: text goes to the kernel again, with what the service left unread. */
void link_down(struct link *link);

/* Writes text; each line gets the prefix, and ends as a terminal wants it. */
void link_write(struct link *link, const char *text, size_t bytes);
void link_state(struct link *link, unsigned client, enum console_state state);

/* Waits until all that was written has left, `notification` being the root server's; gives up after
 * `ticks` ticks. */
void link_flush(struct link *link, uint32_t notification, uint64_t ticks);

#endif
