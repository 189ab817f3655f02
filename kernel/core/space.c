/* SPDX-License-Identifier: BSD-2-Clause */
#include <kernel/core/space.h>

#include <kernel/core/hart.h>
#include <kernel/core/pte.h>
#include <kernel/hal/hal.h>

#define LEVELS 3u /* 2 is the root's */

struct geometry {
    uint8_t address_bits; /* user mappings lie below 2^address_bits */
    uint8_t root_pages;
    uint16_t root_entries;
};

/* The upper half of a VSpace is the kernel's. */
static const struct geometry geometry[] = {
    [SPACE_S] = { .address_bits = 38, .root_pages = 1, .root_entries = 512 },
    [SPACE_G] = { .address_bits = 41, .root_pages = 4, .root_entries = 2048 },
};

/* ---- identity ---------------------------------------------------------------- */

static struct space_table *table_of(struct kernel *kernel, uint8_t stage)
{
    return stage == SPACE_S ? &kernel->vspaces : &kernel->gspaces;
}

static uint32_t id_count(uint8_t stage)
{
    return stage == SPACE_S ? hal_vspace_id_count() : hal_gspace_id_count();
}

uint32_t space_free_count(const struct kernel *kernel, enum space_stage stage)
{
    const struct space_table *table = stage == SPACE_S ? &kernel->vspaces : &kernel->gspaces;

    return SPACE_COUNT - 1 - table->used_count;
}

static uint16_t place_take(struct space_table *table, struct space *space)
{
    uint16_t i = table->free_first;

    if (i != 0)
        table->free_first = table->free_next[i];
    else
        i = ++table->fresh_count;
    table->entry[i].space = space;
    table->used_count++;
    return i;
}

/* Free the place of a space that died: records of mappings that name the place are void. */
static void place_give(struct space_table *table, uint16_t i)
{
    table->entry[i].space = NULL;
    table->entry[i].generation++;
    table->used_count--;
    table->free_next[i] = table->free_first;
    table->free_first = i;
}

/* How many of the `rest_pages` behind the root table hold the header and the counts? */
static uint32_t header_page_count(uint32_t rest_pages)
{
    uint64_t bytes_a_page = PAGE_BYTES + sizeof(uint16_t);
    uint64_t bytes = sizeof(struct space) + (uint64_t)rest_pages * sizeof(uint16_t);

    return (uint32_t)((bytes + bytes_a_page - 1) / bytes_a_page);
}

struct object *space_create(struct kernel *kernel, enum space_stage stage, hpa_t memory,
                            uint8_t size_bits)
{
    uint32_t root_pages = geometry[stage].root_pages;
    uint32_t rest_pages = (UINT32_C(1) << (size_bits - PAGE_BITS)) - root_pages;
    uint32_t header_pages = header_page_count(rest_pages);
    hpa_t header = hpa(memory.raw + root_pages * PAGE_BYTES);
    struct space *space = hal_phys_to_virt(header);

    space->stage = (uint8_t)stage;
    space->index = place_take(table_of(kernel, space->stage), space);
    space->id = (uint16_t)(space->index % id_count(space->stage));
    space->root = memory;
    space->pool_first = hpa(header.raw + header_pages * PAGE_BYTES);
    space->pool_next = space->pool_first;
    space->used = (uint16_t *)(space + 1);
    space->pool_count = rest_pages - header_pages;
    space->free_count = space->pool_count;
    if (stage == SPACE_S)
        hal_vspace_init(memory);
    return &space->object;
}

static void space_fence_all(const struct space *space)
{
    if (space->stage == SPACE_S)
        hal_vspace_fence_all(space->id);
    else
        hal_gspace_fence_all(space->id);
}

void space_destroy(struct hart *hart, struct space *space)
{
    struct space_table *table = table_of(hart->kernel, space->stage);

    if (hart->vspace == space) {
        hal_vspace_unload();
        hart->vspace = NULL;
    }
    if (hart->gspace == space) {
        hal_gspace_unload();
        hart->gspace = NULL;
    }
    space_fence_all(space);
    place_give(table, space->index);
}

void space_load(struct hart *hart, struct space *space)
{
    struct space **loaded = space->stage == SPACE_S ? &hart->vspace : &hart->gspace;

    if (*loaded == space)
        return;
    if (space->stage == SPACE_S)
        hal_vspace_load(space->id, space->root);
    else
        hal_gspace_load(space->id, space->root);
    *loaded = space;
    /* Another space may have used the identifier, and the hart could walk it until now. */
    if (id_count(space->stage) < SPACE_COUNT)
        space_fence_all(space);
}

