/* SPDX-License-Identifier: BSD-2-Clause */
#include <kernel/core/timer.h>

/* ---- heaps ------------------------------------------------------------------------------ */

static uint32_t rank_of(const struct timer *timer)
{
    return timer == NULL ? 0 : timer->rank;
}

/* Make `timer` leftist again; its children are.  True: its own rank changed. */
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

/* Merge two heaps into one below `parent`: go down the rightmost paths of both, the earlier node
 * first, then up again to restore the ranks. */
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

/* ---- first deadlines -------------------------------------------------------------------- */

static uint64_t more_urgent(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint64_t most_urgent_of(const uint64_t row[TIMER_GROUP])
{
    uint64_t ab = more_urgent(row[0], row[1]), cd = more_urgent(row[2], row[3]);
    uint64_t ef = more_urgent(row[4], row[5]), gh = more_urgent(row[6], row[7]);

    return more_urgent(more_urgent(ab, cd), more_urgent(ef, gh));
}

/* The heap of `priority` has a new first deadline: update the rows. */
static void first_changed(struct timer_queue *queue, size_t priority)
{
    const struct timer *first = queue->heap[priority];
    uint64_t urgency = first != NULL ? TIMER_NEVER - first->deadline_ticks : 0;
    uint64_t *group = &queue->group[priority / TIMER_GROUP];
    bool is_later = urgency < queue->first[priority];

    queue->first[priority] = urgency;
    if (is_later) {
        *group = most_urgent_of(&queue->first[priority / TIMER_GROUP * TIMER_GROUP]);
        queue->earliest = most_urgent_of(queue->group);
    } else {
        *group = more_urgent(*group, urgency);
        queue->earliest = more_urgent(queue->earliest, urgency);
    }
}

uint64_t timer_earliest_from(const struct timer_queue *queue, uint8_t floor)
{
    size_t p = floor, g = floor / TIMER_GROUP + 1;
    uint64_t urgency = queue->first[p];

    for (p++; p % TIMER_GROUP != 0; p++)
        urgency = more_urgent(urgency, queue->first[p]);
    for (; g < TIMER_GROUPS; g++)
        urgency = more_urgent(urgency, queue->group[g]);
    return TIMER_NEVER - urgency;
}

struct timer *timer_due_by_priority(const struct timer_queue *queue, uint64_t now_ticks,
                                    uint32_t floor)
{
    uint64_t due = TIMER_NEVER - now_ticks; /* an entry of at least this value has passed */
    const uint64_t *group = &queue->group[TIMER_GROUPS - 1];

    while (*group < due)
        group--;
    const uint64_t *first = &queue->first[(group - queue->group + 1) * TIMER_GROUP - 1];
    while (*first < due)
        first--;
    size_t priority = (size_t)(first - queue->first);
    return priority >= floor ? queue->heap[priority] : NULL;
}

/* ---- arming and cancelling -------------------------------------------------------------- */

void timer_arm(struct timer_queue *queue, struct timer *timer, uint8_t priority,
               uint64_t deadline_ticks)
{
    struct timer **heap = &queue->heap[priority];

    *timer = (struct timer){
        .deadline_ticks = deadline_ticks, .rank = 1, .priority = priority, .is_armed = true
    };
    *heap = *heap == NULL ? timer : timer_merge(*heap, timer, NULL);
    if (*heap == timer)
        first_changed(queue, priority);
}

/* Replace `timer`, which is not the first of its heap, by `rest`. */
static void timer_unlink(struct timer *timer, struct timer *rest)
{
    struct timer *parent = timer->parent;

    if (parent->left == timer)
        parent->left = rest;
    else
        parent->right = rest;
    /* Each rank that changes is one more than the rank below it, so these loops are O(log n). */
    while (parent != NULL && timer_balance(parent))
        parent = parent->parent;
}

void timer_cancel(struct timer_queue *queue, struct timer *timer)
{
    if (!timer->is_armed)
        return;
    struct timer *rest = NULL;

    if (timer->left != NULL) /* a leftist heap's timer without a left child has no right one */
        rest = timer_merge(timer->left, timer->right, timer->parent);
    if (timer->parent != NULL) {
        timer_unlink(timer, rest);
    } else {
        queue->heap[timer->priority] = rest;
        first_changed(queue, timer->priority);
    }
    timer->is_armed = false;
}
