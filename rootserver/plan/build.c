/* SPDX-License-Identifier: BSD-2-Clause */
#include <rootserver/plan/build.h>

#include <stdarg.h>
#include <stdio.h>

#define RETYPE_MAX 64u /* objects one call can make */
#define SLOTS_END  (UINT32_C(1) << BOOT_CNODE_SLOT_BITS)

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
    action.process = b->process;
    b->plan->action[b->plan->action_count++] = action;
}

uint32_t build_slots(struct build *b, unsigned count)
{
    uint32_t slot = b->plan->next_slot;

    if (b->err != OK)
        return 0;
    if (count > SLOTS_END - slot) {
        build_fail(b, ERR_NO_MEMORY,
                   "the root server's capability table is full; use fewer guests");
        return 0;
    }
    b->plan->next_slot += count;
    return slot;
}

/* Splits the retype into steps of at most RETYPE_MAX objects. */
void build_objects(struct build *b, uint32_t untyped, enum obj_type type, unsigned bits,
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

uint32_t build_object(struct build *b, uint32_t untyped, enum obj_type type, unsigned bits)
{
    uint32_t slot = build_slots(b, 1);
    build_objects(b, untyped, type, bits, 1, slot);
    return slot;
}

uint32_t build_own_objects(struct build *b, enum obj_type type, unsigned bits, unsigned count)
{
    uint32_t first = build_slots(b, count);

    for (unsigned i = 0; i < count && b->err == OK; i++) {
        uint32_t untyped;
        if (memory_take(&b->plan->memory, bits, &untyped) != OK) {
            build_fail(b, ERR_NO_MEMORY, "there is no memory left for it");
            return 0;
        }
        build_objects(b, untyped, type, bits, 1, first + i);
    }
    return first;
}

uint32_t build_untyped(struct build *b, unsigned bits)
{
    uint32_t slot = build_own_objects(b, OBJ_UNTYPED, bits, 1);

    if (b->err == OK && b->process != PLAN_NOBODY) {
        struct plan_process *p = &b->plan->process[b->process];
        if (p->untyped_count == PLAN_UNTYPED_MAX)
            build_fail(b, ERR_NO_MEMORY, "its memory is in too many pieces");
        else
            p->untyped[p->untyped_count++] = slot;
    }
    return slot;
}

void build_copy(struct build *b, uint32_t slot, unsigned count, uint32_t cnode, uint32_t index,
                unsigned rights)
{
    build_emit(b, (struct plan_action){.kind = PLAN_COPY,
                                       .rights = (uint8_t)rights,
                                       .count = (uint16_t)count,
                                       .slot = slot,
                                       .other = cnode,
                                       .index = index});
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

void build_store(struct build *b, struct plan_process *store_of, uint32_t slot, unsigned count)
{
    build_emit(b, (struct plan_action){.kind = PLAN_MOVE,
                                       .count = (uint16_t)count,
                                       .slot = slot,
                                       .other = store_of->store,
                                       .index = 1 + store_of->store_used});
    store_of->store_used += count;
}

void build_share(struct build *b, struct build_frames frames, struct plan_process *with,
                 uint64_t address, unsigned rights)
{
    struct build_frames copies = {.slot = b->plan->scratch_b, .bits = frames.bits};

    for (unsigned done = 0; done < frames.count && b->err == OK; done += copies.count) {
        copies.count = frames.count - done < PLAN_SCRATCH ? frames.count - done : PLAN_SCRATCH;
        build_copy(b, frames.slot + done, copies.count, BOOT_SLOT_CNODE, copies.slot, rights);
        build_map(b, copies, with->vspace, address + ((uint64_t)done << frames.bits), rights);
        build_store(b, with, copies.slot, copies.count);
    }
}

void build_pages(struct build *b, uint32_t untyped, unsigned count, struct plan_process *p,
                 uint64_t address, unsigned rights)
{
    for (unsigned done = 0; done < count && b->err == OK;) {
        unsigned part = count - done < PLAN_SCRATCH ? count - done : PLAN_SCRATCH;
        struct build_frames frames = {b->plan->scratch_a, part, 12};
        build_objects(b, untyped, OBJ_FRAME, 12, part, frames.slot);
        build_map(b, frames, p->vspace, address + done * UINT64_C(4096), rights);
        build_store(b, p, frames.slot, part);
        done += part;
    }
}

/* Halves the smallest device Untyped around the page until only the page is left. */
uint32_t build_device_page(struct build *b, uint64_t address)
{
    struct memory *memory = &b->plan->memory;

    address &= ~UINT64_C(4095);
    for (;;) {
        struct memory_untyped *u = memory_find_device(memory, address, 4096);
        if (u == NULL || b->err != OK)
            return 0;
        struct memory_untyped whole = *u;
        if (whole.size_bits == 12) {
            u->used = 4096;
            return build_object(b, whole.slot, OBJ_FRAME, 12);
        }
        u->used = UINT64_C(1) << whole.size_bits;
        unsigned half = whole.size_bits - 1u;
        uint32_t slot = build_slots(b, 2);
        build_objects(b, whole.slot, OBJ_UNTYPED, half, 2, slot);
        for (unsigned i = 0; i < 2; i++) {
            if (memory_add(memory, slot + i, whole.address + ((uint64_t)i << half), half, true) !=
                OK)
                build_fail(b, ERR_NO_MEMORY, "its device is in too many pieces");
        }
    }
}
