/* SPDX-License-Identifier: BSD-2-Clause */
#include <rootserver/plan/build.h>

#include <stdarg.h>
#include <stdio.h>

#define RETYPE_MAX 64u /* objects one call can make */

void build_fail(struct build *b, enum err err, const char *format, ...)
{
    va_list arguments;

    if (b->err != OK)
        return;
    b->err = err;
    va_start(arguments, format);
    vsnprintf(b->problem.text, sizeof b->problem.text, format, arguments);
    va_end(arguments);
}

void build_emit(struct build *b, struct plan_action action)
{
    if (b->err != OK || action.count == 0)
        return;
    if (b->plan->action_count == PLAN_ACTIONS_MAX) {
        build_fail(b, ERR_NO_MEMORY,
                   "the plan is too long; use fewer guests, or guests with a power of two "
                   "of memory");
        return;
    }
    action.is_open = b->group > 0;
    b->plan->action[b->plan->action_count++] = action;
}

void build_group_begin(struct build *b)
{
    b->group++;
}

void build_group_end(struct build *b)
{
    b->group--;
    if (b->group == 0 && b->err == OK && b->plan->action_count > 0)
        b->plan->action[b->plan->action_count - 1].is_open = false;
}

uint32_t build_slots(struct build *b, unsigned count)
{
    uint32_t slot = 0;

    if (b->err == OK && count > 0 &&
        slots_take(&b->plan->memory.slots, count, b->part, &slot) != OK)
        build_fail(b, ERR_NO_MEMORY,
                   "the root server's capability table is full; use fewer guests");
    return slot;
}

uint32_t build_untyped(struct build *b, unsigned bits)
{
    uint32_t slot = 0;

    if (bits < UNTYPED_BITS_MIN)
        bits = UNTYPED_BITS_MIN;
    if (b->err == OK &&
        (bits > UNTYPED_BITS_MAX || memory_take(&b->plan->memory, bits, b->part, &slot) != OK))
        build_fail(b, ERR_NO_MEMORY, "there is no memory left for it");
    return slot;
}

struct build_piece build_piece(struct build *b, uint64_t bytes)
{
    unsigned bits = bytes <= UINT64_C(1) << UNTYPED_BITS_MAX ? build_bits(bytes) : 63;

    if (bits < UNTYPED_BITS_MIN)
        bits = UNTYPED_BITS_MIN;
    return (struct build_piece){.untyped = build_untyped(b, bits), .bits = bits};
}

/* Splits the retype into steps of at most RETYPE_MAX objects. */
static void build_retype(struct build *b, uint32_t untyped, enum obj_type type, unsigned bits,
                         unsigned count, uint32_t slot)
{
    while (count > 0 && b->err == OK) {
        unsigned part = count < RETYPE_MAX ? count : RETYPE_MAX;
        build_emit(b, (struct plan_action){.kind = PLAN_RETYPE,
                                           .type = (uint8_t)type,
                                           .bits = (uint8_t)bits,
                                           .count = (uint16_t)part,
                                           .slot = slot,
                                           .other = untyped});
        slot += part;
        count -= part;
    }
}

void build_objects(struct build *b, struct build_piece *piece, enum obj_type type, unsigned bits,
                   unsigned count, uint32_t slot)
{
    uint64_t size = UINT64_C(1) << bits, start = (piece->used + size - 1) & ~(size - 1);

    if (b->err != OK || count == 0)
        return;
    if (start + size * count > UINT64_C(1) << piece->bits) {
        build_fail(b, ERR_NO_MEMORY, "its memory was planned too small");
        return;
    }
    piece->used = start + size * count;
    build_retype(b, piece->untyped, type, bits, count, slot);
}

uint32_t build_new_objects(struct build *b, struct build_piece *piece, enum obj_type type,
                           unsigned bits, unsigned count)
{
    uint32_t slot = build_slots(b, count);

    build_objects(b, piece, type, bits, count, slot);
    return slot;
}

void build_wanted(struct build *b, struct build_piece *piece, const struct build_want *want,
                  unsigned count)
{
    for (unsigned bits = UNTYPED_BITS_MAX; bits > 0; bits--) {
        for (unsigned i = 0; i < count; i++) {
            if (want[i].bits == bits)
                *want[i].slot = build_new_objects(b, piece, want[i].type, bits, 1);
        }
    }
}

