/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Deadlines of the threads of one hart.
 *
 * Each priority has a heap of its own.  A hart need not serve the deadline of a thread that could
 * not run then: while a thread of priority p runs, only the earliest deadline above p matters, and
 * sleepers of lower priority, however many, cost that thread nothing.  To find the earliest with
 * few reads, three rows keep the first deadlines; an entry is the earliest of eight one row above:
 *
 *     first[64]   one for each priority
 *     group[8]    priorities 0 .. 7, 8 .. 15, ...
 *     earliest    of all
 *
 * Each heap is an intrusive leftist heap: in each subtree the rightmost path is the shortest path
 * to a missing child, so it has at most log2(n + 1) nodes.  Every operation walks rightmost paths
 * only: O(log n) for n timers of one priority, without recursion.
 */
#ifndef KERNEL_CORE_TIMER_H
#define KERNEL_CORE_TIMER_H

#include <kernel/hal/types.h>

#define TIMER_NEVER      UINT64_MAX
#define TIMER_PRIORITIES 64u

/* The earlier of two deadlines. */
static inline uint64_t timer_earlier(uint64_t a_ticks, uint64_t b_ticks)
{
    return a_ticks < b_ticks ? a_ticks : b_ticks;
}

struct timer {
    uint64_t deadline_ticks;
    struct timer *parent, *left, *right;
    uint32_t rank; /* nodes on the rightmost path; a missing child has rank 0 */
    uint8_t priority;
    bool is_armed;
};

#define TIMER_GROUP  8u
#define TIMER_GROUPS (TIMER_PRIORITIES / TIMER_GROUP)

/* The rows hold TIMER_NEVER minus the deadline: larger is more urgent, and 0 means no deadline.  A
 * queue of zeros is empty. */
struct timer_queue {
    uint64_t earliest;
    uint64_t group[TIMER_GROUPS];
    uint64_t first[TIMER_PRIORITIES];
    struct timer *heap[TIMER_PRIORITIES];
};

/* `timer` must not be armed, and `deadline_ticks` not be TIMER_NEVER. */
void timer_arm(struct timer_queue *queue, struct timer *timer, uint8_t priority,
               uint64_t deadline_ticks);
/* Does nothing if `timer` is not armed. */
void timer_cancel(struct timer_queue *queue, struct timer *timer);

/* The earliest deadline of all, of `priority`, or of `floor` and above; TIMER_NEVER: none. */
static inline uint64_t timer_earliest(const struct timer_queue *queue)
{
    return TIMER_NEVER - queue->earliest;
}

static inline uint64_t timer_earliest_at(const struct timer_queue *queue, uint8_t priority)
{
    return TIMER_NEVER - queue->first[priority];
}

uint64_t timer_earliest_from(const struct timer_queue *queue, uint8_t floor);

/* Is timer_earliest() that of `floor` and above?  True is certain: the earliest of all is in the
 * highest group, where supervisors are.  False: timer_earliest_from() has to look. */
static inline bool timer_earliest_is_from(const struct timer_queue *queue, uint8_t floor)
{
    return queue->group[TIMER_GROUPS - 1] == queue->earliest &&
           floor <= TIMER_PRIORITIES - TIMER_GROUP;
}

/* As timer_due(), when the earliest deadline of all has passed. */
struct timer *timer_due_by_priority(const struct timer_queue *queue, uint64_t now_ticks,
                                    uint32_t floor);

/* Among the timers whose deadline is `now_ticks` or earlier, the first one of the highest priority,
 * if that priority is at least `floor`; else NULL. */
static inline struct timer *timer_due(const struct timer_queue *queue, uint64_t now_ticks,
                                      uint32_t floor)
{
    if (timer_earliest(queue) > now_ticks)
        return NULL;
    return timer_due_by_priority(queue, now_ticks, floor);
}

#endif
