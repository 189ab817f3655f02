/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What happened on a hart, in memory that a holder of the Trace capability gave
 * (abi/trace.h).  A trace point is one test of a word while nothing is traced.
 *
 * Frames are held as embedded capabilities: when one is revoked, tracing stops before its
 * memory can become anything else.
 */
#ifndef KERNEL_CORE_TRACE_H
#define KERNEL_CORE_TRACE_H

#include <abi/trace.h>
#include <kernel/core/object.h>

struct vcpu;
struct notification;
struct invocation;

struct trace {
    uint64_t mask;                   /* TRACE_MASK(); 0: nothing is traced */
    struct trace_record *next, *end; /* where the next record goes; the end of that chunk */
    uint64_t count, chunk_records;   /* records ever written to this ring; that fit in a chunk */
    uint32_t chunk, chunk_count;     /* the one being written; 0: the ring is to be begun anew */
    struct object owner;             /* of the places */
    struct slot place[TRACE_CHUNKS_MOST];
};

/* How user space names a thread or vCPU in records; 0 is nobody. */
uint32_t trace_id(const void *object);

/* One place has lost its frame: the mask is 0 from now on. */
void trace_lost(struct object *owner);

/* ---- points: called while trace_is_on(), which the caller asks itself ----------------- */

/* `what`: the event, and above it detail << 8 | more << 16. */
void trace_record(struct hart *hart, const void *subject, uint64_t what, uint64_t word0,
                  uint64_t word1);
void trace_exit(struct hart *hart, const struct vcpu *vcpu);
void trace_call(struct hart *hart, const struct invocation *inv, enum err err);
void trace_signal(struct hart *hart, const struct notification *notification, uint64_t bits,
                  uint64_t source);

static inline bool trace_is_on(const struct trace *trace)
{
    return __builtin_expect(trace->mask != 0, 0);
}

#endif
