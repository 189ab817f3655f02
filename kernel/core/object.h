/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The common part of all kernel objects: creation and destruction.
 *
 * An object lives in memory handed out by an Untyped and counts the capabilities that name it.
 *
 *   alive --last capability deleted--> dead, a tombstone --taken apart--> memory of its Untyped
 *
 * Deleting its last capability condemns the object: it leaves every place where a hart could find
 * it (O(1)), and its header takes the place of that capability in the derivation tree, as a
 * tombstone.  Its contents (slots, waiters) are taken apart one bounded step at a time:
 *
 *   - by the thread whose call condemned the object, before that thread returns to user mode: each
 *     thread has a list of the dead objects that it must take apart (thread.h);
 *   - by a thread that wants the memory back: a revoke of the Untyped takes apart all tombstones
 *     below that Untyped, a retype that finds no room those before the first live child, also
 *     tombstones of other threads.
 *
 * So an Untyped without children contains no object, alive or dead, and each call pays only for
 * the objects that it names.  A thread that destroys another thread takes over the other's list.
 * The list of a thread that destroys itself stays until the memory is revoked.
 */
#ifndef KERNEL_CORE_OBJECT_H
#define KERNEL_CORE_OBJECT_H

#include <abi/calls.h>
#include <base/err.h>
#include <kernel/core/slot.h>

struct kernel;
struct hart;

/* A link of a ring of dead objects.  The thread that must take them apart has the ring's head. */
struct dead_link {
    struct dead_link *next, *prev;
};

/* Begins like struct slot, so that a dead object can be a node of the derivation tree. */
struct object {
    uint8_t type; /* enum obj_type */
    uint8_t unused[2];
    uint8_t flags; /* SLOT_DEAD or 0 */
    uint32_t cap_count;
    struct slot *next, *prev, *first_child, *last_child; /* of a tombstone; else NULL */
    struct dead_link dead;                               /* of a dead object */
};

#define OBJECT_HEAD_MATCHES(member)                                           \
    (offsetof(struct object, member) == offsetof(struct slot, member) &&      \
     sizeof(((struct object *)0)->member) == sizeof(((struct slot *)0)->member))
_Static_assert(OBJECT_HEAD_MATCHES(flags) && OBJECT_HEAD_MATCHES(next) &&
                   OBJECT_HEAD_MATCHES(prev) && OBJECT_HEAD_MATCHES(first_child) &&
                   OBJECT_HEAD_MATCHES(last_child),
               "a tombstone is a node like a slot");

static inline bool object_is_dead(const struct object *object)
{
    return (object->flags & SLOT_DEAD) != 0;
}

/* Create an object in `memory`, which has the object's size and is zeroed (except for an Untyped or
 * a device Frame).  Fills `slot` with the first capability: all rights, not in the tree yet.
 * Cannot fail: the caller has checked that a space identifier is free (space_free_count). */
void object_create(struct hart *hart, enum obj_type type, uint8_t size_bits, uint8_t flags,
                   hpa_t memory, struct slot *slot);

/* The object that a slot names; NULL for Untyped, Frame and the singletons. */
struct object *slot_object(const struct slot *slot);

/* The same for a slot that either names such an object or is empty (all zeros): then NULL. */
static inline struct object *slot_known_object(const struct slot *slot)
{
    return (struct object *)(uintptr_t)slot->object;
}

/* Fill the empty `copy` with a child of `source`: the same badge, and the rights that are both in
 * `source` and in `rights`.  A mapping is not copied.  `source` is not an Untyped. */
void slot_derive(struct slot *copy, struct slot *source, uint8_t rights);
/* The same with all rights of `source`, into an embedded slot of `owner`. */
void slot_embed(struct slot *place, struct slot *source, struct object *owner);

/* Delete a capability: unmap the Frame; tell the owner of an embedded slot; with the last
 * capability, condemn the object, which the current thread must then take apart (without a current
 * thread, it stays a tombstone).  O(1).  An empty slot is left as it is. */
void slot_delete(struct hart *hart, struct slot *slot);

/* Delete a node of the tree.  If it is a tombstone, take it apart by one bounded step. */
void node_delete(struct hart *hart, struct slot *node);

/* ---- the dead objects that a thread must take apart -------------------------------- */

/* Initialise an empty ring. */
void dead_ring_create(struct dead_link *ring);
bool dead_ring_is_empty(const struct dead_link *ring);
/* Take apart the objects of the current thread's ring, which is not empty, until the ring is empty,
 * an interrupt is pending, a thread of higher priority is ready, or another thread is current.
 * Takes at least one bounded step. */
void dead_ring_take_apart(struct hart *hart);
/* Move all objects of `from` to `to`.  NULL: they stay linked to each other, and no thread takes
 * them apart. */
void dead_ring_pass(struct dead_link *from, struct dead_link *to);

#endif
