/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The root server's lines and flushes, and the ends of clients (proto/control.h).  Called only by
 * console.c.
 */
#ifndef SERVICES_CONSOLE_CONTROL_H
#define SERVICES_CONSOLE_CONTROL_H

#include <services/console/console.h>

/* Attaches to the rings of lines.  Every error of ring_consumer_attach(). */
MUST_CHECK control_attach(struct console *console);

/*
 * Each returns true if something changed or moved.  The framework reads the states of clients
 * first. So every record that was published before a state is in the ring when the service sees
 * that state.
 * Records: empties the ring.  Lines: passes the lines that are due to the multiplexer.
 */
bool control_move_records(struct console *console);
bool control_move_lines(struct console *console);

/* Applies the ends of clients, and answers a flush, once all earlier output is shown. */
void control_answer(struct console *console);

#endif
