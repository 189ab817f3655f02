/* SPDX-License-Identifier: BSD-2-Clause */
#include <fakes/hal.h>

#include <fakes/hal_internal.h>
#include <kernel/core/pte.h>
#include <stdlib.h>
#include <string.h>

#define LEVELS 3u

enum stage { STAGE_S, STAGE_G, STAGES };

struct cached {
    enum stage stage;
    uint16_t id;
    bool is_table;
    uint64_t address; /* first address in the space that the entry covers */
    uint64_t covers;  /* bytes */
    hpa_t target;     /* page or table */
};

struct loaded {
    bool is_loaded;
    uint16_t id;
    hpa_t root;
};

struct fake_tlb_copy {
    struct cached *list;
    size_t count, room;
    struct loaded loaded[STAGES];
};

static struct fake_tlb_copy tlb;

void fake_tlb_reset(void)
{
    free(tlb.list);
    memset(&tlb, 0, sizeof(tlb));
}

static struct cached *list_copy(const struct fake_tlb_copy *from)
{
    struct cached *list = from->room != 0 ? malloc(from->room * sizeof(*list)) : NULL;

    if (from->room != 0 && list == NULL)
        fake_bug("no memory");
    if (from->count != 0)
        memcpy(list, from->list, from->count * sizeof(*list));
    return list;
}

struct fake_tlb_copy *fake_tlb_copy(void)
{
    struct fake_tlb_copy *copy = malloc(sizeof(*copy));

    if (copy == NULL)
        fake_bug("no memory");
    *copy = tlb;
    copy->list = list_copy(&tlb);
    return copy;
}

void fake_tlb_restore(const struct fake_tlb_copy *copy)
{
    free(tlb.list);
    tlb = *copy;
    tlb.list = list_copy(copy);
}

void fake_tlb_free(struct fake_tlb_copy *copy)
{
    free(copy->list);
    free(copy);
}

/* ---- walking ---------------------------------------------------------------------- */

/* Entries of a root to walk: of a VSpace the lower half, because the kernel owns the rest. */
static uint32_t root_entries(enum stage stage)
{
    return stage == STAGE_S ? TABLE_ENTRIES / 2 : TABLE_ENTRIES * 4;
}

typedef void visit(enum stage stage, uint64_t address, uint32_t level, uint64_t entry, void *to);

/* Calls `to` for every valid entry below a root, for a table before its entries. */
static void walk(enum stage stage, hpa_t table, uint32_t level, uint64_t base, visit *show,
                 void *to)
{
    const uint64_t *entry = hal_phys_to_virt(table);
    uint32_t count = level == LEVELS - 1 ? root_entries(stage) : TABLE_ENTRIES;

    for (uint32_t i = 0; i < count; i++) {
        uint64_t address = base + ((uint64_t)i << (PAGE_BITS + TABLE_BITS * level));
        if (i % FAKE_LINE_ENTRIES == 0 && fake_line_is_empty(&entry[i])) {
            i += FAKE_LINE_ENTRIES - 1;
            continue;
        }
        if ((entry[i] & PTE_V) == 0)
            continue;
        show(stage, address, level, entry[i], to);
        if (pte_is_table(entry[i])) {
            if (level == 0)
                fake_bug("a table below the last level");
            walk(stage, pte_address(entry[i]), level - 1, address, show, to);
        }
    }
}

/* ---- caching ---------------------------------------------------------------------- */

static bool is_same(const struct cached *a, const struct cached *b)
{
    return a->stage == b->stage && a->id == b->id && a->is_table == b->is_table &&
           a->address == b->address && a->covers == b->covers && a->target.raw == b->target.raw;
}

static void cache(const struct cached *one)
{
    for (size_t i = 0; i < tlb.count; i++) {
        if (is_same(&tlb.list[i], one))
            return;
    }
    if (tlb.count == tlb.room) {
        tlb.room = tlb.room == 0 ? 64 : tlb.room * 2;
        tlb.list = realloc(tlb.list, tlb.room * sizeof(*tlb.list));
        if (tlb.list == NULL)
            fake_bug("no memory");
    }
    tlb.list[tlb.count++] = *one;
}

static void cache_entry(enum stage stage, uint64_t address, uint32_t level, uint64_t entry,
                        void *to)
{
    const struct loaded *loaded = to;

    cache(&(struct cached){ .stage = stage,
                            .id = loaded->id,
                            .is_table = pte_is_table(entry),
                            .address = address,
                            .covers = UINT64_C(1) << (PAGE_BITS + TABLE_BITS * level),
                            .target = pte_address(entry) });
}

void fake_tlb_fill(void)
{
    for (uint32_t stage = 0; stage < STAGES; stage++) {
        struct loaded *loaded = &tlb.loaded[stage];
        if (loaded->is_loaded)
            walk((enum stage)stage, loaded->root, LEVELS - 1, 0, cache_entry, loaded);
    }
}

/* Drops the cached entries that the fence covers. */
static void drop(enum stage stage, uint16_t id, bool only_leaf, uint64_t address)
{
    size_t kept = 0;

    for (size_t i = 0; i < tlb.count; i++) {
        const struct cached *one = &tlb.list[i];
        bool is_of_id = one->stage == stage && one->id == id;
        bool is_hit = !only_leaf || (!one->is_table && address - one->address < one->covers);
        if (!is_of_id || !is_hit)
            tlb.list[kept++] = *one;
    }
    tlb.count = kept;
}

/* ---- the HAL's part ------------------------------------------------------------------ */

