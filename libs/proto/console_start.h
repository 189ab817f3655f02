/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console service's part of the start record: its UART, its clients, and
 * its line to the root server.
 *
 * Bits in the service's wake notification say who wants something: the UART,
 * the root server, client i.  Clients hold the notification with their own bit
 * as badge, so none can pass for another.
 *
 * The control region connects the service with the root server: a word for each
 * client that says how its guest is, and two rings of struct console_record.
 *
 *   0x0000  struct ring_shared      down: root server -> console
 *   0x0400  struct console_levels   how each guest is
 *   0x0500  struct console_progress what the terminal took
 *   0x0800  struct ring_shared      up:   console -> root server
 *   0x1000  CONSOLE_CONTROL_DOWN_RECORDS records down
 *   0x9000  CONSOLE_CONTROL_UP_RECORDS records up
 *
 * Lines.  The root server writes a line of text as one or more TEXT or LOG
 * records, the last of which ends with '\n', and publishes them together: a line
 * is in the ring as a whole or not at all.  The service takes records out of the
 * ring at once, and shows the lines in their order.  When the terminal stands
 * still and the service has no more memory for lines, LOG lines are the first to
 * be dropped.
 *
 * Last words.  A guest's output and the lines about the guest's end take
 * different ways to the service.  A line whose `about` names a guest is shown
 * after all output that was in the guest's ring when the service took the line's
 * last record; lines about a guest that goes on name none.  A VMM publishes output
 * before it reports, and the root server writes the line after the report, so this
 * covers all that the guest wrote before.  No more than one ring of output can
 * stand before a line, however much the guest writes, and a ring that makes no
 * sense holds no line up.
 *
 * Levels.  A guest's state is a word that holds, not a message that could be
 * lost.  The root server alone writes the word, keeps a copy of its own, and
 * never reads the word back.  To change a guest's state
 *
 *     root server                             service, after each wait
 *     1. publishes what there is to say       a. reads the word (acquire)
 *        about the change                     b. reads the ring down to its end
 *     2. stores the word (release)            c. acts on the word once the lines
 *     3. signals CONSOLE_BIT_CONTROL             of b are dealt with
 *
 * so the service that sees the new word finds the lines about the change too.
 * The signal is sent each time and stays in the notification until the service
 * waits, so a change between a and the wait ends that wait.
 *
 * Death.  A service may die anywhere in a to c: the word stands, and the next
 * service finds it.  A service that lies may have overwritten the words: the
 * root server stores all of them again before it starts the next service.  The
 * root server cannot die between 1 and 3 without ending the machine.
 *
 * A service that hangs or lies.  The service empties the ring down at once,
 * whatever the terminal does, and answers a flush as soon as the terminal has
 * taken what came before.  The service counts as dead when
 *   - an index of a ring makes no sense;
 *   - what the ring held is not taken out within CONSOLE_PATIENCE_LOOKS looks;
 *   - a flush is not answered, and `progress` has been the same for so many
 *     looks, or CONSOLE_FLUSH_LOOKS have passed.
 * The root server looks each tenth of a second, and not more often: after a stop
 * of the whole machine there is one look, and the service gets its time.  The
 * root server then writes what was not taken to the kernel's log, from its own
 * copy, destroys the process, zeroes both rings and starts the next service.
 *
 * The service reads a word once for each look, and takes a value that is not in
 * enum console_state for no change.
 */
#ifndef PROTO_CONSOLE_START_H
#define PROTO_CONSOLE_START_H

#include <stdatomic.h>
#include <stdint.h>

#define CONSOLE_START_VERSION 2
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
    CONSOLE_RECORD_FLUSH = 3,   /* down: send FLUSHED with the same `value` once all that came
                                   before has left for the terminal */
    CONSOLE_RECORD_FLUSHED = 4, /* up */
};

enum console_state {
    CONSOLE_STATE_RUNNING = 0,
    CONSOLE_STATE_ENDED = 1, /* powered itself off */
    CONSOLE_STATE_DEAD = 2,  /* failed, or never started */
};

struct console_levels {
    _Atomic uint32_t guest[CONSOLE_CLIENTS_MOST]; /* enum console_state */
};

/* Written by the service alone; the root server only asks whether it is the same as before. */
struct console_progress {
    _Atomic uint32_t shown; /* bytes that left for the terminal; wraps */
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
