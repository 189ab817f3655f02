/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's trace of one hart: a ring of fixed-size records.  Its chunks are the Frames
 * that were attached to the hart, in the order of attaching.  Each chunk begins with a
 * header; record n of the ring is in chunk n / per_chunk % chunk_count, at position
 * n % per_chunk behind that header, where
 *
 *   per_chunk = (chunk_bytes - sizeof(struct trace_header)) / sizeof(struct trace_record)
 *
 * The kernel only writes here and never reads: a process that writes to these pages spoils
 * the trace and nothing else.
 *
 * To read: load `count` of chunk 0, copy, load `count` again (call it `now`).  In the
 * copy, record n is valid if n < count and n + per_chunk * chunk_count > now: the kernel may
 * have been overwriting the oldest.  Older records are lost.
 */
#ifndef ABI_TRACE_H
#define ABI_TRACE_H

#include <stdint.h>

#define TRACE_MAGIC      UINT64_C(0x31474e5254524157) /* "WARTRNG1" in memory */
#define TRACE_CHUNKS_MAX 16

enum trace_event {
    TRACE_EXIT = 0,      /* a guest exited with an exception for its VMM */
    TRACE_CALL = 1,      /* a call was decoded; its handler or an error follows */
    TRACE_SIGNAL = 2,    /* a notification was signalled */
    TRACE_SWITCH = 3,    /* the hart switches to another thread, or to idle */
    TRACE_ENTER = 4,     /* the kernel enters a thread or a guest */
    TRACE_INTERRUPT = 5, /* the hart was interrupted */
    TRACE_EVENTS
};

#define TRACE_MASK(event) (UINT64_C(1) << (event))
#define TRACE_MASK_ALL    (TRACE_MASK(TRACE_EVENTS) - 1)

/*
 * A record names a thread or vCPU by the number that trace_identify() returns.
 *
 *            subject           detail             more      word[0]           word[1]
 *   EXIT     vCPU              enum vcpu_exit     cause     guest physical    guest pc
 *                                                           address; of an
 *                                                           ecall a7 << 32
 *                                                           | a6 & 0xffffffff
 *   CALL     thread            number; 255: none  method    a0 | type << 32   enum err of decoding
 *   SIGNAL   thread, 0: irq    0                  source    bits              receiving thread; 0
 *   SWITCH   thread, 0: idle   0                  0         its vCPU or 0     0
 *   ENTER    thread or vCPU    0 thread, 1 guest  0         0                 0
 *   INTERRUPT thread, 0: idle  0 thread, 1 guest  number    0                 0
 */
struct trace_record {
    uint64_t time; /* ticks of the time CSR */
    uint32_t subject;
    uint8_t event; /* enum trace_event */
    uint8_t detail;
    uint16_t more;
    uint64_t word[2];
};

struct trace_header {
    uint64_t magic;
    uint64_t hart;
    uint32_t chunk, chunk_count;
    uint64_t chunk_bytes;
    uint64_t count; /* of chunk 0: records ever written; of others 0 */
    uint64_t reserved[3];
};

_Static_assert(sizeof(struct trace_record) == 32, "trace record layout");
_Static_assert(sizeof(struct trace_header) == 64, "trace header layout");

#endif
