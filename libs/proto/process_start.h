/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The start record of every process: a head, and a table of all that the process has.
 *
 * The root server writes the record into pages that the process can only read, and puts
 * the record's address into a0.  sp is the top of a stack with a guard page beneath.
 *
 *   0             struct process_start
 *   entry_offset  struct start_entry [entry_count]
 *   data_offset   texts and data of the entries, up to `bytes`
 *
 * Every process has the capabilities of enum process_slot.  The table names the slots of
 * all others, and every range of addresses besides the program and the stacks.  A pair of
 * kind and name occurs once.  libs/rt/rt_start_table.h looks entries up.
 *
 *   kind        what the process has           slot    value            address       bytes
 *   MEMORY      a mapped range                         see the name     first byte    length
 *   SLOT        a capability                   slot    see the name
 *   NUMBER      a number                               the number
 *   TEXT        a string with its zero byte                             in the record with the zero
 *   DATA        bytes                                                   in the record length
 *   IRQ         an interrupt: Irq, WRITE       slot    bits in the wake Notification
 *   THREAD      a thread of several            slot    see rt_threads.h stack's end   of the stack
 *   RING        a ring of a used connection            first data byte  shared part   sizes
 *   CONNECTION  a used connection              slot    its index        info page, 0  info page's
 *
 * "In the record" means: an offset from the record's first byte.  The sizes of a ring are the bytes
 * of a record << 32 | the count of records.
 *
 * Names.
 *   every process       "heap" MEMORY; those of proto/control.h; "thread.N" THREAD if several;
 *                       "restarts" NUMBER: earlier lives of this process
 *   a service           "device.D.registers" MEMORY, "device.D.irq.N" IRQ, "device.D.P" NUMBER
 *                       (a property P that the manifest names and the device has);
 *                       "memory.M" MEMORY (value: the physical address if the manifest says dma);
 *                       "options.X" NUMBER, TEXT or DATA; "endpoint" SLOT (the service's calls)
 *   a used connection   "use.I" CONNECTION (slot: Notification, WRITE, signals the service);
 *                       "use.I.service" TEXT: the instance; "use.I.key" TEXT: the client's name
 *                       for the connection; "use.I.device" TEXT: the VMM's device;
 *                       "use.I.ring.R" RING; "use.I.option.X" NUMBER, TEXT or DATA;
 *                       "use.I.endpoint" SLOT (Endpoint, WRITE, badged: calls the service)
 *   a VMM               those of proto/vmm_start.h
 */
#ifndef PROTO_PROCESS_START_H
#define PROTO_PROCESS_START_H

#include <stdint.h>

#include <base/limits.h>

#define PROCESS_START_MAGIC   UINT64_C(0x31305452415453) /* "START01" in memory */
#define PROCESS_START_VERSION 2
#define START_NAME_BYTES      32     /* with its zero byte */
#define PROCESS_START_MAX     0x4000 /* bytes of a record */

enum process_slot {
    PROCESS_SLOT_PARENT = 1, /* Endpoint, WRITE, badged: reports, see report.h */
    PROCESS_SLOT_WAKE = 2,   /* Notification, READ: bound to the process's first thread */
    PROCESS_SLOT_ROLE = 3,   /* the first slot that the table names */
};

/* Bits of the wake Notification.  Each sender's capability has its bit as badge, so no sender can
 * signal as another. */
#define PROCESS_BIT_ROOT      (UINT64_C(1) << 0)               /* proto/control.h */
#define PROCESS_BIT_IRQ(n)    (UINT64_C(1) << (1 + (n)))       /* n < PROCESS_IRQS_MAX */
#define PROCESS_BIT_SERVED(i) (UINT64_C(1) << (8 + (i) % 40))  /* served connection i */
#define PROCESS_BIT_USED(i)   (UINT64_C(1) << (48 + (i) % 16)) /* used connection i */
#define PROCESS_IRQS_MAX      7

enum start_kind {
    START_MEMORY = 1,
    START_SLOT = 2,
    START_NUMBER = 3,
    START_TEXT = 4,
    START_DATA = 5,
    START_IRQ = 6,
    START_THREAD = 7,
    START_RING = 8,
    START_CONNECTION = 9,
};

struct process_start {
    uint64_t magic;
    uint32_t version;
    uint32_t bytes; /* of the whole record */
    char name[PROCESS_NAME_BYTES];
    uint64_t timebase_hz;  /* frequency of the time CSR */
    uint64_t realtime_ns;  /* Unix time when the time CSR was 0; 0 for unknown */
    uint64_t heap_address; /* zeroed memory for malloc, page-aligned; also the entry "heap" */
    uint64_t heap_bytes;
    uint8_t entropy[32];    /* differs for each process and each start */
    uint32_t restart_count; /* earlier lives of this process */
    uint32_t entry_count;
    uint32_t entry_offset; /* a multiple of 8 */
    uint32_t data_offset;
};

struct start_entry {
    char name[START_NAME_BYTES];
    uint32_t kind; /* enum start_kind */
    uint32_t slot;
    uint64_t value;
    uint64_t address;
    uint64_t bytes;
};

_Static_assert(sizeof(struct process_start) == 136, "start record layout");
_Static_assert(sizeof(struct start_entry) == 64, "start record layout");

#endif
