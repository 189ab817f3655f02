/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Moves bytes between the console service's rings, its UART and the multiplexer.
 *
 *     while (service_move(&s))
 *         ;
 *     if (service_sleep(&s, &deadline))
 *         wait for a signal, until the deadline
 *
 * The service does not poll.  The UART's interrupt reports received bytes and an
 * empty transmit FIFO; clients and the root server send signals.  After output
 * the service requests no signals for a millisecond (interrupt mitigation): more
 * output is likely then, often one byte at a time, and a signal for each byte
 * would cost two process switches a byte.  After that millisecond the service
 * checks the rings once, and if they are empty it requests signals again.
 *
 * Pure: outside effects go through the UART's functions and struct service_ops.
 */
#ifndef SERVICES_CONSOLE_SERVICE_H
#define SERVICES_CONSOLE_SERVICE_H

#include <proto/console.h>
#include <proto/console_start.h>
#include <ring/ring.h>
#include <services/console/lines.h>
#include <services/console/mux.h>
#include <services/console/uart16550.h>

#define SERVICE_HOLDS_A_SECOND 1000u /* 1 ms: how long signals are held back after output */
#define SERVICE_STALL_SECONDS  1u    /* how long a client may leave its keys unread */

struct service_ops {
    void *context;
    void (*wake_client)(void *context, unsigned client); /* the client may no longer exist */
    void (*wake_root)(void *context);
    uint64_t (*time_ticks)(void *context);
    uint64_t timebase_hz; /* ticks a second */
};

struct service_client {
    struct ring_consumer output;
    struct ring_producer input;
    bool is_broken;   /* the ring's indices are invalid; until the client attaches again */
    bool is_accused;  /* a line about the broken ring was shown */
    uint32_t level;   /* enum console_state: the last level of the root server */
    bool is_changing; /* `level` is not applied yet: earlier output must be shown first */
    bool is_marked;   /* `mark` is valid: the lines before it must be shown first */
    uint32_t mark;    /* a position in struct lines, as its `in` */
};

struct service {
    const struct service_ops *ops;
    struct uart *uart;
    struct mux mux;
    struct lines lines;
    struct service_client client[CLIENTS_MAX];
    const struct console_levels *levels;
    struct console_progress *progress;
    uint32_t shown; /* bytes that left for the terminal; wraps */
    struct ring_consumer control;
    struct ring_producer answers;
    bool is_flushing;
    uint32_t flush_id;
    bool is_stalled; /* the key buffer has been full since stalled_ticks */
    uint64_t stalled_ticks;
    bool is_more_likely; /* a client wrote something since the last sleep */
};

/*
 * Attaches to the regions that `start` names.  `ops` and `uart` must outlive the service; the
 * caller must call uart_init() before the first service_move().
 *   ERR_INVALID_ARG  the record has another version, or more than CLIENTS_MAX clients
 */
MUST_CHECK service_init(struct service *s, const struct console_start *start, struct uart *uart,
                        const struct service_ops *ops);

/* Moves a bounded number of bytes and records in all directions; true if anything was moved. */
bool service_move(struct service *s);

/*
 * Prepares to sleep: enables the UART interrupts that are needed and requests signals.  True: wait
 * for a signal until *deadline_ticks of the service's clock (UINT64_MAX: no deadline).  False: do
 * not wait, new data has arrived.
 */
bool service_sleep(struct service *s, uint64_t *deadline_ticks);

#endif
