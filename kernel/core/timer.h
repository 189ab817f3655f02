/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Deadlines of the threads of one hart.
 *
 * There is a heap for each priority, and above the heaps a tournament: a binary tree whose
 * leaves are the first deadlines of the 64 priorities and whose inner nodes hold the earliest of
 * their two children.
 *
 *              [1]                     A hart need not serve the deadline of a thread that would
 *          [2]     [3]                 not run anyway.  So whoever runs at priority p asks for the
 *        [4] [5] [6] [7]               earliest deadline above p, and sleepers of lower priority,
 *         ...                          however many, cost that thread nothing.
 *     [64] ... [127]   priority 0 .. 63
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

/* All zero: empty. */
struct timer_queue {
    struct timer *first[TIMER_PRIORITIES]; /* earliest deadline of each priority; NULL: none */
    /* The tournament, from [1]; a node holds TIMER_NEVER less the deadline, so 0 means none. */
    uint64_t urgency[2 * TIMER_PRIORITIES];
};

/* `timer` must not be armed; `deadline_ticks` is not TIMER_NEVER. */
void timer_arm(struct timer_queue *queue, struct timer *timer, uint8_t priority,
               uint64_t deadline_ticks);
/* Harmless when not armed. */
void timer_cancel(struct timer_queue *queue, struct timer *timer);

/* The earliest deadline of all, of one priority, of the priorities above one; TIMER_NEVER: none. */
static inline uint64_t timer_earliest(const struct timer_queue *queue)
{
    return TIMER_NEVER - queue->urgency[1];
}

static inline uint64_t timer_earliest_at(const struct timer_queue *queue, uint8_t priority)
{
    return TIMER_NEVER - queue->urgency[TIMER_PRIORITIES + priority];
}

uint64_t timer_earliest_above(const struct timer_queue *queue, uint8_t priority);

/* Of the timers whose deadline is `now_ticks` or earlier, the first of the highest priority, if
 * that is at least `floor`; else NULL. */
struct timer *timer_due(const struct timer_queue *queue, uint64_t now_ticks, uint32_t floor);

#endif
