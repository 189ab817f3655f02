/* SPDX-License-Identifier: BSD-2-Clause */
#include <rootserver/plan/memory.h>

#include <stddef.h>

#define PAGE_BITS 12

static uint64_t size_of(const struct memory_untyped *u)
{
    return UINT64_C(1) << u->size_bits;
}

/* Where an object would begin; beyond the end when there is no room. */
static uint64_t next_start(const struct memory_untyped *u, unsigned size_bits)
{
    uint64_t align = (UINT64_C(1) << size_bits) - 1;
    return (u->used + align) & ~align;
}

static bool has_room(const struct memory_untyped *u, unsigned size_bits)
{
    return size_bits <= u->size_bits &&
           next_start(u, size_bits) + (UINT64_C(1) << size_bits) <= size_of(u);
}

MUST_CHECK memory_add(struct memory *memory, uint32_t slot, uint64_t address, unsigned size_bits,
                      bool is_device)
{
    if (memory->count == MEMORY_UNTYPED_MOST)
        return ERR_NO_MEMORY;
    memory->untyped[memory->count++] = (struct memory_untyped){
        .slot = slot, .size_bits = (uint8_t)size_bits, .is_device = is_device, .address = address};
    return OK;
}

MUST_CHECK memory_take_from(struct memory_untyped *untyped, unsigned size_bits)
{
    if (!has_room(untyped, size_bits))
        return ERR_NO_MEMORY;
    untyped->used = next_start(untyped, size_bits) + (UINT64_C(1) << size_bits);
    return OK;
}

MUST_CHECK memory_take(struct memory *memory, unsigned size_bits, uint32_t *slot)
{
    struct memory_untyped *best = NULL;
    uint64_t best_left = UINT64_MAX;

    for (unsigned i = 0; i < memory->count; i++) {
        struct memory_untyped *u = &memory->untyped[i];
        if (u->is_device || !has_room(u, size_bits))
            continue;
        uint64_t left = size_of(u) - next_start(u, size_bits) - (UINT64_C(1) << size_bits);
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
            if (!memory->untyped[i].is_device && has_room(&memory->untyped[i], bits))
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
            left += size_of(&memory->untyped[i]) - memory->untyped[i].used;
    }
    return left;
}

struct memory_untyped *memory_find_device(struct memory *memory, uint64_t address, uint64_t bytes)
{
    struct memory_untyped *best = NULL;

    for (unsigned i = 0; i < memory->count; i++) {
        struct memory_untyped *u = &memory->untyped[i];
        if (u->is_device && address >= u->address && bytes <= size_of(u) &&
            address - u->address <= size_of(u) - bytes && u->used <= address - u->address &&
            (best == NULL || u->size_bits < best->size_bits))
            best = u;
    }
    return best;
}
