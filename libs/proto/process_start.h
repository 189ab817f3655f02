/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The start record of every process.
 *
 * The root server writes the record into pages that the process can only read, and puts
 * the record's address into a0.  sp is the top of a stack with a guard page beneath.
 * The part for the role (`struct vmm_start`, `struct console_start`) is at `role_offset`,
 * behind the common part, and is `role_bytes` long.
 *
 * Every process has the capabilities of enum process_slot.  The role's part names the
 * slots of all others.
 */
#ifndef PROTO_PROCESS_START_H
#define PROTO_PROCESS_START_H

#include <stdint.h>

#include <base/limits.h>

#define PROCESS_START_MAGIC   UINT64_C(0x31305452415453) /* "START01" in memory */
#define PROCESS_START_VERSION 1

enum process_slot {
    PROCESS_SLOT_PARENT = 1, /* Endpoint, WRITE, badged: reports, see report.h */
    PROCESS_SLOT_WAKE = 2,   /* Notification, READ: bound to the process's one thread */
    PROCESS_SLOT_ROLE = 3,   /* the first slot for the role */
};

struct process_start {
    uint64_t magic;
    uint32_t version;
    uint32_t bytes; /* of the whole record, including the role's part */
    char name[PROCESS_NAME_BYTES];
    uint64_t timebase_hz;  /* frequency of the time CSR */
    uint64_t realtime_ns;  /* Unix time when the time CSR was 0; 0 for unknown */
    uint64_t heap_address; /* zeroed memory for malloc, page-aligned */
    uint64_t heap_bytes;
    uint32_t role_offset; /* from the record's first byte */
    uint32_t role_bytes;
    uint8_t entropy[32]; /* differs for each process and each start */
};

_Static_assert(sizeof(struct process_start) == 128, "start record layout");

#endif
