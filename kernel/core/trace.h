/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Records the events of a hart in memory that a holder of the Trace capability attached
 * (abi/trace.h).  While tracing is off, a trace point costs one test of a word.
 *
 * The kernel holds the Frames as embedded capabilities: when one is revoked, tracing stops
 * before the memory can be used for anything else.
 */
#ifndef KERNEL_CORE_TRACE_H
#define KERNEL_CORE_TRACE_H

#include <abi/trace.h>
#include <kernel/core/object.h>

struct vcpu;
struct notification;
struct invocation;

struct trace {
    uint64_t mask;                   /* TRACE_MASK(); 0: tracing is off */
    struct trace_record *next, *end; /* address of the next record; end of its chunk */
    uint64_t count, chunk_records;   /* records written to the ring; records of a chunk */
    uint32_t chunk, chunk_count;     /* the chunk in use; chunk_count 0: no ring yet */
    struct object owner;             /* owner of the embedded slots */
    struct slot place[TRACE_CHUNKS_MAX];
};

/* The number of a thread or vCPU in records; 0: no thread or vCPU. */
uint32_t trace_id(const void *object);

/* One slot has lost its frame: set the mask to 0. */
void trace_lost(struct object *owner);

/* ---- trace points: the caller tests trace_is_on() first ------------------------------- */

/* `what`: event | detail << 8 | more << 16. */
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
