/* SPDX-License-Identifier: BSD-2-Clause */
#include <kernel/core/timer.h>

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

void timer_arm(struct timer_queue *queue, struct timer *timer, uint64_t deadline_ticks)
{
    *timer = (struct timer){ .deadline_ticks = deadline_ticks, .rank = 1, .is_armed = true };
    queue->first = timer_merge(queue->first, timer, NULL);
}

void timer_cancel(struct timer_queue *queue, struct timer *timer)
{
    if (!timer->is_armed)
        return;
    struct timer *parent = timer->parent;
    struct timer *rest = timer_merge(timer->left, timer->right, parent);

    if (parent == NULL)
        queue->first = rest;
    else if (parent->left == timer)
        parent->left = rest;
    else
        parent->right = rest;
    /* Ranks that change form a chain in which each is one more than the one below: it is short. */
    while (parent != NULL && timer_balance(parent))
        parent = parent->parent;
    timer->is_armed = false;
}
