/* SPDX-License-Identifier: BSD-2-Clause */
/* The derivation trees: links, rights, badges, and the place of each capability. */
#include "walk.h"

#include <kernel/core/cnode.h>
#include <kernel/core/irq.h>
#include <kernel/core/vcpu.h>
#include <string.h>

#define USED_BYTES   0 /* indices of an Untyped's words */
#define ZEROED_BYTES 1

/* The header of a space lies after its root table. */
static uint64_t header_offset(uint8_t type)
{
    return type == OBJ_VSPACE ? PAGE_BYTES : type == OBJ_GSPACE ? 4 * PAGE_BYTES : 0;
}

static void find_memory(struct walk_cap *cap)
{
    const struct slot *slot = cap->slot;
    struct object *object = slot_object(slot);

    cap->start = cap->end = 0;
    if (slot->type == OBJ_UNTYPED || slot->type == OBJ_FRAME)
        cap->start = slot->object;
    else if (object != NULL)
        cap->start = hal_virt_to_phys(object).raw - header_offset(slot->type);
    else
        return;
    cap->end = cap->start + (UINT64_C(1) << slot->size_bits);
}

/* The slots inside an object, and their number. */
static const struct slot *places_of(const struct object *object, uint32_t *count)
{
    switch (object->type) {
    case OBJ_THREAD: *count = THREAD_PLACES; return ((const struct thread *)object)->place;
    case OBJ_VCPU: *count = VCPU_PLACES; return ((const struct vcpu *)object)->place;
    case OBJ_IRQ: *count = 1; return &((const struct irq *)object)->notification;
    default: *count = 0; return NULL;
    }
}

static bool is_place(const struct walk *walk, const struct slot *slot)
{
    const struct object *owner = (const struct object *)(uintptr_t)slot->word[1];
    uint32_t count = TRACE_CHUNKS_MAX;
    const struct slot *place = owner == &walk->hart->trace.owner ? walk->hart->trace.place
                                                                 : places_of(owner, &count);

    return slot >= place && slot < place + count;
}

/* All types but the CNode have a fixed size; spaces leave no tombstone. */
static uint64_t dead_bytes(const struct object *object)
{
    switch (object->type) {
    case OBJ_CNODE: return ((const struct cnode *)object)->slot_count * sizeof(struct slot);
    case OBJ_THREAD: return UINT64_C(1) << THREAD_BITS_MIN;
    case OBJ_ENDPOINT: return UINT64_C(1) << ENDPOINT_BITS_MIN;
    case OBJ_NOTIFICATION: return UINT64_C(1) << NOTIFICATION_BITS_MIN;
    case OBJ_VCPU: return UINT64_C(1) << VCPU_BITS_MIN;
    default: return UINT64_C(1) << IRQ_BITS_MIN;
    }
}

/* A tombstone stands in its object's header: its memory is that object's. */
static void find_grave_memory(struct walk_cap *cap)
{
    cap->start = hal_virt_to_phys(cap->slot).raw;
    cap->end = cap->start + dead_bytes((const struct object *)cap->slot);
}

static void check_grave(struct walk *walk, const struct slot *slot)
{
    const struct object *object = (const struct object *)slot;
    uint64_t at = (uintptr_t)slot;

    walk_holds(walk, object->type > OBJ_NONE && object->type < OBJ_COUNT && object->cap_count == 0,
               "a tombstone of the living", at);
    walk_holds(walk, slot->first_child == NULL && slot->last_child == NULL,
               "children of a tombstone", at);
    walk_holds(walk, object->dead.next != NULL && object->dead.next->prev == &object->dead &&
                         object->dead.prev->next == &object->dead,
               "a tombstone in no ring of the dead", at);
}

static void check_slot(struct walk *walk, const struct slot *slot)
{
    struct object *object = slot_object(slot);
    uint64_t at = (uintptr_t)slot;

    if (!walk_holds(walk, slot->type > OBJ_NONE && slot->type < OBJ_COUNT, "no type", at))
        return;
    walk_holds(walk, (slot->rights & ~RIGHTS_ALL) == 0, "unknown rights", at);
    walk_holds(walk, (slot->first_child == NULL) == (slot->last_child == NULL),
               "half a list of children", at);
    if ((slot->flags & SLOT_EMBEDDED) != 0)
        walk_holds(walk, slot->type != OBJ_UNTYPED && slot->word[1] != 0 && is_place(walk, slot),
                   "an embedded slot outside its owner", at);
    if (object == NULL)
        return;
    walk_holds(walk, object->type == slot->type, "a capability to another type", at);
    walk_holds(walk, !object_is_dead(object), "a capability to the dead", at);
}

