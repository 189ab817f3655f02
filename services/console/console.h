/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Moves bytes between the rings of the console's clients, its UART and the multiplexer.
 *
 * The model of the service (service/service.h).  The service does not poll.  The UART's interrupt
 * reports received bytes and an empty transmit FIFO; clients and the root server send signals.
 * After output the service requests no signals for a millisecond (interrupt mitigation): more
 * output is likely then, often one byte at a time, and a signal for each byte would cost two
 * process switches a byte.  After that millisecond the service checks the rings once, and if they
 * are empty it requests signals again.
 *
 * The manifest has the rings.  Input is passed on as it is typed.  The service writes text, colours
 * and cursor movement to the shared terminal, but no queries.  While a client is in front, the
 * service takes its output as fast as the terminal does; otherwise the service takes output at
 * once, into the scrollback.  A client whose ring is full waits for the signal.
 *
 * Pure: outside effects go through the UART's functions and struct service_ops.
 */
#ifndef SERVICES_CONSOLE_CONSOLE_H
#define SERVICES_CONSOLE_CONSOLE_H

#include <manifest/console.manifest.h>
#include <service/service.h>
#include <services/console/lines.h>
#include <services/console/mux.h>
#include <services/console/uart16550.h>

#define CONSOLE_HOLDS_A_SECOND 1000u /* 1 ms: how long signals are held back after output */
#define CONSOLE_STALL_SECONDS  1u    /* how long a client may leave its keys unread */

struct console_client {
    struct service_connection *connection; /* NULL: no rings */
    bool is_broken;   /* the ring's indices are invalid; until the client attaches again */
    bool is_accused;  /* a line about the broken ring was shown */
    bool is_changing; /* `level` is not applied yet: earlier output must be shown first */
    bool is_marked;   /* `mark` is valid: the lines before it must be shown first */
    uint32_t level;   /* enum control_connection_state: how the client ended */
    uint32_t mark;    /* a position in struct lines, as its `in` */
};

struct console {
    struct service service;
    struct service_model model;
    struct uart *uart;
    uint64_t timebase_hz; /* ticks a second */
    struct mux mux;
    struct lines lines;
    struct console_client client[CLIENTS_MAX];
    struct ring_consumer control; /* lines of the root server */
    struct ring_producer answers;
    bool is_flushing;
    uint32_t flush_id;
    bool is_stalled; /* the key buffer has been full since stalled_ticks */
    uint64_t stalled_ticks;
    bool is_more_likely; /* a client wrote something since the last sleep */
};

/*
 * Prepares the model, for service_init() of `console->service`.  `uart` must outlive the console,
 * and uart_init() must be called before the first turn.  `kept`: memory that outlives the process.
 * `is_first`: no console ran before, so the terminal's state is known.
 */
void console_init(struct console *console, struct uart *uart, struct mux_kept *kept,
                  uint64_t timebase_hz, bool is_first);

#endif
