/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Walks all of the kernel's memory from the roots of the derivation tree, and checks its
 * invariants.  The walk uses that memory alone: no model, no log.  Pure: the self-checking
 * kernel (kernel.c) and the host's fuzzer of the core both link this code.
 *
 * The invariants hold at any point between two system calls, preempted calls included.
 */
#ifndef TEST_CHECK_WALK_H
#define TEST_CHECK_WALK_H

#include <kernel/core/hart.h>

#define WALK_CAPS_MAX 16384u

/* One capability, in preorder of the derivation tree. */
struct walk_cap {
    struct slot *slot;
    uint32_t parent;     /* position of the parent; a root's own position */
    uint64_t start, end; /* physical memory of the object it names; both 0 for none */
};

struct walk {
    struct hart *hart;
    const char *broken; /* the first broken invariant; NULL: none */
    uint64_t detail;
    uint32_t cap_count, object_count;
    uint32_t graves; /* tombstones among the objects */
    /* Sums over all objects, compared with the kernel's own counters and lists. */
    uint32_t slots_in_use, spaces[2], leaves, mapped_frames, ready, blocked, queued, armed;
    bool is_current_there, is_vcpu_there, is_fp_owner_there;
    struct walk_cap cap[WALK_CAPS_MAX];
    uint32_t order[WALK_CAPS_MAX]; /* positions, sorted by memory */
};

/*
 * The slots in `root` that have no parent are the roots.  `is_table`: the slots are those of a
 * CNode, to which capabilities exist.  False: an invariant is broken, see `broken`.
 */
bool walk_kernel(struct walk *walk, struct hart *hart, struct slot *root, uint32_t root_count,
                 bool is_table);

/* ---- the parts ----------------------------------------------------------------------- */

/* Records the first claim that is false. */
static inline bool walk_holds(struct walk *walk, bool claim, const char *what, uint64_t detail)
{
    if (!claim && walk->broken == NULL) {
        walk->broken = what;
        walk->detail = detail;
    }
    return claim;
}

void walk_trees(struct walk *walk, struct slot *root, uint32_t root_count);
/* Sorts by memory, compares owners, and visits each object and each tombstone once. */
void walk_memory(struct walk *walk);
void walk_space(struct walk *walk, const struct space *space, uint64_t start, uint64_t end);
void walk_frame(struct walk *walk, const struct slot *slot);
void walk_thread(struct walk *walk, const struct thread *thread);
void walk_vcpu(struct walk *walk, const struct vcpu *vcpu);
void walk_queue(struct walk *walk, const struct thread_queue *queue, const struct object *owner);
void walk_hart(struct walk *walk);

#endif
