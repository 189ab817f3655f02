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

struct thread;
struct vcpu;
struct notification;
struct invocation;

struct trace {
    uint64_t mask;                     /* TRACE_MASK(); 0: nothing is traced */
    struct trace_record *next, *end;   /* where the next record goes; the end of that chunk */
    struct trace_header *first;        /* of chunk 0 */
    uint64_t count;                    /* of records ever written to this ring */
    uint32_t chunk, chunk_count;       /* the one being written */
    bool is_begun;                     /* all of the above holds, for the places as they are */
    struct object owner;               /* of the places */
    struct slot place[TRACE_CHUNKS_MOST];
};

/* How user space names a thread or vCPU in records; 0 is nobody. */
uint32_t trace_id(const void *object);

/* One place has lost its frame: the mask is 0 from now on. */
void trace_lost(struct object *owner);

/* ---- points: to be called when hart->trace.mask is not 0, which the caller tests itself ---- */

void trace_exit(struct hart *hart, const struct vcpu *vcpu);
void trace_call(struct hart *hart, const struct invocation *inv, enum err err);
void trace_signal(struct hart *hart, const struct notification *notification, uint64_t bits,
                  uint32_t source);
void trace_switch(struct hart *hart);
void trace_enter(struct hart *hart, bool is_guest);
void trace_interrupt(struct hart *hart, uint64_t number, bool is_guest);

static inline bool trace_is_on(const struct trace *trace)
{
    return __builtin_expect(trace->mask != 0, 0);
}

#endif
