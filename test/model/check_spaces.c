/* SPDX-License-Identifier: BSD-2-Clause */
/* Every valid leaf is the mapping of one Frame capability, and every page of a pool is either in
 * use as one table, or free. */
#include "world.h"

#include <fakes/hal.h>
#include <kernel/core/pte.h>
#include <stdlib.h>
#include <string.h>

#define POOL_PAGES_MAX 4096u

struct walk {
    struct world *world;
    uint32_t number; /* of the space */
    struct space *space;
    uint32_t leaves, tables;
    uint64_t first_page; /* of the pool */
    uint8_t seen[POOL_PAGES_MAX];
};

/* Marks a page of the pool as visited, and checks that this is its first visit. */
static void page_met(struct walk *walk, uint64_t address)
{
    uint64_t page = (address - walk->first_page) / PAGE_BYTES;

    HOLDS(walk->world, address % PAGE_BYTES == 0 && page < walk->space->pool_count,
          "table at %llx, outside the pool", (unsigned long long)address);
    HOLDS(walk->world, walk->seen[page] == 0, "page %llu of a pool is in use twice",
          (unsigned long long)page);
    walk->seen[page] = 1;
}

static void leaf_met(struct walk *walk, uint64_t pte, uint64_t address, uint32_t level)
{
    const struct model *model = &walk->world->model;

    walk->leaves++;
    for (uint32_t i = 0; i < model->cap_count; i++) {
        const struct model_cap *cap = &model->cap[i];
        if (cap->mapped_in != walk->number || cap->mapped_at != address)
            continue;
        HOLDS(walk->world, cap->size_bits == 12 + 9 * level, "leaf at level %u", level);
        HOLDS(walk->world, pte == pte_leaf(hpa(cap->address), cap->mapped_rights),
              "leaf %llx", (unsigned long long)pte);
        return;
    }
    HOLDS(walk->world, false, "a leaf at %llx that no capability stands for",
          (unsigned long long)address);
}

static void table_met(struct walk *walk, uint64_t table, uint32_t count, uint64_t base,
                      uint32_t level)
{
    const uint64_t *entry = hal_phys_to_virt(hpa(table));
    uint32_t in_use = 0;

    for (uint32_t i = 0; i < count; i++) {
        uint64_t address = base + ((uint64_t)i << (12 + 9 * level));
        if (i % FAKE_LINE_ENTRIES == 0 && fake_line_is_empty(&entry[i])) {
            i += FAKE_LINE_ENTRIES - 1;
            continue;
        }
        if (entry[i] == 0)
            continue;
        if (level == 2 && walk->space->stage == SPACE_S && i >= 256)
            continue; /* the kernel's half */
        in_use++;
        HOLDS(walk->world, (entry[i] & PTE_V) != 0, "entry %llx", (unsigned long long)entry[i]);
        if (pte_is_leaf(entry[i])) {
            leaf_met(walk, entry[i], address, level);
            continue;
        }
        HOLDS(walk->world, level > 0, "a table below level 0");
        page_met(walk, pte_address(entry[i]).raw);
        walk->tables++;
        table_met(walk, pte_address(entry[i]).raw, TABLE_ENTRIES, address, level - 1);
    }
    HOLDS(walk->world, level == 2 || in_use > 0, "an empty table is still linked");
    HOLDS(walk->world,
          level == 2 || walk->space->used[(table - walk->first_page) / PAGE_BYTES] == in_use,
          "a table of %u entries counts others", in_use);
}

