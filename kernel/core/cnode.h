/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A flat table of slots.  Its header takes the place of slot 0: address 0 is the
 * null capability.
 */
#ifndef KERNEL_CORE_CNODE_H
#define KERNEL_CORE_CNODE_H

#include <kernel/core/thread.h>

struct cnode {
    _Alignas(64) struct object object;
    uint32_t slot_count; /* slot 0 included */
    uint32_t reap_next;  /* of a dead table: the next slot to delete */
};

_Static_assert(sizeof(struct cnode) == sizeof(struct slot), "the header is slot 0");

/* Initialise a table of 2^(size_bits - 6) slots in zeroed memory. */
struct object *cnode_create(void *memory, uint8_t size_bits);

/* The slot at `index`, or NULL when it is 0 or past the end. */
static inline struct slot *cnode_slot(struct cnode *cnode, uint64_t index)
{
    return index - 1 < cnode->slot_count - UINT64_C(1) ? (struct slot *)cnode + index : NULL;
}

/* The same in the CNode of a running thread.  A thread without a CNode cannot run. */
static inline struct slot *running_slot(const struct thread *thread, uint64_t index)
{
    return cnode_slot((struct cnode *)slot_known_object(&thread->place[THREAD_CNODE]), index);
}

/* Delete the next slot of a dead table; true: no slot is left. */
bool cnode_reap_step(struct hart *hart, struct cnode *cnode);

#endif
