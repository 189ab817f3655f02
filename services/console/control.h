/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Handles the root server's messages to the console service: lines, levels and
 * flushes (proto/console_start.h).  Called only by service.c.
 */
#ifndef SERVICES_CONSOLE_CONTROL_H
#define SERVICES_CONSOLE_CONTROL_H

#include <services/console/service.h>

/* Attaches to the control region.  Every error of ring_consumer_attach(). */
MUST_CHECK control_attach(struct service *s, uint64_t region);

/*
 * Must be called in this order, so that a level that is seen comes with all records published
 * before it.  Each returns true if something changed or moved.
 * Levels: reads each once.  Records: empties the ring.  Lines: passes the lines that are due to the
 * multiplexer.
 */
bool control_move_levels(struct service *s);
bool control_move_records(struct service *s);
bool control_move_lines(struct service *s);

/* Applies changed levels, and answers a flush, once all earlier output is shown. */
void control_answer(struct service *s);

#endif
