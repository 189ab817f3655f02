/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What belongs to one hart, and what all harts share.  There is no other mutable
 * state in the kernel than these two, reached from the per-hart pointer.
 */
#ifndef KERNEL_CORE_HART_H
#define KERNEL_CORE_HART_H

#include <kernel/core/space.h>
#include <kernel/core/thread.h>
#include <kernel/core/timer.h>
#include <kernel/core/trace.h>

#define IRQ_SOURCE_MAX 1024u

struct irq;

struct kernel {
    uint64_t slice_ticks;                    /* a turn among equals: 10 ms */
    struct space_table vspaces;
    struct space_table gspaces;
    struct irq *irq_by_source[IRQ_SOURCE_MAX];
};

struct ready_queue {
    uint64_t present; /* bit p: list p is not empty */
    struct thread_queue list[THREAD_PRIORITY_COUNT];
};

struct hart {
    struct kernel *kernel;
    uint64_t id;
    struct thread *current;       /* NULL: idle */
    uint64_t slice_end_ticks;     /* of current */
    uint64_t armed_ticks;         /* what the hart's timer was armed for; 0: nothing known */
    struct space *vspace;         /* loaded; NULL: the kernel's own */
    struct space *gspace;         /* loaded; NULL: none */
    struct vcpu *vcpu;            /* whose VS CSRs are in the hart */
    struct vcpu *resumable;       /* it runs, or its VMM does, by the fast path (vcpu_fast.c) */
    struct fp_state *fp_owner;    /* whose FP registers are in the hart */
    struct ready_queue ready;     /* the large ones last: a load reaches 2 KiB */
    struct timer_queue timers;
    struct trace trace;
};

#endif
