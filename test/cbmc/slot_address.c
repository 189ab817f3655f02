/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * proves: Whatever index a process names, it gets a slot inside the CNode's memory and never the
 *         header, or none; a range whose ends are slots has only slots between them.
 * mutant: kernel/core/cnode.h: index - 1 < cnode->slot_count - UINT64_C(1) ->
 *         index - 1 < cnode->slot_count
 * unwind: 2
 */
#include "prove.h"

#include <kernel/core/cnode.c>

int main(void)
{
    static struct cnode cnode;
    uint8_t size_bits = nondet_u8();
    uint64_t index = nondet_u64(), count = nondet_u64(), i = nondet_u64();

    ASSUME(size_bits >= 7 && size_bits <= 30);
    PROVE(cnode_create(&cnode, size_bits) == &cnode.object);
    uint64_t bytes = UINT64_C(1) << size_bits;
    struct slot *slot = cnode_slot(&cnode, index);
    uint64_t offset = (uintptr_t)slot - (uintptr_t)&cnode;
    PROVE(slot == NULL || (offset >= sizeof cnode && offset % sizeof *slot == 0));
    PROVE(slot == NULL || (offset < bytes && sizeof *slot <= bytes - offset));
    PROVE((slot != NULL) == (index >= 1 && index < bytes / sizeof *slot));

    /* As untyped_retype_invoke() checks its destination. */
    ASSUME(count >= 1 && count <= 256 && i < count);
    if (slot != NULL && cnode_slot(&cnode, index + count - 1) != NULL)
        PROVE(cnode_slot(&cnode, index + i) != NULL);
    return 0;
}
