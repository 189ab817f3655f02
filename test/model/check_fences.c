/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * No reuse before the fence.  No translation that the hart may have cached reaches memory that was
 * just handed out, or that may become a page table.  No call ends with a page-table write without
 * a later fence.
 */
#include "world.h"

#include <fakes/hal.h>

/* ---- writes ------------------------------------------------------------------------------- */

/* The space whose tables contain `address`.  One that died in the call is still in memory. */
static const struct space *space_around(struct world *world, const struct model *before,
                                        uint64_t address)
{
    for (uint32_t i = 1; i < MODEL_OBJECTS; i++) {
        const struct model_object *object = &before->object[i];
        if (object->life != MODEL_ALIVE ||
            (object->type != OBJ_VSPACE && object->type != OBJ_GSPACE) ||
            address - object->address >= UINT64_C(1) << object->size_bits)
            continue;
        uint64_t root = object->type == OBJ_VSPACE ? PAGE_BYTES : 4 * PAGE_BYTES;
        return hal_phys_to_virt(hpa(object->address + root));
    }
    HOLDS(world, false, "a page-table write at %llx, in no space", (unsigned long long)address);
    return NULL;
}

static bool is_fence_of(const struct fake_event *event, const struct space *space)
{
    bool is_guest = space->stage == SPACE_G;

    if (event->kind == (is_guest ? FAKE_GSPACE_FENCE_ALL : FAKE_VSPACE_FENCE_ALL) ||
        event->kind == (is_guest ? FAKE_GSPACE_FENCE_PAGE : FAKE_VSPACE_FENCE_PAGE))
        return event->word[0] == space->id;
    return false;
}

void check_fences(struct world *world, const struct model *before)
{
    uint64_t count = fake_event_count();

    for (uint64_t i = 0; i < count; i++) {
        const struct fake_event *event = fake_event_at(i);
        if (event == NULL || event->kind != FAKE_PTE_WRITE)
            continue;
        const struct space *space = space_around(world, before, event->word[0]);
        bool is_fenced = false;
        for (uint64_t k = i + 1; k < count && !is_fenced; k++)
            is_fenced = is_fence_of(fake_event_at(k), space);
        HOLDS(world, is_fenced, "entry %llx <- %llx", (unsigned long long)event->word[0],
              (unsigned long long)event->word[1]);
    }
}

/* ---- reuse -------------------------------------------------------------------------------- */

/* Checks the memory that an Untyped handed out since `before`, and its free memory. */
static void check_untyped(struct world *world, const struct model *before, uint32_t at)
{
    const struct model_cap *cap = &world->model.cap[at];
    uint32_t old = model_find(before, cap->holder, cap->index);
    uint64_t from = model_used(&world->model, at), bytes = UINT64_C(1) << cap->size_bits;

    if (old != NO_CAP && before->cap[old].type == OBJ_UNTYPED &&
        before->cap[old].address == cap->address && model_used(before, old) < from)
        from = model_used(before, old);
    HOLDS(world, from == bytes || !fake_tlb_reaches(hpa(cap->address + from), bytes - from),
          "%llx+%llx is reused or free, and still reachable",
          (unsigned long long)(cap->address + from), (unsigned long long)(bytes - from));
}

static void check_pool(struct world *world, const struct space *space)
{
    for (uint64_t *page = space->free_list; page != NULL; page = (uint64_t *)(uintptr_t)page[0])
        HOLDS(world, !fake_tlb_reaches(hal_virt_to_phys(page), PAGE_BYTES),
              "a free table is still reachable");
}

void check_handed_out(struct world *world, const struct model *before)
{
    for (uint32_t i = 0; i < world->model.cap_count; i++) {
        const struct model_cap *cap = &world->model.cap[i];
        if (cap->type != OBJ_UNTYPED)
            continue;
        uint32_t old = model_find(before, cap->holder, cap->index);
        if (old == NO_CAP || model_used(before, old) != model_used(&world->model, i))
            check_untyped(world, before, i);
    }
}

void check_reuse(struct world *world, const struct model *before)
{
    for (uint32_t i = 0; i < world->model.cap_count; i++) {
        if (world->model.cap[i].type == OBJ_UNTYPED)
            check_untyped(world, before, i);
    }
    for (uint32_t i = 1; i < MODEL_OBJECTS; i++) {
        const struct model_object *object = &world->model.object[i];
        if (object->life == MODEL_ALIVE &&
            (object->type == OBJ_VSPACE || object->type == OBJ_GSPACE))
            check_pool(world, world_object(world, i));
    }
}