/* Free tables are distinct, and zero but for their link. */
static void check_free(struct walk *walk)
{
    uint32_t free = 0;

    for (uint64_t *page = walk->space->free_list; page != NULL;
         page = (uint64_t *)(uintptr_t)page[0]) {
        page_met(walk, hal_virt_to_phys(page).raw);
        free++;
        uint64_t bits = 0;
        for (uint32_t i = 1; i < TABLE_ENTRIES; i++)
            bits |= page[i];
        HOLDS(walk->world, bits == 0, "a free table is not zero");
    }
    uint64_t end = walk->first_page + walk->space->pool_count * PAGE_BYTES;
    for (uint64_t at = walk->space->pool_next.raw; at < end; at += PAGE_BYTES) {
        page_met(walk, at);
        free++;
    }
    HOLDS(walk->world, free == walk->space->free_count, "%u, not %u", free,
          walk->space->free_count);
    HOLDS(walk->world, free + walk->tables == walk->space->pool_count, "%u free, %u in use", free,
          walk->tables);
}

static void check_space(struct world *world, uint32_t number)
{
    const struct model_object *object = &world->model.object[number];
    bool is_guest = object->type == OBJ_GSPACE;
    uint64_t root_bytes = is_guest ? 4 * PAGE_BYTES : PAGE_BYTES;
    struct walk walk = { .world = world,
                         .number = number,
                         .space = world_object(world, number),
                         .first_page = object->address + root_bytes + PAGE_BYTES };
    uint32_t mapped = 0;

    HOLDS(world, walk.space->pool_count == model_pool_pages(&world->model, number), "%u",
          walk.space->pool_count);
    HOLDS(world, walk.space->root.raw == object->address, "root moved");
    table_met(&walk, object->address, is_guest ? 2048 : 512, 0, 2);
    for (uint32_t i = 0; i < world->model.cap_count; i++)
        mapped += world->model.cap[i].mapped_in == number;
    HOLDS(world, walk.leaves == mapped, "%u, not %u", walk.leaves, mapped);
    HOLDS(world, walk.tables == model_table_pages(&world->model, number), "%u tables",
          walk.tables);
    check_free(&walk);
}

/* The records in Frame slots agree with the model. */
static void check_records(struct world *world)
{
    for (uint32_t i = 0; i < world->model.cap_count; i++) {
        const struct model_cap *cap = &world->model.cap[i];
        if (cap->type != OBJ_FRAME)
            continue;
        const struct slot *slot = world_slot(world, cap->holder, cap->index);
        const struct space *space = space_of_frame(&world->kernel, slot);
        const struct space *expected =
            cap->mapped_in != 0 ? world_object(world, cap->mapped_in) : NULL;
        HOLDS(world, space == expected, "frame of %u/%u", cap->holder, cap->index);
        if (space != NULL)
            HOLDS(world, slot->word[0] == cap->mapped_at, "mapped at %llx",
                  (unsigned long long)slot->word[0]);
    }
}

static void check_table(struct world *world, struct space_table *table, enum obj_type type)
{
    uint32_t used = 0, expected = 0;

    for (uint32_t i = 0; i < SPACE_COUNT; i++) {
        struct space *space = table->entry[i].space;
        if (space == NULL)
            continue;
        uint32_t number = world_number(world, space);
        used++;
        HOLDS(world, number != 0 && world->model.object[number].type == type &&
                         world->model.object[number].life == MODEL_ALIVE,
              "place %u holds a space that is gone", i);
        HOLDS(world, space->index == i, "place %u", i);
    }
    for (uint32_t i = 1; i < MODEL_OBJECTS; i++)
        expected += world->model.object[i].life == MODEL_ALIVE &&
                    world->model.object[i].type == type;
    HOLDS(world, used == expected && used == table->used_count, "%u of %u, counted %u", used,
          expected, table->used_count);
}

void check_spaces(struct world *world)
{
    for (uint32_t i = 1; i < MODEL_OBJECTS; i++) {
        const struct model_object *object = &world->model.object[i];
        if (object->life == MODEL_ALIVE &&
            (object->type == OBJ_VSPACE || object->type == OBJ_GSPACE))
            check_space(world, i);
    }
    check_records(world);
    check_table(world, &world->kernel.vspaces, OBJ_VSPACE);
    check_table(world, &world->kernel.gspaces, OBJ_GSPACE);
}
