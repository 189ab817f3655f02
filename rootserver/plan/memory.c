/* SPDX-License-Identifier: BSD-2-Clause */
#include <rootserver/plan/memory.h>

#include <stddef.h>

#define PAGE_BITS 12

static uint64_t memory_untyped_bytes(const struct memory_untyped *u)
{
    return UINT64_C(1) << u->size_bits;
}

/* The offset of the next object of this size; beyond the end when there is no room. */
static uint64_t memory_next_start(const struct memory_untyped *u, unsigned size_bits)
{
    uint64_t align = (UINT64_C(1) << size_bits) - 1;
    return (u->used + align) & ~align;
}

static bool memory_has_room(const struct memory_untyped *u, unsigned size_bits)
{
    return size_bits <= u->size_bits &&
           memory_next_start(u, size_bits) + (UINT64_C(1) << size_bits) <= memory_untyped_bytes(u);
}

MUST_CHECK memory_add(struct memory *memory, uint32_t slot, uint64_t address, unsigned size_bits,
                      bool is_device)
{
    if (memory->count == MEMORY_UNTYPED_MAX)
        return ERR_NO_MEMORY;
    memory->untyped[memory->count++] = (struct memory_untyped){
        .slot = slot, .size_bits = (uint8_t)size_bits, .is_device = is_device, .address = address};
    return OK;
}

MUST_CHECK memory_take_from(struct memory_untyped *untyped, unsigned size_bits)
{
    if (!memory_has_room(untyped, size_bits))
        return ERR_NO_MEMORY;
    untyped->used = memory_next_start(untyped, size_bits) + (UINT64_C(1) << size_bits);
    return OK;
}

MUST_CHECK memory_take(struct memory *memory, unsigned size_bits, uint32_t *slot)
{
    struct memory_untyped *best = NULL;
    uint64_t best_left = UINT64_MAX;

    for (unsigned i = 0; i < memory->count; i++) {
        struct memory_untyped *u = &memory->untyped[i];
        if (u->is_device || !memory_has_room(u, size_bits))
            continue;
        uint64_t left =
            memory_untyped_bytes(u) - memory_next_start(u, size_bits) - (UINT64_C(1) << size_bits);
        if (left < best_left) {
            best = u;
            best_left = left;
        }
    }
    if (best == NULL)
        return ERR_NO_MEMORY;
    *slot = best->slot;
    return memory_take_from(best, size_bits);
}

unsigned memory_largest(const struct memory *memory, unsigned most)
{
    for (unsigned bits = most; bits >= PAGE_BITS; bits--) {
        for (unsigned i = 0; i < memory->count; i++) {
            if (!memory->untyped[i].is_device && memory_has_room(&memory->untyped[i], bits))
                return bits;
        }
    }
    return 0;
}

uint64_t memory_left(const struct memory *memory)
{
    uint64_t left = 0;

    for (unsigned i = 0; i < memory->count; i++) {
        if (!memory->untyped[i].is_device)
            left += memory_untyped_bytes(&memory->untyped[i]) - memory->untyped[i].used;
    }
    return left;
}

struct memory_untyped *memory_find_device(struct memory *memory, uint64_t address, uint64_t bytes)
{
    struct memory_untyped *best = NULL;

    for (unsigned i = 0; i < memory->count; i++) {
        struct memory_untyped *u = &memory->untyped[i];
        if (u->is_device && address >= u->address && bytes <= memory_untyped_bytes(u) &&
            address - u->address <= memory_untyped_bytes(u) - bytes &&
            u->used <= address - u->address && (best == NULL || u->size_bits < best->size_bits))
            best = u;
    }
    return best;
}
