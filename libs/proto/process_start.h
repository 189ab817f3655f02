/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The start record: what every process finds when it starts.
 *
 * The root server writes it into a page that the process can only read, and
 * puts the page's address into a0.  sp is the top of a stack with a guard page
 * beneath.  Behind the common part, at `role_offset`, is the part that belongs
 * to the role (`struct vmm_start`, `struct console_start`), `role_bytes` long.
 *
 * The capabilities every process holds are in the same slots, see
 * enum process_slot; what else it holds, the role's part names.
 */
#ifndef PROTO_PROCESS_START_H
#define PROTO_PROCESS_START_H

#include <stdint.h>

#define PROCESS_START_MAGIC   UINT64_C(0x31305452415453) /* "START01" in memory */
#define PROCESS_START_VERSION 1
#define PROCESS_NAME_BYTES    40 /* with its zero byte */

enum process_slot {
    PROCESS_SLOT_PARENT = 1, /* Endpoint, WRITE, badged: reports, see report.h */
    PROCESS_SLOT_WAKE = 2,   /* Notification, READ: bound to the process's one thread */
    PROCESS_SLOT_ROLE = 3,   /* the first of those the role's part names */
};

struct process_start {
    uint64_t magic;
    uint32_t version;
    uint32_t bytes; /* of the record with the role's part, from its first byte */
    char name[PROCESS_NAME_BYTES];
    uint64_t timebase_hz;  /* frequency of the time CSR */
    uint64_t realtime_ns;  /* Unix time when the time CSR was 0; 0 when nobody knows */
    uint64_t heap_address; /* zeroed memory for malloc, page-aligned */
    uint64_t heap_bytes;
    uint32_t role_offset; /* from the record's first byte */
    uint32_t role_bytes;
    uint8_t entropy[32]; /* differs for each process and each start */
};

_Static_assert(sizeof(struct process_start) == 128, "start record layout");

#endif
