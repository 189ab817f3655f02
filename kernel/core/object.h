/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What all kernel objects have in common: how they begin and how they end.
 *
 * An object lives in memory handed out by an Untyped and counts the capabilities that name it.
 *
 *   alive --last capability deleted--> dead, a tombstone --taken apart--> memory of its Untyped
 *
 * With its last capability the object is condemned: it leaves every place a hart could find it in
 * (O(1)), and its header takes the place of that capability in the derivation tree, as a
 * tombstone.  What it still holds (slots, waiters) is taken apart one bounded step at a time:
 *
 *   - by the thread whose call condemned it, before that thread returns to user mode: each thread
 *     has a list of the dead it has to take apart (thread.h);
 *   - by whoever wants the memory back: a revoke of the Untyped, or a retype that has no room
 *     otherwise, takes its tombstones apart, whoever condemned them.
 *
 * So an Untyped without children has nothing in it, alive or dead, and a call costs what that call
 * names.  A thread that destroys a thread takes over its list.  One that destroys itself leaves
 * its list to whoever wants the memory.
 */
#ifndef KERNEL_CORE_OBJECT_H
#define KERNEL_CORE_OBJECT_H

#include <abi/calls.h>
#include <base/err.h>
#include <kernel/core/slot.h>

struct kernel;
struct hart;

/* A link of a ring of dead objects, or the thread that is to take them apart. */
struct dead_link {
    struct dead_link *next, *prev;
};

/* The first members are those of struct slot, so that a dead object is a node of the tree. */
struct object {
    uint8_t type; /* enum obj_type */
    uint8_t unused[2];
    uint8_t flags; /* SLOT_DEAD or 0 */
    uint32_t cap_count;
    struct slot *next, *prev, *first_child, *last_child; /* of a tombstone; NULL before */
    struct dead_link dead;                               /* once dead */
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

/* Begin an object in `memory`, which is zeroed (but for Untyped and device Frames) and of the
 * object's size; fills `slot` with its first capability, all rights, in no tree yet.  Cannot fail:
 * the caller has seen that a space identifier is free (space_free_count). */
void object_create(struct hart *hart, enum obj_type type, uint8_t size_bits, uint8_t flags,
                   hpa_t memory, struct slot *slot);

/* The object a slot names; NULL for Untyped, Frame and the singletons. */
struct object *slot_object(const struct slot *slot);

/* The same where the slot is known to hold an object, or nothing: then it is all zeros. */
static inline struct object *slot_known_object(const struct slot *slot)
{
    return (struct object *)(uintptr_t)slot->object;
}

/* Make `copy` (empty) a child of `source` with its badge and those of its rights that are in
 * `rights`.  A mapping is not copied.  `source` is no Untyped. */
void slot_derive(struct slot *copy, struct slot *source, uint8_t rights);
/* The same into a place of `owner`, with all of the source's rights: an embedded slot. */
void slot_embed(struct slot *place, struct slot *source, struct object *owner);

/* Delete a capability: unmap, tell the owner of an embedded slot, condemn the object with its
 * last capability; the current thread, if that is still there, is to take it apart.  O(1).  An
 * empty slot is left alone. */
void slot_delete(struct hart *hart, struct slot *slot);

/* Delete a node of the tree, or do one bounded step of taking it apart if it is a tombstone. */
void node_delete(struct hart *hart, struct slot *node);

/* ---- the dead that a thread is to take apart --------------------------------------- */

/* A new thread has none. */
void dead_ring_create(struct dead_link *ring);
bool dead_ring_is_empty(const struct dead_link *ring);
/* The current thread takes apart the dead of its ring, which is not empty, until the ring is
 * empty, an interrupt is pending, or that thread is current no more; at least one bounded step. */
void dead_ring_take_apart(struct hart *hart);
/* Move all of `from` to `to`; NULL: they stay a ring of their own that nobody holds. */
void dead_ring_pass(struct dead_link *from, struct dead_link *to);

#endif
