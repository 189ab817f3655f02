/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * proves: A page is mapped exactly at aligned addresses of its space's half; the hart's walk then
 *         finds every byte of it and nothing elsewhere; when it is unmapped again no address leads
 *         anywhere and every table is back in the pool.  (Tables of 4 entries instead of 512.)
 * mutant: kernel/core/space.c: level) == 0; -> level) != 0;
 * unwind: 9
 * scale: kernel/core/pte.h: TABLE_ENTRIES 512u -> TABLE_ENTRIES 4u ;;
 *        kernel/core/pte.h: TABLE_BITS    9u -> TABLE_BITS    2u ;;
 *        kernel/core/space.c: .address_bits = 38, .root_pages = 1, .root_entries = 512 ->
 *        .address_bits = 17, .root_pages = 1, .root_entries = 4
 */
#include "prove.h"

#include <kernel/core/space.c>

/* Physical memory: a root and the pool, pages of four entries. */
#define MEMORY     UINT64_C(0x80000000)
#define PAGES      3u
#define BITS       2u
#define LIMIT_BITS 17u

static uint64_t page[PAGES][TABLE_ENTRIES];

void *hal_phys_to_virt(hpa_t address)
{
    uint64_t number = (address.raw - MEMORY) / PAGE_BYTES;

    PROVE(address.raw >= MEMORY && number < PAGES && address.raw % PAGE_BYTES == 0);
    return page[number];
}

hpa_t hal_virt_to_phys(const void *pointer)
{
    uint64_t number = 0;

    while (number < PAGES && pointer != page[number])
        number++;
    PROVE(number < PAGES);
    return hpa(MEMORY + number * PAGE_BYTES);
}

void hal_pte_write(uint64_t *entry, uint64_t value)
{
    *entry = value;
}

void hal_vspace_fence_page(uint16_t id, uint64_t address)
{
}
void hal_vspace_fence_all(uint16_t id)
{
}
void hal_gspace_fence_page(uint16_t id, uint64_t address)
{
}
void hal_gspace_fence_all(uint16_t id)
{
}

/* The hart's page-table walk: the translation of `address`, or 0. */
static uint64_t translate(uint64_t address)
{
    uint64_t number = 0;

    for (uint32_t level = 2; level < 3; level--) {
        PROVE(number < PAGES);
        uint64_t pte = page[number][address >> (12 + BITS * level) & 3];
        uint64_t inside = (UINT64_C(1) << (12 + BITS * level)) - 1;
        if ((pte & 1) == 0)
            return 0;
        if ((pte & 14) != 0)
            return (pte >> 10 << 12 & ~inside) | (address & inside);
        number = ((pte >> 10 << 12) - MEMORY) / PAGE_BYTES;
    }
    return 0;
}

static struct slot any_page(void)
{
    struct slot slot = {.type = OBJ_FRAME, .size_bits = PAGE_BITS};

    slot.object = (uint64_t)nondet_u16() << PAGE_BITS;
    ASSUME(slot.object != 0);
    return slot;
}

int main(void)
{
    static struct kernel kernel;
    static struct hart hart = {.kernel = &kernel};
    struct slot frame = any_page();
    static uint16_t used[PAGES - 1];
    struct space space = {.index = 1,
                          .root = hpa(MEMORY),
                          .pool_first = hpa(MEMORY + PAGE_BYTES),
                          .used = used,
                          .pool_next = hpa(MEMORY + PAGE_BYTES),
                          .free_count = PAGES - 1,
                          .pool_count = PAGES - 1};
    uint64_t a = nondet_u64(), at = nondet_u64(), size = UINT64_C(1) << frame.size_bits;

    kernel.vspaces.entry[1].space = &space;
    bool is_legal = (a & (size - 1)) == 0 && a < UINT64_C(1) << LIMIT_BITS;
    enum err err = space_map(&hart, &space, &frame, a, RIGHT_READ);
    PROVE((err == OK) == is_legal);
    ASSUME(at < UINT64_C(1) << LIMIT_BITS);
    bool is_in = err == OK && at >= a && at - a < size;
    PROVE(translate(at) == (is_in ? frame.object + (at - a) : 0));
    if (err == OK) {
        space_unmap(&hart, &frame);
        PROVE(translate(at) == 0 && frame.space == 0);
    }
    PROVE(space.free_count == PAGES - 1 && used[0] == 0 && used[1] == 0);
    return 0;
}
