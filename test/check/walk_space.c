/* SPDX-License-Identifier: BSD-2-Clause */
/* Page tables: each leaf matches one Frame capability, each table is in its space's pool. */
#include "walk.h"

#include <kernel/core/pte.h>
#include <kernel/core/space.h>

#define STAGE_SHIFT 16u /* of slot.space */
#define TOP_LEVEL   2u

static uint32_t user_entries(const struct space *space)
{
    return space->stage == SPACE_S ? 256 : 2048; /* above: the kernel's half of a VSpace */
}

static bool is_in_pool(const struct space *space, uint64_t start, uint64_t end, hpa_t page)
{
    uint64_t header = start + (space->stage == SPACE_S ? 1u : 4u) * PAGE_BYTES;

    return page.raw > header && page.raw >= space->pool_first.raw && page.raw < end &&
           page.raw < space->pool_next.raw;
}

/* Counts the tables and the leaves below one entry. */
static uint32_t walk_entry(struct walk *walk, const struct space *space, uint64_t pte,
                           uint32_t level, uint64_t start, uint64_t end)
{
    uint32_t tables = 1, used = 0;

    if ((pte & PTE_V) == 0) {
        walk_holds(walk, pte == 0, "an entry that is neither there nor empty", pte);
        return 0;
    }
    if (pte_is_leaf(pte)) {
        walk->leaves++;
        walk_holds(walk, (pte & PTE_U) != 0, "a user's page that is not for users", pte);
        if (space->stage == SPACE_S)
            walk_holds(walk, (pte & (PTE_W | PTE_X)) != (PTE_W | PTE_X),
                       "a page to write and to execute", pte);
        return 0;
    }
    if (!walk_holds(walk, level > 0 && is_in_pool(space, start, end, pte_address(pte)),
                    "a page table from elsewhere", pte))
        return 0;
    const uint64_t *entry = hal_phys_to_virt(pte_address(pte));
    for (uint32_t i = 0; i < TABLE_ENTRIES && walk->broken == NULL; i++) {
        used += entry[i] != 0;
        tables += walk_entry(walk, space, entry[i], level - 1, start, end);
    }
    walk_holds(walk, used != 0, "an empty page table", pte);
    uint64_t page = (pte_address(pte).raw - space->pool_first.raw) / PAGE_BYTES;
    walk_holds(walk, space->used[page] == used, "a wrong count of entries in use", pte);
    return tables;
}

/* Freed tables lie in the pool, and are zero but for their link. */
static uint32_t walk_free_list(struct walk *walk, const struct space *space, uint64_t start,
                               uint64_t end)
{
    uint32_t count = 0;

    for (const uint64_t *page = space->free_list; page != NULL && walk->broken == NULL;
         page = (const uint64_t *)(uintptr_t)page[0]) {
        if (!walk_holds(walk, is_in_pool(space, start, end, hal_virt_to_phys(page)),
                        "a free table from elsewhere", (uintptr_t)page))
            return count;
        for (uint32_t i = 1; i < TABLE_ENTRIES; i++)
            walk_holds(walk, page[i] == 0, "a free table that is not empty", (uintptr_t)page);
        uint64_t number = (hal_virt_to_phys(page).raw - space->pool_first.raw) / PAGE_BYTES;
        walk_holds(walk, space->used[number] == 0, "a free table that counts entries", number);
        walk_holds(walk, ++count <= space->pool_count, "a loop of free tables", start);
    }
    return count;
}

/* The kernel's half is the same in all address spaces. */
static void walk_kernel_half(struct walk *walk, const struct space *space)
{
    const struct space *other = walk->hart->vspace;

    if (space->stage != SPACE_S || other == NULL)
        return;
    const uint64_t *entry = hal_phys_to_virt(space->root);
    const uint64_t *expected = hal_phys_to_virt(other->root);
    for (uint32_t i = user_entries(space); i < TABLE_ENTRIES; i++)
        walk_holds(walk, entry[i] == expected[i] && (entry[i] & PTE_U) == 0,
                   "the kernel's half of a space was changed", i);
}

void walk_space(struct walk *walk, const struct space *space, uint64_t start, uint64_t end)
{
    struct kernel *kernel = walk->hart->kernel;
    const struct space_table *table = space->stage == SPACE_S ? &kernel->vspaces : &kernel->gspaces;
    const uint64_t *root = hal_phys_to_virt(space->root);
    uint32_t tables = 0;

    if (!walk_holds(walk,
                    space->index != 0 && space->index < SPACE_COUNT && space->root.raw == start &&
                        table->entry[space->index].space == space,
                    "a space that is not in its place", start))
        return;
    walk->spaces[space->stage]++;
    walk_kernel_half(walk, space);
    for (uint32_t i = 0; i < user_entries(space) && walk->broken == NULL; i++)
        tables += walk_entry(walk, space, root[i], TOP_LEVEL, start, end);
    uint32_t fresh = (uint32_t)((end - space->pool_next.raw) / PAGE_BYTES);
    uint32_t freed = walk_free_list(walk, space, start, end);
    walk_holds(walk, space->free_count == fresh + freed, "a wrong count of free tables",
               space->free_count);
    walk_holds(walk, space->pool_count == space->free_count + tables, "a table is lost or doubled",
               start);
}

void walk_frame(struct walk *walk, const struct slot *slot)
{
    const struct space *space = space_of_frame(walk->hart->kernel, slot);
    uint32_t level = (slot->size_bits - PAGE_BITS) / TABLE_BITS;
    uint64_t address = slot->word[0];

    if (space == NULL)
        return;
    walk->mapped_frames++;
    walk_holds(walk, slot->space >> STAGE_SHIFT == space->stage, "a mapping in the other stage",
               slot->space);
    const uint64_t *entry = hal_phys_to_virt(space->root);
    entry += address >> (PAGE_BITS + TABLE_BITS * TOP_LEVEL);
    for (uint32_t at = TOP_LEVEL; at > level; at--) {
        if (!walk_holds(walk, pte_is_table(*entry), "a mapping without its tables", address))
            return;
        entry = hal_phys_to_virt(pte_address(*entry));
        entry += address >> (PAGE_BITS + TABLE_BITS * (at - 1)) & (TABLE_ENTRIES - 1);
    }
    walk_holds(walk, pte_is_leaf(*entry) && pte_address(*entry).raw == slot->object,
               "a mapping that is not there", address);
    uint64_t rights = ((*entry & PTE_R) != 0 ? RIGHT_READ : 0u) |
                      ((*entry & PTE_W) != 0 ? RIGHT_WRITE : 0u) |
                      ((*entry & PTE_X) != 0 ? RIGHT_EXEC : 0u);
    walk_holds(walk, (rights & ~(uint64_t)slot->rights) == 0, "a mapping beyond its rights",
               address);
}
