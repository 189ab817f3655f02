/* SPDX-License-Identifier: BSD-2-Clause */
#include <kernel/core/timer.h>

/* ---- heaps ------------------------------------------------------------------------------ */

static uint32_t rank_of(const struct timer *timer)
{
    return timer == NULL ? 0 : timer->rank;
}

/* Make `timer` leftist again, whose children are; true when its own rank changed. */
static bool timer_balance(struct timer *timer)
{
    uint32_t old = timer->rank;

    if (rank_of(timer->left) < rank_of(timer->right)) {
        struct timer *swap = timer->left;
        timer->left = timer->right;
        timer->right = swap;
    }
    timer->rank = rank_of(timer->right) + 1;
    return timer->rank != old;
}

/* Merge two heaps into one below `parent`: down along the right of both, the earlier first, then up
 * again to restore the ranks. */
static struct timer *timer_merge(struct timer *a, struct timer *b, struct timer *parent)
{
    struct timer *root = NULL, *above = parent;
    struct timer **link = &root;

    while (a != NULL && b != NULL) {
        if (b->deadline_ticks < a->deadline_ticks) {
            struct timer *swap = a;
            a = b;
            b = swap;
        }
        *link = a;
        a->parent = above;
        above = a;
        link = &a->right;
        a = a->right;
    }
    struct timer *rest = a != NULL ? a : b;
    *link = rest;
    if (rest != NULL)
        rest->parent = above;
    for (; above != parent; above = above->parent)
        timer_balance(above);
    return root;
}

/* ---- the tournament -------------------------------------------------------------------- */

/* The first deadline of a priority may be another now. */
static void tournament_update(struct timer_queue *queue, uint32_t priority)
{
    const struct timer *first = queue->first[priority];
    uint32_t node = TIMER_PRIORITIES + priority;

    queue->urgency[node] = first != NULL ? TIMER_NEVER - first->deadline_ticks : 0;
    while (node > 1) {
        node /= 2;
        uint64_t left = queue->urgency[2 * node], right = queue->urgency[2 * node + 1];
        uint64_t winner = left > right ? left : right;
        if (queue->urgency[node] == winner)
            return;
        queue->urgency[node] = winner;
    }
}

uint64_t timer_earliest_above(const struct timer_queue *queue, uint8_t priority)
{
    uint64_t winner = 0;

    /* The right sibling of each left child on the path up covers higher priorities only. */
    for (uint32_t node = TIMER_PRIORITIES + priority; node > 1; node /= 2) {
        if (node % 2 == 0 && queue->urgency[node + 1] > winner)
            winner = queue->urgency[node + 1];
    }
    return TIMER_NEVER - winner;
}

struct timer *timer_due(const struct timer_queue *queue, uint64_t now_ticks, uint32_t floor)
{
    uint64_t due = TIMER_NEVER - now_ticks; /* as urgent as this, or more */
    uint32_t node = 1;

    if (queue->urgency[1] < due || queue->urgency[1] == 0)
        return NULL;
    while (node < TIMER_PRIORITIES)
        node = 2 * node + (queue->urgency[2 * node + 1] >= due ? 1 : 0);
    return node - TIMER_PRIORITIES >= floor ? queue->first[node - TIMER_PRIORITIES] : NULL;
}

/* ---- arming and cancelling -------------------------------------------------------------- */

void timer_arm(struct timer_queue *queue, struct timer *timer, uint8_t priority,
               uint64_t deadline_ticks)
{
    struct timer **first = &queue->first[priority];

    *timer = (struct timer){
        .deadline_ticks = deadline_ticks, .rank = 1, .priority = priority, .is_armed = true
    };
    *first = timer_merge(*first, timer, NULL);
    tournament_update(queue, priority);
}

/* Take `timer` out of its heap, where it is not the first. */
static void timer_unlink(struct timer *timer, struct timer *rest)
{
    struct timer *parent = timer->parent;

    if (parent->left == timer)
        parent->left = rest;
    else
        parent->right = rest;
    /* Ranks that change form a chain in which each is one more than the one below: it is short. */
    while (parent != NULL && timer_balance(parent))
        parent = parent->parent;
}

void timer_cancel(struct timer_queue *queue, struct timer *timer)
{
    if (!timer->is_armed)
        return;
    struct timer *rest = timer_merge(timer->left, timer->right, timer->parent);

    if (timer->parent != NULL) {
        timer_unlink(timer, rest);
    } else {
        queue->first[timer->priority] = rest;
        tournament_update(queue, timer->priority);
    }
    timer->is_armed = false;
}