/* ---- records in Frame slots --------------------------------------------------- */

/* slot.space: stage in bit 16, index in the bits below.  slot.word[]: */
enum { MAPPED_ADDRESS = 0, MAPPED_GENERATION = 1 };
#define SPACE_STAGE_SHIFT 16u

struct space *space_of_frame(struct kernel *kernel, const struct slot *slot)
{
    if (slot->space == 0)
        return NULL;
    struct space_table *table = table_of(kernel, (uint8_t)(slot->space >> SPACE_STAGE_SHIFT));
    const struct space_entry *entry = &table->entry[slot->space & (SPACE_COUNT - 1)];
    return entry->generation == slot->word[MAPPED_GENERATION] ? entry->space : NULL;
}

static void record_mapping(struct kernel *kernel, struct slot *slot, const struct space *space,
                           uint64_t address)
{
    slot->space = (uint32_t)space->stage << SPACE_STAGE_SHIFT | space->index;
    slot->word[MAPPED_ADDRESS] = address;
    slot->word[MAPPED_GENERATION] =
        table_of(kernel, space->stage)->entry[space->index].generation;
}

/* ---- tables ------------------------------------------------------------------- */

static uint64_t *table_at(hpa_t address)
{
    return hal_phys_to_virt(address);
}

/* The entry for `address` in a table of `level`. */
static uint64_t *entry_in(const struct space *space, hpa_t table, uint32_t level, uint64_t address)
{
    uint64_t count = level == LEVELS - 1 ? geometry[space->stage].root_entries : TABLE_ENTRIES;

    return table_at(table) + ((address >> (PAGE_BITS + TABLE_BITS * level)) & (count - 1));
}

/* The entries that translate one address; path[level] is NULL below the lowest table. */
struct walk {
    uint64_t *path[LEVELS];
};

/* Walk the page tables down to `level`, or to the lowest table above it. */
static struct walk space_walk(const struct space *space, uint64_t address, uint32_t level)
{
    struct walk walk = { { NULL } };
    hpa_t table = space->root;

    for (uint32_t at = LEVELS - 1;; at--) {
        walk.path[at] = entry_in(space, table, at, address);
        if (at == level || !pte_is_table(*walk.path[at]))
            return walk;
        table = pte_address(*walk.path[at]);
    }
}

static hpa_t pool_take(struct space *space)
{
    uint64_t *page = space->free_list;

    space->free_count--;
    if (page != NULL) {
        space->free_list = (uint64_t *)(uintptr_t)page[0];
        page[0] = 0;
        return hal_virt_to_phys(page);
    }
    hpa_t fresh = space->pool_next;
    space->pool_next.raw += PAGE_BYTES;
    return fresh;
}

/* Give back a table that is all zeros, fenced, and has the count 0. */
static void pool_give(struct space *space, hpa_t table)
{
    uint64_t *page = table_at(table);

    page[0] = (uint64_t)(uintptr_t)space->free_list;
    space->free_list = page;
    space->free_count++;
}

/* The count of the walk's table at `level`, which is not the root's. */
static uint16_t *used_of(const struct space *space, const struct walk *walk, uint32_t level)
{
    hpa_t table = pte_address(*walk->path[level + 1]);

    return &space->used[(table.raw - space->pool_first.raw) / PAGE_BYTES];
}

/* Fill the walk's empty entry at `level`. */
static void entry_fill(const struct space *space, const struct walk *walk, uint32_t level,
                       uint64_t pte)
{
    hal_pte_write(walk->path[level], pte);
    if (level < LEVELS - 1)
        ++*used_of(space, walk, level);
}

/* Empty the walk's entry at `level`; true: its table can go back to the pool. */
static bool entry_clear(const struct space *space, const struct walk *walk, uint32_t level)
{
    hal_pte_write(walk->path[level], 0);
    return level < LEVELS - 1 && --*used_of(space, walk, level) == 0;
}

/* ---- map and unmap ------------------------------------------------------------ */

static uint32_t frame_level(const struct slot *slot)
{
    return (slot->size_bits - PAGE_BITS) / TABLE_BITS;
}

