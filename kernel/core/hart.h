/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The state of one hart (struct hart), and the state that all harts share (struct
 * kernel).  The kernel has no other mutable state; the per-hart pointer leads to both.
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
    uint64_t slice_ticks;                    /* time slice among equal priorities: 10 ms */
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
    uint64_t armed_ticks;         /* deadline in the hart's timer; 0: unknown */
    struct space *vspace;         /* loaded; NULL: the kernel's own */
    struct space *gspace;         /* loaded; NULL: none */
    struct vcpu *vcpu;            /* its VS CSRs are in the hart */
    struct vcpu *resumable;       /* the fast path may enter or leave it; vcpu_fast.c */
    struct fp_state *fp_owner;    /* its FP registers are in the hart */
    struct ready_queue ready;     /* large members last: a load reaches 2 KiB */
    struct timer_queue timers;
    struct trace trace;
};

#endif
