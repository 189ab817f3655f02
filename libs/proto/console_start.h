/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console service's part of the start record: its UART, its clients, and the
 * control region that it shares with the root server.
 *
 * Each bit in the service's wake notification belongs to one sender: the UART, the
 * root server, client i.  A client's capability has the client's bit as badge, so no
 * client can signal as another.
 *
 * The control region has a word for each client with the state of its guest, and two
 * rings of struct console_record.
 *
 *   0x0000  struct ring_shared      down: root server -> console
 *   0x0400  struct console_levels   the state of each guest
 *   0x0500  struct console_progress how many bytes the terminal took
 *   0x0800  struct ring_shared      up:   console -> root server
 *   0x1000  CONSOLE_CONTROL_DOWN_RECORDS records down
 *   0x9000  CONSOLE_CONTROL_UP_RECORDS records up
 *
 * Lines.  The root server writes a line of text as one or more TEXT or LOG
 * records, the last of which ends with '\n', and publishes them together: a line
 * is in the ring as a whole or not at all.  The service takes records out of the
 * ring at once, and shows the lines in their order.  If the terminal takes no bytes
 * and the service has no more memory for lines, the service drops LOG lines first.
 *
 * Last output.  A guest's output and the lines about the guest's end reach the service
 * through different rings.  A line whose `about` names a guest is shown after all
 * output that was in the guest's ring when the service took the line's last record.
 * Lines about a guest that goes on have `about` 0.  A VMM publishes output before it
 * reports, and the root server writes the line after the report, so all output of the
 * guest is shown first.  At most one ring of output is shown before a line, however
 * much the guest writes.  A ring with an impossible index delays no line.
 *
 * Levels.  A guest's state is a word in memory, not a message, so it cannot be lost.
 * Only the root server writes the word.  The root server keeps its own copy and never
 * reads the word back.  To change a guest's state
 *
 *     root server                             service, after each wait
 *     1. publishes the lines about            a. reads the word (acquire)
 *        the change                           b. reads the ring down to its end
 *     2. stores the word (release)            c. acts on the word after it has shown
 *     3. signals CONSOLE_BIT_CONTROL             or dropped the lines of b
 *
 * so a service that sees the new word also finds the lines about the change.  The
 * signal is sent for each change and stays in the notification until the service
 * waits, so a change between a and the wait ends that wait.
 *
 * Death.  A service may die anywhere in a to c: the word stays, and the next service
 * reads it.  A hostile service may have overwritten the words: the root server stores
 * all of them again before it starts the next service.  If the root server dies, the
 * machine ends.
 *
 * A hanging or hostile service.  The service must empty the ring down at once, even if
 * the terminal takes no bytes, and answer a flush as soon as the terminal has taken
 * everything before the flush.  The service counts as dead when
 *   - an index of a ring is impossible;
 *   - records in the ring are not taken within CONSOLE_PATIENCE_LOOKS checks;
 *   - a flush is not answered, and `progress` has not changed for as many checks, or
 *     CONSOLE_FLUSH_LOOKS checks have passed.
 * The root server checks ten times a second at most: after a stop of the whole machine
 * there is one check, so the service still gets its time.  When the service is dead, the
 * root server writes the records that were not taken to the kernel's log, from its own
 * copy, destroys the process, zeroes both rings and starts the next service.
 *
 * The service reads a word once after each wait, and ignores a value that is not in
 * enum console_state.
 */
#ifndef PROTO_CONSOLE_START_H
#define PROTO_CONSOLE_START_H

#include <stdatomic.h>
#include <stdint.h>

#include <base/limits.h>

#define CONSOLE_START_VERSION 3

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
#define CONSOLE_CONTROL_LEVELS       0x0400
#define CONSOLE_CONTROL_PROGRESS     0x0500
#define CONSOLE_CONTROL_UP_SHARED    0x0800
#define CONSOLE_CONTROL_DOWN_DATA    0x1000
#define CONSOLE_CONTROL_DOWN_RECORDS 512
#define CONSOLE_CONTROL_UP_DATA      0x9000
#define CONSOLE_CONTROL_UP_RECORDS   64
#define CONSOLE_CONTROL_BYTES        0xa000

#define CONSOLE_RECORD_TEXT_BYTES    56
#define CONSOLE_LOOKS_A_SECOND       10
#define CONSOLE_PATIENCE_LOOKS       10
#define CONSOLE_FLUSH_LOOKS          100

enum console_record_kind {
    CONSOLE_RECORD_TEXT = 1,    /* down: `text`, a piece of a line of the root server's own */
    CONSOLE_RECORD_LOG = 2,     /* down: the same, of a line written for a process */
    CONSOLE_RECORD_FLUSH = 3,   /* down: send FLUSHED with the same `value` once the terminal has
                                   taken everything before */
    CONSOLE_RECORD_FLUSHED = 4, /* up */
};

enum console_state {
    CONSOLE_STATE_RUNNING = 0,
    CONSOLE_STATE_ENDED = 1, /* powered off by itself */
    CONSOLE_STATE_DEAD = 2,  /* failed, or never started */
};

struct console_levels {
    _Atomic uint32_t guest[CLIENTS_MAX]; /* enum console_state */
};

/* Only the service writes this.  The root server only checks whether the value has changed. */
struct console_progress {
    _Atomic uint32_t shown; /* bytes that the terminal took; wraps */
};

struct console_record {
    uint8_t kind;   /* enum console_record_kind */
    uint8_t about;  /* of a line: guest + 1, or 0 for a line about no guest */
    uint8_t length; /* bytes of text */
    uint8_t reserved;
    uint32_t value;
    char text[CONSOLE_RECORD_TEXT_BYTES];
};

_Static_assert(sizeof(struct console_record) == 64, "record layout");
_Static_assert(CONSOLE_CONTROL_DOWN_DATA + CONSOLE_CONTROL_DOWN_RECORDS * 64 ==
                   CONSOLE_CONTROL_UP_DATA,
               "control region layout");

struct console_client {
    char name[NAME_BYTES];
    uint64_t region_address; /* proto/console.h; read-write */
};

struct console_start {
    uint32_t version; /* CONSOLE_START_VERSION */
    uint32_t client_count;
    uint64_t uart_address; /* a 16550's registers, read-write */
    uint32_t uart_reg_shift;
    uint32_t uart_io_width; /* bytes: 1 or 4 */
    uint64_t control_address;
    uint32_t restart_count; /* services that ran before: not 0: the terminal's state is unknown */
    uint32_t reserved;
    struct console_client client[CLIENTS_MAX];
};

_Static_assert(sizeof(struct console_client) == 40, "client layout");
_Static_assert(sizeof(struct console_start) == 40 + 16 * 40, "console start record layout");

#endif
