/* SPDX-License-Identifier: BSD-2-Clause */
/* Maps the boot archive for the root server. */
#include <rootserver/exec/exec.h>

#include <rootserver/exec/action.h>
#include <rt/calls.h>

static const cap_t own_cnode = {BOOT_SLOT_CNODE};
static const cap_t own_vspace = {BOOT_SLOT_VSPACE};

MUST_CHECK exec_archive_map(const struct archive_map *map, const void **address)
{
    uint64_t base = LAYOUT_ROOT_ARCHIVE + map->physical % (UINT64_C(2) << 20);

    for (unsigned i = 0; i < map->run_count; i++) {
        const struct archive_run *run = &map->run[i];
        enum err err = EXEC_UNTIL_DONE(untyped_retype(cap_at(run->untyped_slot), OBJ_FRAME,
                                                 run->size_bits, own_cnode, run->slot, run->count));
        for (unsigned k = 0; k < run->count && err == OK; k++)
            err = frame_map(cap_at(run->slot + k), own_vspace,
                            base + run->offset + ((uint64_t)k << run->size_bits), RIGHT_READ);
        if (err != OK)
            return err;
    }
    *address = (const void *)(uintptr_t)base;
    return OK;
}

MUST_CHECK exec_archive_unmap(const struct archive_map *map)
{
    uint32_t last = 0;

    for (unsigned i = 0; i < map->run_count; i++) {
        if (map->run[i].untyped_slot == last)
            continue;
        last = map->run[i].untyped_slot;
        enum err err = EXEC_UNTIL_DONE(cnode_revoke(own_cnode, last));
        if (err != OK)
            return err;
    }
    return OK;
}
