/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All of the kernel's memory, walked from the roots of the derivation tree, with nothing
 * to go by but what is found there: no model, no log.  Pure: the kernel that checks itself
 * (kernel.c) and the fuzzer of the core on the host both link it.
 *
 * The walk holds at any point between two system calls, half-done ones included.
 */
#ifndef TEST_CHECK_WALK_H
#define TEST_CHECK_WALK_H

#include <kernel/core/hart.h>

#define WALK_CAPS_MAX 16384u

/* One capability, in preorder of the derivation tree. */
struct walk_cap {
    struct slot *slot;
    uint32_t parent;     /* its position; of a root its own */
    uint64_t start, end; /* physical memory of what it names; both 0 for none */
};

struct walk {
    struct hart *hart;
    const char *broken; /* what does not hold first; NULL: all holds */
    uint64_t detail;
    uint32_t cap_count, object_count;
    uint32_t graves; /* tombstones among them */
    /* Added up over all objects, and compared with what the kernel counts or links. */
    uint32_t slots_in_use, spaces[2], leaves, mapped_frames, ready, blocked, queued, armed;
    bool is_current_there, is_vcpu_there, is_fp_owner_there;
    struct walk_cap cap[WALK_CAPS_MAX];
    uint32_t order[WALK_CAPS_MAX]; /* positions, by memory */
};

/*
 * Roots are those of the slots in `root` that have no parent.  `is_table`: they are a CNode's,
 * which has capabilities of its own.  False: something does not hold, see `broken`.
 */
bool walk_kernel(struct walk *walk, struct hart *hart, struct slot *root, uint32_t root_count,
                 bool is_table);

/* ---- the parts ----------------------------------------------------------------------- */

/* Notes the first thing that does not hold. */
static inline bool walk_holds(struct walk *walk, bool claim, const char *what, uint64_t detail)
{
    if (!claim && walk->broken == NULL) {
        walk->broken = what;
        walk->detail = detail;
    }
    return claim;
}

void walk_trees(struct walk *walk, struct slot *root, uint32_t root_count);
/* Sorts by memory, compares owners, and visits each object and each of the dead once. */
void walk_memory(struct walk *walk);
void walk_space(struct walk *walk, const struct space *space, uint64_t start, uint64_t end);
void walk_frame(struct walk *walk, const struct slot *slot);
void walk_thread(struct walk *walk, const struct thread *thread);
void walk_vcpu(struct walk *walk, const struct vcpu *vcpu);
void walk_queue(struct walk *walk, const struct thread_queue *queue, const struct object *owner);
void walk_hart(struct walk *walk);

#endif
