/* SPDX-License-Identifier: BSD-2-Clause */
/* Mappings, and the page tables that they need. */
#include "model.h"

#define GIB_BITS 30u
#define MIB2_BITS 21u

uint32_t model_pool_pages(const struct model *model, uint32_t space)
{
    uint32_t others = model->object[space].type == OBJ_VSPACE ? 2 : 5; /* root and header */

    return (UINT32_C(1) << (model->object[space].size_bits - 12)) - others;
}

/* Is a page table for the 2^bits bytes around `address` in use, counting mappings before `end`? */
static bool has_table(const struct model *model, uint32_t space, uint32_t end, uint64_t address,
                      uint32_t bits)
{
    for (uint32_t i = 0; i < end; i++) {
        const struct model_cap *cap = &model->cap[i];
        if (cap->mapped_in == space && cap->size_bits < bits &&
            cap->mapped_at >> bits == address >> bits)
            return true;
    }
    return false;
}

uint32_t model_table_pages(const struct model *model, uint32_t space)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < model->cap_count; i++) {
        const struct model_cap *cap = &model->cap[i];
        if (cap->mapped_in != space)
            continue;
        if (cap->size_bits < GIB_BITS && !has_table(model, space, i, cap->mapped_at, GIB_BITS))
            count++;
        if (cap->size_bits < MIB2_BITS && !has_table(model, space, i, cap->mapped_at, MIB2_BITS))
            count++;
    }
    return count;
}

static enum err map_check(const struct model *model, uint32_t space, const struct model_cap *frame,
                          uint64_t address, uint64_t rights)
{
    bool is_guest = model->object[space].type == OBJ_GSPACE;
    uint64_t size = UINT64_C(1) << frame->size_bits, limit = UINT64_C(1) << (is_guest ? 41 : 38);
    uint64_t write_exec = RIGHT_WRITE | RIGHT_EXEC;

    if (rights == 0 || rights > 7 || (rights & 3) == RIGHT_WRITE)
        return ERR_INVALID_ARG;
    if (!is_guest && (rights & write_exec) == write_exec)
        return ERR_INVALID_ARG;
    if ((rights & ~(uint64_t)frame->rights) != 0)
        return ERR_NO_RIGHT;
    if (frame->mapped_in != 0)
        return ERR_EXISTS;
    if (address % size != 0)
        return ERR_ALIGN;
    if (address >= limit || size > limit - address)
        return ERR_RANGE;
    for (uint32_t i = 0; i < model->cap_count; i++) {
        const struct model_cap *other = &model->cap[i];
        uint64_t other_size = UINT64_C(1) << other->size_bits;
        if (other->mapped_in == space && other->mapped_at < address + size &&
            address < other->mapped_at + other_size)
            return ERR_EXISTS;
    }
    return OK;
}

struct model_outcome model_map(struct model *model, const struct model_call *call,
                               const uint32_t cap[7])
{
    struct model_cap *frame = &model->cap[cap[0]];
    uint32_t space = model->cap[cap[1]].object, end = model->cap_count;
    uint64_t address = call->arg[1];
    uint32_t missing = 0;

    enum err err = map_check(model, space, frame, address, call->arg[2]);
    if (err != OK)
        return outcome(err);
    if (frame->size_bits < GIB_BITS && !has_table(model, space, end, address, GIB_BITS))
        missing++;
    if (frame->size_bits < MIB2_BITS && !has_table(model, space, end, address, MIB2_BITS))
        missing++;
    if (model_table_pages(model, space) + missing > model_pool_pages(model, space))
        return outcome(ERR_NO_MEMORY);
    frame->mapped_in = space;
    frame->mapped_at = address;
    frame->mapped_rights = (uint8_t)call->arg[2];
    return outcome(OK);
}

struct model_outcome model_unmap(struct model *model, uint32_t at)
{
    enum err err = model->cap[at].mapped_in != 0 ? OK : ERR_NOT_FOUND;

    model->cap[at].mapped_in = 0;
    return outcome(err);
}