static void build_copy_from(struct build *b, uint32_t from, uint32_t slot, unsigned count,
                            uint32_t cnode, uint32_t index, unsigned rights)
{
    build_emit(b, (struct plan_action){.kind = PLAN_COPY,
                                       .rights = (uint8_t)rights,
                                       .count = (uint16_t)count,
                                       .slot = slot,
                                       .from = from,
                                       .other = cnode,
                                       .index = index});
}

void build_copy(struct build *b, uint32_t slot, unsigned count, uint32_t cnode, uint32_t index,
                unsigned rights)
{
    build_copy_from(b, 0, slot, count, cnode, index, rights);
}

void build_mint(struct build *b, uint32_t slot, uint32_t cnode, uint32_t index, unsigned rights,
                uint64_t badge)
{
    build_emit(b, (struct plan_action){.kind = PLAN_MINT,
                                       .rights = (uint8_t)rights,
                                       .count = 1,
                                       .slot = slot,
                                       .other = cnode,
                                       .index = index,
                                       .value = badge});
}

uint32_t build_minted(struct build *b, uint32_t slot, unsigned rights, uint64_t badge)
{
    uint32_t minted = build_slots(b, 1);

    build_mint(b, slot, BOOT_SLOT_CNODE, minted, rights, badge);
    return minted;
}

void build_map(struct build *b, struct build_frames frames, uint32_t space, uint64_t address,
               unsigned rights)
{
    build_emit(b, (struct plan_action){.kind = PLAN_MAP,
                                       .bits = (uint8_t)frames.bits,
                                       .rights = (uint8_t)rights,
                                       .count = (uint16_t)frames.count,
                                       .slot = frames.slot,
                                       .other = space,
                                       .value = address});
}

void build_keep(struct build *b, const struct build_store *store, uint32_t slot, unsigned count)
{
    build_emit(b, (struct plan_action){.kind = PLAN_MOVE,
                                       .count = (uint16_t)count,
                                       .slot = slot,
                                       .other = store->cnode,
                                       .index = 1 + *store->used});
    *store->used += count;
}

void build_share(struct build *b, struct build_frames frames, const struct build_store *with,
                 uint64_t address, unsigned rights)
{
    struct build_frames copies = {.slot = b->plan->scratch_b, .bits = frames.bits};

    for (unsigned done = 0; done < frames.count && b->err == OK; done += copies.count) {
        copies.count = frames.count - done < PLAN_SCRATCH ? frames.count - done : PLAN_SCRATCH;
        build_group_begin(b);
        build_copy_from(b, frames.cnode, frames.slot + done, copies.count, BOOT_SLOT_CNODE,
                        copies.slot, rights);
        build_map(b, copies, with->vspace, address + ((uint64_t)done << frames.bits), rights);
        build_keep(b, with, copies.slot, copies.count);
        build_group_end(b);
    }
}

void build_pages(struct build *b, struct build_piece *piece, unsigned count,
                 const struct build_store *store, uint64_t address, unsigned rights)
{
    for (unsigned done = 0; done < count && b->err == OK;) {
        unsigned part = count - done < PLAN_SCRATCH ? count - done : PLAN_SCRATCH;
        struct build_frames frames = {.slot = b->plan->scratch_a, .count = part, .bits = 12};
        build_group_begin(b);
        build_objects(b, piece, OBJ_FRAME, 12, part, frames.slot);
        build_map(b, frames, store->vspace, address + done * UINT64_C(4096), rights);
        build_keep(b, store, frames.slot, part);
        build_group_end(b);
        done += part;
    }
}

/* Takes the pages in the largest pieces that their address allows. */
uint32_t build_device_pages(struct build *b, uint64_t address, unsigned count)
{
    uint32_t first = build_slots(b, count), untyped;

    for (unsigned done = 0; done < count && b->err == OK;) {
        unsigned bits = 12;
        while (address % (UINT64_C(2) << bits) == 0 && UINT64_C(2) << (bits - 12) <= count - done)
            bits++;
        enum err err = memory_take_device(&b->plan->memory, address, bits, b->part, &untyped);
        if (err != OK) {
            build_fail(b, err, "the registers at %#llx cannot be mapped: something else has them",
                       (unsigned long long)address);
            return 0;
        }
        build_retype(b, untyped, OBJ_FRAME, 12, 1u << (bits - 12), first + done);
        address += UINT64_C(1) << bits;
        done += 1u << (bits - 12);
    }
    return first;
}
