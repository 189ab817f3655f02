/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The owners of memory.  The ranges of capabilities, sorted, are properly nested.  A capability
 * whose range lies in an Untyped's range descends from that Untyped.  Other objects share no
 * memory.
 */
#include "walk.h"

#include <kernel/core/cnode.h>
#include <kernel/core/endpoint.h>
#include <kernel/core/irq.h>
#include <kernel/core/notification.h>
#include <kernel/core/vcpu.h>

/* ---- sorting -------------------------------------------------------------------------- */

/* Sorts by start, then the larger range first, then ancestors first. */
static bool is_before(const struct walk *walk, uint32_t a, uint32_t b)
{
    const struct walk_cap *x = &walk->cap[a], *y = &walk->cap[b];

    if (x->start != y->start)
        return x->start < y->start;
    return x->end != y->end ? x->end > y->end : a < b;
}

static void sift_down(struct walk *walk, uint32_t at, uint32_t count)
{
    uint32_t *order = walk->order;

    for (uint32_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && is_before(walk, order[child], order[child + 1]))
            child++;
        if (!is_before(walk, order[at], order[child]))
            return;
        uint32_t swap = order[at];
        order[at] = order[child];
        order[child] = swap;
    }
}

static void sort(struct walk *walk, uint32_t count)
{
    for (uint32_t at = count / 2; at-- > 0;)
        sift_down(walk, at, count);
    while (count > 1) {
        count--;
        uint32_t swap = walk->order[0];
        walk->order[0] = walk->order[count];
        walk->order[count] = swap;
        sift_down(walk, 0, count);
    }
}

/* ---- one object ------------------------------------------------------------------------- */

static void count_slots(struct walk *walk, const struct slot *slot, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        walk->slots_in_use += !slot_is_empty(&slot[i]);
}

static void visit_irq(struct walk *walk, const struct irq *irq)
{
    count_slots(walk, &irq->notification, 1);
    if (irq->source == 0)
        return;
    walk_holds(walk,
               irq->source < IRQ_SOURCE_MAX &&
                   walk->hart->kernel->irq_by_source[irq->source] == irq &&
                   irq->notification.type == OBJ_NOTIFICATION,
               "an Irq bound to a source that does not know it", irq->source);
}

static void visit_notification(struct walk *walk, const struct notification *notification)
{
    const struct thread *bound = notification->bound;

    walk_queue(walk, &notification->waiters, &notification->object);
    if (bound != NULL)
        walk_holds(walk, bound->notification == notification,
                   "a notification bound to a thread that does not know it", (uintptr_t)bound);
}

static void visit(struct walk *walk, const struct object *object)
{
    switch (object->type) {
    case OBJ_CNODE:
        count_slots(walk, (const struct slot *)object + 1,
                    ((const struct cnode *)object)->slot_count - 1);
        break;
    case OBJ_THREAD:
        count_slots(walk, ((const struct thread *)object)->place, THREAD_PLACES);
        walk_thread(walk, (const struct thread *)object);
        break;
    case OBJ_VCPU:
        count_slots(walk, ((const struct vcpu *)object)->place, VCPU_PLACES);
        walk_vcpu(walk, (const struct vcpu *)object);
        break;
    case OBJ_ENDPOINT:
        walk_queue(walk, &((const struct endpoint *)object)->waiters, object);
        break;
    case OBJ_NOTIFICATION:
        visit_notification(walk, (const struct notification *)object);
        break;
    case OBJ_IRQ: visit_irq(walk, (const struct irq *)object); break;
    default: break;
    }
}

/* ---- owners ----------------------------------------------------------------------------- */

static const struct walk_cap *sorted(const struct walk *walk, uint32_t i)
{
    return &walk->cap[walk->order[i]];
}

/* Counts the capabilities to one object, which are neighbours in the order. */
static uint32_t count_same(struct walk *walk, uint32_t i, uint32_t count)
{
    const struct walk_cap *first = sorted(walk, i);
    uint32_t same = 1;

    while (i + same < count && sorted(walk, i + same)->start == first->start &&
           sorted(walk, i + same)->end == first->end) {
        const struct slot *slot = sorted(walk, i + same)->slot;
        walk_holds(walk, slot->type == first->slot->type && slot->object == first->slot->object,
                   "two objects in the same memory", first->start);
        same++;
    }
    return same;
}

/* The Untyped from which a capability's object was made, if that Untyped still exists. */
static const struct walk_cap *maker(const struct walk *walk, const struct walk_cap *cap)
{
    while (&walk->cap[cap->parent] != cap) {
        cap = &walk->cap[cap->parent];
        if (cap->slot->type == OBJ_UNTYPED)
            return cap;
    }
    return NULL;
}

static void visit_group(struct walk *walk, uint32_t i, uint32_t same)
{
    const struct walk_cap *cap = sorted(walk, i);
    const struct object *object = slot_object(cap->slot);

    if (slot_is_dead(cap->slot)) {
        walk_holds(walk, same == 1, "a capability to the dead", cap->start);
        visit(walk, (const struct object *)cap->slot);
        return;
    }
    for (uint32_t k = i; k < i + same; k++) {
        if (cap->slot->type == OBJ_FRAME)
            walk_frame(walk, sorted(walk, k)->slot);
    }
    if (object == NULL)
        return;
    walk->object_count++;
    walk_holds(walk, object->cap_count == same, "a count of capabilities that is not theirs",
               cap->start);
    if (object->type == OBJ_CNODE)
        walk_holds(walk,
                   ((const struct cnode *)object)->slot_count ==
                       UINT32_C(1) << (cap->slot->size_bits - 6),
                   "a CNode of another size", cap->start);
    if (object->type == OBJ_VSPACE || object->type == OBJ_GSPACE)
        walk_space(walk, (const struct space *)object, cap->start, cap->end);
    visit(walk, object);
}

/* Visits capabilities in memory order.  `open`: the innermost Untyped around the next one. */
static void walk_order(struct walk *walk, uint32_t count)
{
    const struct walk_cap *open = NULL;
    uint64_t taken = 0; /* memory below this belongs to an object other than an Untyped */

    for (uint32_t i = 0; i < count && walk->broken == NULL;) {
        const struct walk_cap *cap = sorted(walk, i);
        while (open != NULL && open->end <= cap->start)
            open = maker(walk, open);
        walk_holds(walk, cap->start >= taken, "memory of two objects", cap->start);
        walk_holds(walk, maker(walk, cap) == open, "memory of an Untyped it does not descend from",
                   cap->start);
        if (cap->slot->type == OBJ_UNTYPED) {
            open = cap;
            i++;
            continue;
        }
        uint32_t same = count_same(walk, i, count);
        taken = cap->end;
        if (walk->broken == NULL)
            visit_group(walk, i, same);
        i += same;
    }
}

void walk_memory(struct walk *walk)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < walk->cap_count; i++) {
        if (walk->cap[i].end != 0)
            walk->order[count++] = i;
    }
    sort(walk, count);
    walk_order(walk, count);
}
