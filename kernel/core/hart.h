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

/* Times of the scheduler (sched.h), in ticks. */
struct slice {
    uint64_t whole_ticks;   /* time slice among equal priorities */
    uint64_t least_ticks;   /* a shorter rest of a slice counts as none */
    uint64_t preempt_ticks; /* what a thread that wakes pays to the equal that it preempts */
};

struct kernel {
    struct space_table vspaces;
    struct space_table gspaces;
    struct irq *irq_by_source[IRQ_SOURCE_MAX];
};

struct ready_queue {
    uint64_t present; /* bit p: list p is not empty */
    uint64_t ticket;  /* the last one that a thread got at the end of a list */
    struct thread_queue list[THREAD_PRIORITY_COUNT];
};

struct hart {
    struct kernel *kernel;
    uint64_t id;
    struct thread *current;       /* NULL: idle */
    struct thread *woken;         /* the last equal that woke to preempt current, or NULL */
    uint64_t slice_end_ticks;     /* of current */
    uint64_t stopped_ticks;       /* when current blocked or yielded; 0: the hart was idle since */
    struct slice slice;
    uint64_t armed_ticks;         /* deadline in the hart's timer; 0: unknown */
    struct space *vspace;         /* loaded; NULL: the kernel's own */
    struct space *gspace;         /* loaded; NULL: none */
    struct vcpu *vcpu;            /* its VS CSRs are in the hart */
    struct vcpu *resumable;       /* the fast path may enter or leave it; vcpu_fast.c */
    struct fp_state *fp_owner;    /* its FP registers are in the hart */
    struct ready_queue ready;     /* large members last: a load reaches 2 KiB */
    struct timer_queue timers;
    struct trace trace;
    uint64_t served[THREAD_PRIORITY_COUNT]; /* ticket of the latest new slice; sched.h */
};

#endif
