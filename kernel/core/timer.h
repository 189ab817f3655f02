/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Deadlines of one hart: an intrusive leftist heap.  In each subtree the way down
 * the right is the shortest to a missing child, so it has at most log2(n + 1) nodes,
 * and only such ways are walked: O(log n) at most for every operation, no recursion.
 */
#ifndef KERNEL_CORE_TIMER_H
#define KERNEL_CORE_TIMER_H

#include <kernel/hal/types.h>

#define TIMER_NEVER UINT64_MAX

struct timer {
    uint64_t deadline_ticks;
    struct timer *parent, *left, *right;
    uint32_t rank; /* nodes on the way down the right; 0 is that of a missing child */
    bool is_armed;
};

struct timer_queue {
    struct timer *first; /* earliest deadline; NULL: empty */
};

/* `timer` must not be armed. */
void timer_arm(struct timer_queue *queue, struct timer *timer, uint64_t deadline_ticks);
/* Harmless when not armed. */
void timer_cancel(struct timer_queue *queue, struct timer *timer);

#endif
