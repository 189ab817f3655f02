/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A flat table of slots.  Its header stands where slot 0 would be: address 0 is
 * the null capability.
 */
#ifndef KERNEL_CORE_CNODE_H
#define KERNEL_CORE_CNODE_H

#include <kernel/core/object.h>

struct cnode {
    _Alignas(64) struct object object;
    uint32_t slot_count; /* slot 0 included */
    uint32_t reap_next;  /* next slot to delete, once dead */
};

_Static_assert(sizeof(struct cnode) == sizeof(struct slot), "the header is slot 0");

/* The slot at `index`, or NULL when it is 0 or past the end. */
static inline struct slot *cnode_slot(struct cnode *cnode, uint64_t index)
{
    return index != 0 && index < cnode->slot_count ? (struct slot *)cnode + index : NULL;
}

#endif
