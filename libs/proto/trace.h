/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The index of a trace: one page, written by the root server.  The index gives the
 * addresses of the kernel's rings (abi/trace.h has the records) and the name of each id.
 * A reader outside the machine reads the page while it is in use.  All numbers are
 * little-endian at fixed places, and fields not written yet are zero.
 */
#ifndef PROTO_TRACE_H
#define PROTO_TRACE_H

#include <stdint.h>

#include <base/limits.h>

#define TRACE_INDEX_MAGIC   UINT64_C(0x3158495254524157) /* "WARTRIX1" in memory */
#define TRACE_INDEX_CHUNKS  16
#define TRACE_INDEX_NAMES   64
#define TRACE_GROUP_MACHINE 0  /* the root server and the services; guest i is group 1 + i */

enum trace_name_kind {
    TRACE_NAME_THREAD = 1,
    TRACE_NAME_VCPU = 2
};

struct trace_name {
    uint32_t id; /* in records; 0: the entry is not used */
    uint8_t kind; /* enum trace_name_kind */
    uint8_t group;
    uint8_t reserved[2];
    char text[PROCESS_NAME_BYTES];
};

/* `name_count` rises after an entry is written; an entry's text may change. */
struct trace_index {
    uint64_t magic;
    uint64_t timebase_hz; /* of the records' times */
    uint64_t mask;        /* as first set */
    uint64_t chunk_bytes;
    uint32_t chunk_count;
    uint32_t name_count;
    uint64_t chunk[TRACE_INDEX_CHUNKS]; /* physical addresses, in the order of the ring */
    struct trace_name name[TRACE_INDEX_NAMES];
};

_Static_assert(sizeof(struct trace_name) == 48, "trace name layout");
_Static_assert(__builtin_offsetof(struct trace_index, chunk) == 40, "trace index layout");
_Static_assert(__builtin_offsetof(struct trace_index, name) == 168, "trace index layout");
_Static_assert(sizeof(struct trace_index) <= 4096, "the index is one page");

#endif
