/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What all kernel objects have in common: how they begin and how they end.
 *
 * An object lives in memory handed out by an Untyped and counts the
 * capabilities that name it.  When the last goes, the object is condemned: it
 * leaves every place a hart could find it in (O(1)), then joins the list of
 * the dead, where its slots and waiters are taken apart one step at a time.
 * No memory is handed out again before that list is empty and every hart has
 * fenced: see untyped.h.
 */
#ifndef KERNEL_CORE_OBJECT_H
#define KERNEL_CORE_OBJECT_H

#include <abi/calls.h>
#include <base/err.h>
#include <kernel/core/slot.h>

struct kernel;
struct hart;

struct object {
    uint8_t type; /* enum obj_type */
    bool is_dead;
    uint32_t cap_count;
    struct object *next_dead;
};

/* Begin an object in `memory`, which is zeroed (but for Untyped and device Frames) and of the
 * object's size; fills `slot` with its first capability, all rights, in no tree yet.  Cannot fail:
 * the caller has seen that a space identifier is free (space_table_free_count). */
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
 * last capability.  O(1), does not reap.  An empty slot is left alone. */
void slot_delete(struct hart *hart, struct slot *slot);

/* Take the dead apart until none is left.  ERR_AGAIN: preempted; what was done stays done. */
MUST_CHECK object_reap(struct hart *hart);

/* At most `step_count` steps of it, whatever is pending; true when none is left. */
bool object_reap_some(struct hart *hart, uint32_t step_count);

#endif
