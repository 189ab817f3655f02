/* SPDX-License-Identifier: BSD-2-Clause */
#include <kernel/core/slot.h>

static bool slot_is_first(const struct slot *slot)
{
    return slot->prev == NULL || slot->prev->first_child == slot;
}

static bool slot_is_last(const struct slot *slot)
{
    return slot->next == NULL || slot->next->last_child == slot;
}

/* Let the node before a place in a list (a sibling, or the parent) point at `slot`. */
static void link_from_prev(struct slot *prev, bool is_parent, struct slot *slot)
{
    if (prev == NULL)
        return;
    if (is_parent)
        prev->first_child = slot;
    else
        prev->next = slot;
}

static void link_from_next(struct slot *next, bool is_parent, struct slot *slot)
{
    if (next == NULL)
        return;
    if (is_parent)
        next->last_child = slot;
    else
        next->prev = slot;
}

void slot_insert_child(struct slot *parent, struct slot *child)
{
    struct slot *old = parent->first_child;

    child->first_child = NULL;
    child->last_child = NULL;
    child->prev = parent;
    child->next = old != NULL ? old : parent;
    if (old != NULL)
        old->prev = child;
    else
        parent->last_child = child;
    parent->first_child = child;
}

/* Remove an only child that has no children: its parent becomes a leaf.  The child's prev and next
 * are both the parent (or both NULL). */
static void remove_only_leaf(struct slot *parent)
{
    if (parent == NULL)
        return;
    parent->first_child = NULL;
    parent->last_child = NULL;
}

/* Take a node out of the tree.  Its children take its place. */
static void node_unlink(const struct slot *slot)
{
    struct slot *prev = slot->prev, *next = slot->next;
    bool is_first = slot_is_first(slot), is_last = slot_is_last(slot);
    struct slot *head = slot->first_child, *tail = slot->last_child;

    if (head != NULL) {
        head->prev = prev;
        tail->next = next;
        link_from_prev(prev, is_first, head);
        link_from_next(next, is_last, tail);
    } else if (is_first && is_last) {
        remove_only_leaf(prev);
    } else if (is_first) {
        next->prev = prev;
        link_from_prev(prev, true, next);
    } else if (is_last) {
        prev->next = next;
        link_from_next(next, true, prev);
    } else {
        prev->next = next;
        next->prev = prev;
    }
}

void slot_remove(struct slot *slot)
{
    node_unlink(slot);
    *slot = (struct slot){ .type = OBJ_NONE };
}

/* Let the neighbours of `from` point at `to` instead; the links of `to` are not written. */
static void node_replace(struct slot *to, const struct slot *from)
{
    link_from_prev(from->prev, slot_is_first(from), to);
    link_from_next(from->next, slot_is_last(from), to);
    if (from->first_child != NULL) {
        from->first_child->prev = to;
        from->last_child->next = to;
    }
}

void slot_move(struct slot *to, struct slot *from)
{
    node_replace(to, from);
    *to = *from;
    *from = (struct slot){ .type = OBJ_NONE };
}

void slot_bury(struct slot *slot, struct slot *tombstone)
{
    node_replace(tombstone, slot);
    tombstone->next = slot->next;
    tombstone->prev = slot->prev;
    *slot = (struct slot){ .type = OBJ_NONE };
}

void slot_unbury(struct slot *tombstone)
{
    node_unlink(tombstone);
    tombstone->next = NULL;
    tombstone->prev = NULL;
}

void slot_rotate_children(struct slot *parent)
{
    struct slot *first = parent->first_child, *last = parent->last_child;

    if (first == last)
        return;
    parent->first_child = first->next;
    first->next->prev = parent;
    last->next = first;
    first->prev = last;
    first->next = parent;
    parent->last_child = first;
}
