/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Deadlines of the threads of one hart.
 *
 * There is a heap for each priority.  A hart need not serve the deadline of a thread that would
 * not run anyway: whoever runs at priority p asks for the earliest deadline above p, and sleepers
 * of lower priority, however many, cost that thread nothing.  So that such questions read few
 * words, the first deadlines are kept in three rows, each the earliest of eight of the row before:
 *
 *     first[64]   one for each priority
 *     group[8]    priorities 0 .. 7, 8 .. 15, ...
 *     earliest    of all
 *
 * A heap is an intrusive leftist heap: in each subtree the path down the right is the shortest to
 * a missing child, so it has at most log2(n + 1) nodes, and only such paths are walked.  Every
 * operation is O(log n) for n timers of one priority, without recursion.
 */
#ifndef KERNEL_CORE_TIMER_H
#define KERNEL_CORE_TIMER_H

#include <kernel/hal/types.h>

#define TIMER_NEVER      UINT64_MAX
#define TIMER_PRIORITIES 64u

struct timer {
    uint64_t deadline_ticks;
    struct timer *parent, *left, *right;
    uint32_t rank; /* nodes on the path down the right; 0 is that of a missing child */
    uint8_t priority;
    bool is_armed;
};

#define TIMER_GROUP  8u
#define TIMER_GROUPS (TIMER_PRIORITIES / TIMER_GROUP)

/* The deadlines are kept as TIMER_NEVER less the deadline: the larger the more urgent, and 0 means
 * none.  A queue of zeros is empty. */
struct timer_queue {
    uint64_t earliest;
    uint64_t group[TIMER_GROUPS];
    uint64_t first[TIMER_PRIORITIES];
    struct timer *heap[TIMER_PRIORITIES];
};

/* `timer` must not be armed; `deadline_ticks` is not TIMER_NEVER. */
void timer_arm(struct timer_queue *queue, struct timer *timer, uint8_t priority,
               uint64_t deadline_ticks);
/* Harmless when not armed. */
void timer_cancel(struct timer_queue *queue, struct timer *timer);

/* The earliest deadline of all, of one priority, of the priorities above one; TIMER_NEVER: none. */
static inline uint64_t timer_earliest(const struct timer_queue *queue)
{
    return TIMER_NEVER - queue->earliest;
}

static inline uint64_t timer_earliest_at(const struct timer_queue *queue, uint8_t priority)
{
    return TIMER_NEVER - queue->first[priority];
}

uint64_t timer_earliest_above(const struct timer_queue *queue, uint8_t priority);

/* Of the timers whose deadline is `now_ticks` or earlier, the first of the highest priority, if
 * that is at least `floor`; else NULL. */
struct timer *timer_due(const struct timer_queue *queue, uint64_t now_ticks, uint32_t floor);

#endif
