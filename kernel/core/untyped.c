/* SPDX-License-Identifier: BSD-2-Clause */
#include <kernel/core/untyped.h>

#include <abi/decode.h>
#include <kernel/core/cnode.h>
#include <kernel/core/hart.h>
#include <kernel/core/sched.h>
#include <kernel/core/syscall.h>

/* Untyped.word[]. */
enum { USED_BYTES = 0, ZEROED_BYTES = 1 };

void untyped_create(struct slot *slot, hpa_t address, uint8_t size_bits, uint8_t flags)
{
    *slot = (struct slot){ .type = OBJ_UNTYPED,
                           .rights = RIGHTS_ALL,
                           .size_bits = size_bits,
                           .flags = flags,
                           .object = address.raw };
}

static uint64_t untyped_bytes(const struct slot *untyped)
{
    return UINT64_C(1) << untyped->size_bits;
}

static bool size_is_legal(enum obj_type type, uint64_t size_bits)
{
    return size_bits < 64 && (abi_object_table[type].size_bits_mask >> size_bits & 1) != 0;
}

/* Take apart the dead children, from the first on.  That may destroy the current thread, and with
 * it the CNodes that hold `untyped` and the destination slots: then neither may be read. */
static enum err untyped_reap(struct hart *hart, const struct slot *untyped)
{
    const struct thread *caller = hart->current;

    while (untyped->first_child != NULL && slot_is_dead(untyped->first_child)) {
        node_delete(hart, untyped->first_child);
        if (hart->current != caller || sched_must_give_way(hart))
            return ERR_AGAIN;
    }
    return OK;
}

/* Zero the memory up to `end` (bytes into the Untyped), one page at a time. */
static enum err untyped_zero(struct slot *untyped, uint64_t end)
{
    uint8_t *base = hal_phys_to_virt(hpa(untyped->object));
    uint64_t at = untyped->word[ZEROED_BYTES];

    if (at < untyped->word[USED_BYTES])
        at = untyped->word[USED_BYTES];
    while (at < end) {
        uint64_t step = PAGE_BYTES - at % PAGE_BYTES;
        if (step > end - at)
            step = end - at;
        hal_memory_zero(base + at, step);
        at += step;
        untyped->word[ZEROED_BYTES] = at;
        if (at < end && hal_interrupt_pending())
            return ERR_AGAIN;
    }
    return OK;
}

static bool retype_has_identifiers(const struct kernel *kernel, const struct retype *retype)
{
    switch (retype->type) {
    case OBJ_VSPACE: return space_free_count(kernel, SPACE_S) >= retype->count;
    case OBJ_GSPACE: return space_free_count(kernel, SPACE_G) >= retype->count;
    default: return true;
    }
}

/* Check everything that can fail; on OK `*start` is the first object's offset in bytes. */
static enum err retype_place(const struct kernel *kernel, const struct retype *retype,
                             uint64_t *start)
{
    const struct slot *untyped = retype->untyped;
    bool is_device = (untyped->flags & SLOT_DEVICE) != 0;

    if (!size_is_legal(retype->type, retype->size_bits))
        return ERR_INVALID_ARG;
    if (is_device && retype->type != OBJ_FRAME && retype->type != OBJ_UNTYPED)
        return ERR_INVALID_ARG;
    if (retype->count == 0 || retype->count > retype_count_max(retype->type))
        return ERR_INVALID_ARG;
    if (retype->size_bits > untyped->size_bits || !retype_has_identifiers(kernel, retype))
        return ERR_NO_MEMORY;

    /* An Untyped is aligned to its own size, so an offset is as aligned as the address. */
    uint64_t size = UINT64_C(1) << retype->size_bits;
    uint64_t used = untyped->first_child != NULL ? untyped->word[USED_BYTES] : 0;
    uint64_t at = (used + size - 1) & ~(size - 1);
    if (at > untyped_bytes(untyped) || (untyped_bytes(untyped) - at) / size < retype->count)
        return ERR_NO_MEMORY;
    *start = at;
    return OK;
}

static void retype_create(struct hart *hart, const struct retype *retype, uint64_t start)
{
    struct slot *untyped = retype->untyped;

    for (uint32_t i = 0; i < retype->count; i++) {
        uint64_t offset = start + ((uint64_t)i << retype->size_bits);
        object_create(hart, retype->type, retype->size_bits, untyped->flags & SLOT_DEVICE,
                      hpa(untyped->object + offset), &retype->dest[i]);
        slot_insert_child(untyped, &retype->dest[i]);
    }
}

enum err untyped_retype(struct hart *hart, const struct retype *retype)
{
    struct slot *untyped = retype->untyped;
    uint64_t start;

    enum err err = retype_place(hart->kernel, retype, &start);
    if (err == ERR_NO_MEMORY) {
        err = untyped_reap(hart, untyped);
        if (err == OK)
            err = retype_place(hart->kernel, retype, &start);
    }
    if (err != OK)
        return err;
    if (untyped->first_child == NULL && untyped->word[USED_BYTES] != 0)
        untyped->word[USED_BYTES] = untyped->word[ZEROED_BYTES] = 0;
    uint64_t end = start + ((uint64_t)retype->count << retype->size_bits);
    /* A child Untyped is zeroed when objects are made from it; device memory never. */
    if ((untyped->flags & SLOT_DEVICE) == 0 && retype->type != OBJ_UNTYPED) {
        err = untyped_zero(untyped, end);
        if (err != OK)
            return err;
    }
    retype_create(hart, retype, start);
    untyped->word[USED_BYTES] = end;
    return OK;
}

/* ---- methods ---------------------------------------------------------------- */

enum err untyped_retype_invoke(struct invocation *inv)
{
    struct cnode *dest = (struct cnode *)slot_object(inv->cap[2]);
    uint64_t type = inv->arg[0], index = inv->arg[3], count = inv->arg[4];

    if (type >= OBJ_COUNT || inv->arg[1] >= 64 || count == 0 || count > RETYPE_COUNT_MAX)
        return ERR_INVALID_ARG;
    if (cnode_slot(dest, index) == NULL || cnode_slot(dest, index + count - 1) == NULL)
        return ERR_RANGE;
    struct slot *first = cnode_slot(dest, index);
    for (uint64_t i = 0; i < count; i++) {
        if (!slot_is_empty(&first[i]))
            return ERR_NO_SLOT;
    }
    return untyped_retype(inv->hart, &(struct retype){ .untyped = inv->slot,
                                                       .type = (enum obj_type)type,
                                                       .size_bits = (uint8_t)inv->arg[1],
                                                       .dest = first,
                                                       .count = (uint32_t)count });
}

enum err untyped_info_invoke(struct invocation *inv)
{
    const struct slot *untyped = inv->slot;
    uint64_t used = untyped->first_child != NULL ? untyped->word[USED_BYTES] : 0;
    uint64_t free = untyped_bytes(untyped) - used;

    inv->result[0] = untyped->object;
    inv->result[1] = (free & ~(PAGE_BYTES - 1)) | untyped->size_bits;
    if ((untyped->flags & SLOT_DEVICE) != 0)
        inv->result[1] |= INFO_DEVICE;
    return OK;
}