static void check_untyped(struct walk *walk, const struct walk_cap *cap)
{
    const struct slot *slot = cap->slot;
    uint64_t bytes = cap->end - cap->start;

    if (slot->type != OBJ_UNTYPED)
        return;
    walk_holds(walk, (cap->start & (bytes - 1)) == 0, "an Untyped that is not aligned",
               cap->start);
    walk_holds(walk, slot->word[USED_BYTES] <= bytes && slot->word[ZEROED_BYTES] <= bytes,
               "an Untyped has handed out more than it has", cap->start);
}

/* A child has no more rights than its parent, keeps a badge, and lies in handed-out memory. */
static void check_child(struct walk *walk, const struct walk_cap *cap)
{
    const struct walk_cap *from = &walk->cap[cap->parent];
    const struct slot *slot = cap->slot, *parent = from->slot;

    if (cap == from)
        return;
    if (parent->type == OBJ_UNTYPED) {
        walk_holds(walk,
                   cap->start >= from->start && cap->end > cap->start &&
                       cap->end <= from->start + parent->word[USED_BYTES],
                   "memory that was not handed out", cap->start);
        walk_holds(walk, (slot->flags & SLOT_DEVICE) == (parent->flags & SLOT_DEVICE),
                   "device memory and other mixed", cap->start);
        return;
    }
    walk_holds(walk, slot->type == parent->type && slot->object == parent->object,
               "a child that names something else", (uintptr_t)slot);
    walk_holds(walk, slot->type != OBJ_UNTYPED, "an Untyped was copied", cap->start);
    walk_holds(walk, (slot->rights & ~parent->rights) == 0, "rights grew", (uintptr_t)slot);
    if (slot->type == OBJ_ENDPOINT || slot->type == OBJ_NOTIFICATION)
        walk_holds(walk, parent->word[0] == 0 || parent->word[0] == slot->word[0],
                   "a badge changed", (uintptr_t)slot);
}

static uint32_t add_cap(struct walk *walk, struct slot *slot, uint32_t parent)
{
    uint32_t at = walk->cap_count;

    if (!walk_holds(walk, at < WALK_CAPS_MAX, "more capabilities than the walk has room for", at))
        return 0;
    walk->cap_count++;
    struct walk_cap *cap = &walk->cap[at];
    *cap = (struct walk_cap){ .slot = slot, .parent = parent == WALK_CAPS_MAX ? at : parent };
    if (slot_is_dead(slot)) {
        check_grave(walk, slot);
        find_grave_memory(cap);
        walk->graves++;
        return at;
    }
    check_slot(walk, slot);
    if (walk->broken != NULL)
        return at;
    find_memory(cap);
    check_untyped(walk, cap);
    check_child(walk, cap);
    return at;
}

/* Walks one tree in preorder, by its links alone, and compares both ends of each link. */
static void walk_tree(struct walk *walk, struct slot *root)
{
    uint32_t at = add_cap(walk, root, WALK_CAPS_MAX);
    const uint32_t top = at;

    while (walk->broken == NULL) {
        struct slot *slot = walk->cap[at].slot, *child = slot->first_child;
        if (child != NULL) {
            walk_holds(walk, child->prev == slot && slot->last_child->next == slot,
                       "a list of children without its parent", (uintptr_t)slot);
            at = add_cap(walk, child, at);
            continue;
        }
        while (at != top && slot->next == walk->cap[walk->cap[at].parent].slot &&
               slot->next->last_child == slot) {
            at = walk->cap[at].parent;
            slot = walk->cap[at].slot;
        }
        if (at == top)
            return;
        if (!walk_holds(walk, slot->next != NULL && slot->next->prev == slot,
                        "siblings that do not know each other", (uintptr_t)slot))
            return;
        at = add_cap(walk, slot->next, walk->cap[at].parent);
    }
}

void walk_trees(struct walk *walk, struct slot *root, uint32_t root_count)
{
    for (uint32_t i = 0; i < root_count && walk->broken == NULL; i++) {
        if (slot_is_empty(&root[i]) || root[i].prev != NULL)
            continue;
        walk_holds(walk, root[i].next == NULL, "a root with a sibling", i);
        walk_tree(walk, &root[i]);
    }
}

bool walk_kernel(struct walk *walk, struct hart *hart, struct slot *root, uint32_t root_count,
                 bool is_table)
{
    memset(walk, 0, offsetof(struct walk, cap));
    walk->hart = hart;
    walk_trees(walk, root, root_count);
    if (walk->broken == NULL)
        walk_memory(walk);
    for (uint32_t i = 0; i < root_count && !is_table; i++)
        walk->slots_in_use += !slot_is_empty(&root[i]);
    if (walk->broken == NULL)
        walk_hart(walk);
    return walk->broken == NULL;
}
