/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console service's part of the start record: its UART, its clients, and
 * its line to the root server.
 *
 * Bits in the service's wake notification say who wants something: the UART,
 * the root server, client i.  Clients hold the notification with their own bit
 * as badge, so none can pass for another.
 *
 * The control region connects it with the root server: two rings of
 * struct console_record.
 *
 *   0x0000  struct ring_shared   down: root server -> console
 *   0x0800  struct ring_shared   up:   console -> root server
 *   0x1000  CONSOLE_CONTROL_DOWN_RECORDS records down
 *   0x5000  CONSOLE_CONTROL_UP_RECORDS records up
 */
#ifndef PROTO_CONSOLE_START_H
#define PROTO_CONSOLE_START_H

#include <stdint.h>

#define CONSOLE_START_VERSION 1
#define CONSOLE_CLIENTS_MOST  16
#define CONSOLE_NAME_BYTES    32 /* with its zero byte */

/* Slots of the service's CNode, besides enum process_slot of process_start.h. */
enum console_slot {
    CONSOLE_SLOT_IRQ = 3,    /* Irq, WRITE: bound to CONSOLE_BIT_UART */
    CONSOLE_SLOT_ROOT = 4,   /* Notification, WRITE: the root server's, for the control rings */
    CONSOLE_SLOT_CLIENT = 8, /* + i: Notification, WRITE, badge CONSOLE_CLIENT_BIT: client i's wake;
                                empty when the client is gone */
};

#define CONSOLE_BIT_UART             (UINT64_C(1) << 0)
#define CONSOLE_BIT_CONTROL          (UINT64_C(1) << 1)
#define CONSOLE_BIT_CLIENT(i)        (UINT64_C(1) << (8 + (i)))

#define CONSOLE_CONTROL_DOWN_SHARED  0x0000
#define CONSOLE_CONTROL_UP_SHARED    0x0800
#define CONSOLE_CONTROL_DOWN_DATA    0x1000
#define CONSOLE_CONTROL_DOWN_RECORDS 256
#define CONSOLE_CONTROL_UP_DATA      0x5000
#define CONSOLE_CONTROL_UP_RECORDS   64
#define CONSOLE_CONTROL_BYTES        0x6000

enum console_record_kind {
    CONSOLE_RECORD_LOG = 1,     /* down: `text`, a piece of a line of Warren's own; '\n' ends it */
    CONSOLE_RECORD_STATE = 2,   /* down: `value` is enum console_state of `client` */
    CONSOLE_RECORD_FLUSH = 3,   /* down: send FLUSHED with the same `value` once all that came
                                   before has left for the terminal */
    CONSOLE_RECORD_FLUSHED = 4, /* up */
};

enum console_state {
    CONSOLE_STATE_RUNNING = 0,
    CONSOLE_STATE_ENDED = 1, /* powered itself off */
    CONSOLE_STATE_DEAD = 2,  /* failed, or never started */
};

struct console_record {
    uint8_t kind; /* enum console_record_kind */
    uint8_t client;
    uint8_t length; /* bytes of text */
    uint8_t reserved;
    uint32_t value;
    char text[56];
};

_Static_assert(sizeof(struct console_record) == 64, "record layout");

struct console_client {
    char name[CONSOLE_NAME_BYTES];
    uint64_t region_address; /* proto/console.h; read-write */
};

struct console_start {
    uint32_t version; /* CONSOLE_START_VERSION */
    uint32_t client_count;
    uint64_t uart_address; /* a 16550's registers, read-write */
    uint32_t uart_reg_shift;
    uint32_t uart_io_width; /* bytes: 1 or 4 */
    uint64_t control_address;
    struct console_client client[CONSOLE_CLIENTS_MOST];
};

_Static_assert(sizeof(struct console_client) == 40, "client layout");
_Static_assert(sizeof(struct console_start) == 32 + 16 * 40, "console start record layout");

#endif