/* Can a leaf be put at `level`?  On OK `*missing` is the number of tables it needs. */
static enum err map_check(const struct space *space, const struct walk *walk, uint32_t level,
                          uint32_t *missing)
{
    uint32_t lowest = LEVELS - 1; /* the walk ended at this level */

    while (lowest > level && walk->path[lowest - 1] != NULL)
        lowest--;
    if (*walk->path[lowest] != 0)
        return ERR_EXISTS; /* a leaf, or at `level` itself a table in use */
    if (lowest - level > space->free_count)
        return ERR_NO_MEMORY;
    *missing = lowest - level;
    return OK;
}

/* Order new entries before later walks: a hart may have cached the invalid entry.  A fence of one
 * address orders leaf entries only ("Supervisor Memory-Management Fence Instruction"). */
static void fence_entries(const struct space *space, uint64_t address, bool only_leaf)
{
    if (!only_leaf)
        space_fence_all(space);
    else if (space->stage == SPACE_S)
        hal_vspace_fence_page(space->id, address);
    else
        hal_gspace_fence_page(space->id, address);
}

enum err space_map(struct hart *hart, struct space *space, struct slot *slot, uint64_t address,
                   uint8_t rights)
{
    uint64_t size = UINT64_C(1) << slot->size_bits;
    uint64_t limit = UINT64_C(1) << geometry[space->stage].address_bits;

    if ((address & (size - 1)) != 0)
        return ERR_ALIGN;
    if (address >= limit || limit - address < size)
        return ERR_RANGE;

    uint32_t level = frame_level(slot), missing;
    struct walk walk = space_walk(space, address, level);
    enum err err = map_check(space, &walk, level, &missing);
    if (err != OK)
        return err;

    for (uint32_t at = level + missing; at > level; at--) {
        hpa_t table = pool_take(space);
        entry_fill(space, &walk, at, pte_table(table));
        walk.path[at - 1] = entry_in(space, table, at - 1, address);
    }
    entry_fill(space, &walk, level, pte_leaf(hpa(slot->object), rights));
    fence_entries(space, address, missing == 0);
    record_mapping(hart->kernel, slot, space, address);
    return OK;
}

/* Clear the walk's leaf at `level`, then free the tables that became empty, from the lowest up.
 * Each table is unlinked and fenced before it goes to the pool. */
static void leaf_clear(struct space *space, const struct walk *walk, uint32_t level,
                       uint64_t address)
{
    bool is_empty = entry_clear(space, walk, level);

    fence_entries(space, address, true);
    for (uint32_t at = level + 1; is_empty; at++) {
        hpa_t table = pte_address(*walk->path[at]);
        is_empty = entry_clear(space, walk, at);
        fence_entries(space, address, false);
        pool_give(space, table);
    }
}

void space_unmap(struct hart *hart, struct slot *slot)
{
    struct space *space = space_of_frame(hart->kernel, slot);

    if (space != NULL) {
        uint64_t address = slot->word[MAPPED_ADDRESS];
        uint32_t level = frame_level(slot);
        struct walk walk = space_walk(space, address, level);

        leaf_clear(space, &walk, level, address);
    }
    slot->space = 0;
    slot->word[MAPPED_ADDRESS] = 0;
    slot->word[MAPPED_GENERATION] = 0;
}

/* ---- recovery from faults ------------------------------------------------------ */

/* Exception codes in scause. */
enum {
    CAUSE_LOAD_ACCESS = 5,
    CAUSE_STORE_ACCESS = 7,
    CAUSE_LOAD_PAGE = 13,
    CAUSE_STORE_PAGE = 15
};

enum err space_recovery_set(struct space *space, const struct space_recovery *recovery)
{
    uint64_t limit = UINT64_C(1) << geometry[SPACE_S].address_bits;

    if (recovery->bytes == 0) {
        space->recovery = (struct space_recovery){ 0 };
        return OK;
    }
    if (((recovery->start | recovery->bytes | recovery->exit) & 1) != 0)
        return ERR_ALIGN;
    if (recovery->start >= limit || recovery->bytes > limit - recovery->start ||
        recovery->exit >= limit)
        return ERR_RANGE;
    if (recovery->exit - recovery->start < recovery->bytes)
        return ERR_INVALID_ARG;
    space->recovery = *recovery;
    return OK;
}

bool space_recovers(const struct space *space, uint64_t cause, uint64_t pc)
{
    bool is_access = cause == CAUSE_LOAD_PAGE || cause == CAUSE_STORE_PAGE ||
                     cause == CAUSE_LOAD_ACCESS || cause == CAUSE_STORE_ACCESS;

    return is_access && pc - space->recovery.start < space->recovery.bytes;
}