void hal_memory_zero(void *at, uint64_t bytes)
{
    memset(at, 0, bytes);
}

void hal_pte_write(uint64_t *entry, uint64_t value)
{
    fake_note(FAKE_PTE_WRITE, hal_virt_to_phys(entry).raw, value, 0);
    if (((uintptr_t)entry & 7) != 0)
        fake_bug("a misaligned page-table entry");
    if ((*entry & PTE_V) != 0)
        fake_tlb_fill();
    *entry = value;
}

void hal_vspace_init(hpa_t root)
{
    uint64_t *entry = hal_phys_to_virt(root);

    entry[TABLE_ENTRIES - 1] = pte_leaf(hpa(FAKE_RAM_START), RIGHT_READ) & ~PTE_U;
}

static void load(enum stage stage, uint16_t id, hpa_t root)
{
    fake_tlb_fill();
    tlb.loaded[stage] = (struct loaded){ .is_loaded = true, .id = id, .root = root };
}

static void unload(enum stage stage)
{
    fake_tlb_fill();
    tlb.loaded[stage].is_loaded = false;
}

void hal_vspace_load(uint16_t id, hpa_t root)
{
    fake_note(FAKE_VSPACE_LOAD, id, root.raw, 0);
    load(STAGE_S, id, root);
}

void hal_gspace_load(uint16_t id, hpa_t root)
{
    fake_note(FAKE_GSPACE_LOAD, id, root.raw, 0);
    fake_check_vsatp();
    load(STAGE_G, id, root);
}

void hal_vspace_unload(void)
{
    fake_note(FAKE_VSPACE_UNLOAD, 0, 0, 0);
    unload(STAGE_S);
}

void hal_gspace_unload(void)
{
    fake_note(FAKE_GSPACE_UNLOAD, 0, 0, 0);
    fake_check_vsatp();
    unload(STAGE_G);
}

void hal_vspace_fence_page(uint16_t id, uint64_t address)
{
    fake_note(FAKE_VSPACE_FENCE_PAGE, id, address, 0);
    drop(STAGE_S, id, true, address);
}

void hal_vspace_fence_all(uint16_t id)
{
    fake_note(FAKE_VSPACE_FENCE_ALL, id, 0, 0);
    drop(STAGE_S, id, false, 0);
}

void hal_gspace_fence_page(uint16_t id, uint64_t address)
{
    fake_note(FAKE_GSPACE_FENCE_PAGE, id, address, 0);
    drop(STAGE_G, id, true, address);
}

void hal_gspace_fence_all(uint16_t id)
{
    fake_note(FAKE_GSPACE_FENCE_ALL, id, 0, 0);
    drop(STAGE_G, id, false, 0);
}

uint32_t hal_vspace_id_count(void)
{
    return fake.vspace_ids;
}

uint32_t hal_gspace_id_count(void)
{
    return fake.gspace_ids;
}

/* ---- questions ----------------------------------------------------------------------- */

/* Does a walk from a loaded root find `one`? */
static bool is_found(const struct cached *one, const struct loaded *loaded)
{
    hpa_t table = loaded->root;

    for (uint32_t level = LEVELS - 1;; level--) {
        uint64_t covers = UINT64_C(1) << (PAGE_BITS + TABLE_BITS * level);
        uint32_t entries = level == LEVELS - 1 ? root_entries(one->stage) : TABLE_ENTRIES;
        const uint64_t *entry = hal_phys_to_virt(table);
        uint64_t pte = entry[one->address / covers % entries];
        if ((pte & PTE_V) == 0)
            return false;
        if (covers == one->covers)
            return pte_is_table(pte) == one->is_table && pte_address(pte).raw == one->target.raw;
        if (!pte_is_table(pte) || level == 0)
            return false;
        table = pte_address(pte);
    }
}

bool fake_tlb_agrees(void)
{
    for (size_t i = 0; i < tlb.count; i++) {
        const struct cached *one = &tlb.list[i];
        const struct loaded *loaded = &tlb.loaded[one->stage];
        if (loaded->is_loaded && loaded->id == one->id && !is_found(one, loaded))
            return false;
    }
    return true;
}

struct question {
    hpa_t start;
    uint64_t bytes;
    bool is_reached;
};

static void ask(struct question *question, hpa_t start, uint64_t bytes)
{
    if (start.raw < question->start.raw + question->bytes &&
        question->start.raw < start.raw + bytes)
        question->is_reached = true;
}

static void ask_entry(ATTR_UNUSED enum stage stage, ATTR_UNUSED uint64_t address, uint32_t level,
                      uint64_t entry, void *to)
{
    uint64_t covers = UINT64_C(1) << (PAGE_BITS + TABLE_BITS * level);

    ask(to, pte_address(entry), pte_is_table(entry) ? PAGE_BYTES : covers);
}

bool fake_tlb_reaches(hpa_t start, uint64_t bytes)
{
    struct question question = { .start = start, .bytes = bytes };

    for (size_t i = 0; i < tlb.count; i++)
        ask(&question, tlb.list[i].target, tlb.list[i].is_table ? PAGE_BYTES : tlb.list[i].covers);
    for (uint32_t stage = 0; stage < STAGES; stage++) {
        const struct loaded *loaded = &tlb.loaded[stage];
        if (!loaded->is_loaded)
            continue;
        ask(&question, loaded->root, root_entries((enum stage)stage) * sizeof(uint64_t));
        walk((enum stage)stage, loaded->root, LEVELS - 1, 0, ask_entry, &question);
    }
    return question.is_reached;
}
