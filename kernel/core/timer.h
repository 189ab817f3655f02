/* SPDX-License-Identifier: BSD-2-Clause */
/* Deadlines of one hart: an intrusive heap, O(log n) at most for every operation. */
#ifndef KERNEL_CORE_TIMER_H
#define KERNEL_CORE_TIMER_H

#include <kernel/hal/types.h>

#define TIMER_NEVER UINT64_MAX

struct timer {
    uint64_t deadline_ticks;
    struct timer *parent, *left, *right;
    uint32_t rank;
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
