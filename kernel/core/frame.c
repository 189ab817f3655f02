/* SPDX-License-Identifier: BSD-2-Clause */
/* Methods of Frame, VSpace and GSpace. */
#include <kernel/core/hart.h>
#include <kernel/core/space.h>
#include <kernel/core/syscall.h>

#define MAP_RIGHTS (RIGHT_READ | RIGHT_WRITE | RIGHT_EXEC)

static enum err map_rights_check(const struct space *space, const struct slot *frame,
                                 uint64_t rights)
{
    bool writes = (rights & RIGHT_WRITE) != 0;

    if (rights == 0 || (rights & ~(uint64_t)MAP_RIGHTS) != 0)
        return ERR_INVALID_ARG;
    if (writes && (rights & RIGHT_READ) == 0)
        return ERR_INVALID_ARG;
    if (space->stage == SPACE_S && writes && (rights & RIGHT_EXEC) != 0)
        return ERR_INVALID_ARG;
    if ((rights & ~(uint64_t)frame->rights) != 0)
        return ERR_NO_RIGHT;
    return OK;
}

enum err frame_map_invoke(struct invocation *inv)
{
    struct space *space = (struct space *)slot_object(inv->cap[0]);
    struct slot *frame = inv->slot;

    enum err err = map_rights_check(space, frame, inv->arg[2]);
    if (err != OK)
        return err;
    if (space_of_frame(inv->hart->kernel, frame) != NULL)
        return ERR_EXISTS;
    return space_map(inv->hart, space, frame, inv->arg[1], (uint8_t)inv->arg[2]);
}

enum err frame_unmap_invoke(struct invocation *inv)
{
    bool was_mapped = space_of_frame(inv->hart->kernel, inv->slot) != NULL;

    space_unmap(inv->hart, inv->slot);
    return was_mapped ? OK : ERR_NOT_FOUND;
}

enum err frame_info_invoke(struct invocation *inv)
{
    const struct slot *frame = inv->slot;

    inv->result[0] = frame->object;
    inv->result[1] = frame->size_bits;
    if ((frame->flags & SLOT_DEVICE) != 0)
        inv->result[1] |= INFO_DEVICE;
    if (space_of_frame(inv->hart->kernel, frame) != NULL)
        inv->result[1] |= INFO_MAPPED;
    return OK;
}

static enum err space_info(struct invocation *inv)
{
    const struct space *space = (const struct space *)slot_object(inv->slot);

    inv->result[0] = space->free_count;
    inv->result[1] = space->pool_count;
    return OK;
}

enum err vspace_info_invoke(struct invocation *inv)
{
    return space_info(inv);
}

enum err vspace_recover_invoke(struct invocation *inv)
{
    const struct space_recovery recovery = { inv->arg[0], inv->arg[1], inv->arg[2] };

    return space_recovery_set((struct space *)slot_object(inv->slot), &recovery);
}

enum err gspace_info_invoke(struct invocation *inv)
{
    return space_info(inv);
}
