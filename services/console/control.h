/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the console service does with what the root server says: lines, levels
 * and flushes, as proto/console_start.h has them.  Called by service.c alone.
 */
#ifndef SERVICES_CONSOLE_CONTROL_H
#define SERVICES_CONSOLE_CONTROL_H

#include <services/console/service.h>

/* Attaches to the control region.  Every error of ring_consumer_attach(). */
MUST_CHECK control_attach(struct service *s, uint64_t region);

/*
 * In this order, so that what was published before a level is seen with it.  Each is true if there
 * was anything.  Levels: looks at each once.  Records: empties the ring.  Lines: hands those that
 * are due to the multiplexer.
 */
bool control_move_levels(struct service *s);
bool control_move_records(struct service *s);
bool control_move_lines(struct service *s);

/* Acts on levels, and answers a flush, once all that came before is shown. */
void control_answer(struct service *s);

#endif
