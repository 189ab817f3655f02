/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A slot holds one capability, and is a node of the derivation tree.
 *
 *          parent                 The children of a slot form a list from first_child
 *       first/  \last             to last_child.  The first child's prev and the last
 *          v      v               child's next point at the parent.  Only those two
 *   parent<-c1<->c2->parent       point at it, so a whole list of children changes its
 *                                 parent in O(1).
 *
 * Every operation here is O(1).  Deleting a slot puts its children into its place.  So a
 * revoke deletes the first child until no child is left: it needs no recursion, and the
 * tree is valid after each step.
 *
 * A node is either a capability or a tombstone: the header of a dead object (object.h), which
 * begins like a slot, stands where the object's last capability was, and has no children.
 */
#ifndef KERNEL_CORE_SLOT_H
#define KERNEL_CORE_SLOT_H

#include <abi/calls.h>
#include <kernel/hal/types.h>

/* slot.flags */
#define SLOT_DEVICE   0x01u /* Untyped, Frame: device memory: never zeroed, holds no tables */
#define SLOT_EMBEDDED 0x02u /* part of an object (its owner: word[1]), not of a CNode */
#define SLOT_DEAD     0x04u /* a tombstone: only flags and links are valid */

struct slot {
    uint8_t type;      /* enum obj_type; OBJ_NONE: the slot is empty */
    uint8_t rights;    /* mask of RIGHT_* */
    uint8_t size_bits; /* Untyped, Frame */
    uint8_t flags;     /* SLOT_* */
    uint32_t space;    /* Frame: space it is mapped in (space.h); 0: not mapped */
    struct slot *next, *prev, *first_child, *last_child;
    uint64_t object;   /* kernel address of the object; Untyped, Frame: physical address */
    uint64_t word[2];  /* Untyped: bytes handed out, bytes known to be zero
                          Frame: address in the space, generation of the space
                          Endpoint, Notification: badge, -         (embedded: -, owner) */
};

_Static_assert(sizeof(struct slot) == 64, "a slot is one cache line");

static inline bool slot_is_empty(const struct slot *slot)
{
    return slot->type == OBJ_NONE;
}

static inline bool slot_is_dead(const struct slot *node)
{
    return (node->flags & SLOT_DEAD) != 0;
}

/* Link `child`, which is filled in and in no tree, as the first child of `parent`. */
void slot_insert_child(struct slot *parent, struct slot *child);

/* Take `slot` out of the tree and make it empty.  Its children take its place. */
void slot_remove(struct slot *slot);

/* Move a capability and its place in the tree from `from` to the empty slot `to`. */
void slot_move(struct slot *to, struct slot *from);

/* Make the first child of `parent` the last. */
void slot_rotate_children(struct slot *parent);

/* Put a tombstone into the place of `slot`, which has no children and is empty afterwards. */
void slot_bury(struct slot *slot, struct slot *tombstone);
/* Take a tombstone out of the tree. */
void slot_unbury(struct slot *tombstone);

#endif
