/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console service between its rings, its UART and the multiplexer.
 *
 *     while (service_move(&s))
 *         ;
 *     if (service_sleep(&s, &deadline))
 *         wait for a signal, until the deadline
 *
 * Nobody is polled.  Received bytes and an empty transmit FIFO come as the
 * UART's interrupt; clients and the root server signal.  Signals are held back
 * after output (interrupt mitigation): more is near then, often a byte at a
 * time, and to be called for each would cost two switches of process a byte.
 * So for a millisecond nobody is asked for a signal; then the rings are
 * looked at once, and if they stay empty a signal is asked for again.
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
#define SERVICE_STALL_SECONDS  1u    /* so long a client may leave its keyboard unread */

struct service_ops {
    void *context;
    void (*wake_client)(void *context, unsigned client); /* it may be gone */
    void (*wake_root)(void *context);
    uint64_t (*time_ticks)(void *context);
    uint64_t timebase_hz; /* ticks a second */
};

struct service_client {
    struct ring_consumer output;
    struct ring_producer input;
    bool is_broken;   /* its indices made no sense; until it attaches anew */
    bool is_accused;  /* the user was told so */
    uint32_t level;   /* enum console_state: what the root server says last */
    bool is_changing; /* `level` holds once what was said and written before is shown: */
    bool is_marked;   /* of Warren's own lines, those before `mark` */
    uint32_t mark;    /* as struct lines counts */
};

struct service {
    const struct service_ops *ops;
    struct uart *uart;
    struct mux mux;
    struct lines lines;
    struct service_client client[CONSOLE_CLIENTS_MOST];
    const struct console_levels *levels;
    struct console_progress *progress;
    uint32_t shown; /* bytes that left for the terminal; wraps */
    struct ring_consumer control;
    struct ring_producer answers;
    bool is_flushing;
    uint32_t flush_id;
    bool is_stalled; /* keys find no room, since stalled_ticks */
    uint64_t stalled_ticks;
    bool is_more_likely; /* a client wrote something since the last sleep */
};

/*
 * Attaches to the regions that `start` names.  `ops` and `uart` must outlive the service; the
 * UART is to be set up before the first service_move().
 *   ERR_INVALID_ARG  the record is of another version, or has more clients than there can be
 */
MUST_CHECK service_init(struct service *s, const struct console_start *start, struct uart *uart,
                        const struct service_ops *ops);

/* Moves what can be moved, a bounded amount; true if there was anything. */
bool service_move(struct service *s);

/*
 * Prepares to sleep: sets the interrupts that are wanted and asks for signals.  True: wait for a
 * signal until *deadline_ticks of the service's clock (UINT64_MAX: for ever).  False: there is
 * something to move already.
 */
bool service_sleep(struct service *s, uint64_t *deadline_ticks);

#endif
