/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory is conserved: each object lies inside the Untyped from which it was made, below that
 * Untyped's mark of handed-out bytes, and no two objects overlap, dying ones included.
 */
#include "world.h"

#include <stdlib.h>

struct extent {
    uint64_t start, bytes;
    uint32_t at; /* capability or tombstone */
    bool is_untyped;
};

/* The object that a capability names, or whose tombstone this is; 0: none. */
static uint32_t object_of(const struct model_cap *cap)
{
    return model_is_grave(cap) ? cap->index - MODEL_GRAVES : cap->object;
}

static uint64_t start_of(const struct model *model, const struct model_cap *cap)
{
    return object_of(cap) != 0 ? model->object[object_of(cap)].address : cap->address;
}

static uint32_t size_bits_of(const struct model *model, const struct model_cap *cap)
{
    return object_of(cap) != 0 ? model->object[object_of(cap)].size_bits : cap->size_bits;
}

static bool has_memory(const struct model_cap *cap)
{
    return object_of(cap) != 0 || cap->type == OBJ_UNTYPED || cap->type == OBJ_FRAME;
}

static int compare(const void *a, const void *b)
{
    const struct extent *x = a, *y = b;

    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    if (x->bytes != y->bytes)
        return x->bytes > y->bytes ? -1 : 1;
    if (x->is_untyped != y->is_untyped)
        return x->is_untyped ? -1 : 1;
    return 0;
}

static uint32_t collect(const struct model *model, struct extent *extent)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < model->cap_count; i++) {
        const struct model_cap *cap = &model->cap[i];
        if (has_memory(cap))
            extent[count++] = (struct extent){ .start = start_of(model, cap),
                                               .bytes = UINT64_C(1) << size_bits_of(model, cap),
                                               .at = i,
                                               .is_untyped = cap->type == OBJ_UNTYPED };
    }
    return count;
}

/* `inner` begins within `outer`: checks that the two may share memory. */
static void check_pair(struct world *world, const struct extent *outer,
                       const struct extent *inner)
{
    const struct model *model = &world->model;

    HOLDS(world, inner->start + inner->bytes <= outer->start + outer->bytes,
          "%llx+%llx overlaps %llx+%llx", (unsigned long long)inner->start,
          (unsigned long long)inner->bytes, (unsigned long long)outer->start,
          (unsigned long long)outer->bytes);
    if (!outer->is_untyped) {
        const struct model_cap *a = &model->cap[outer->at], *b = &model->cap[inner->at];
        HOLDS(world, !model_is_grave(a) && a->object == b->object && a->type == b->type &&
                         outer->bytes == inner->bytes,
              "two things at %llx", (unsigned long long)inner->start);
        return;
    }
    HOLDS(world, inner->at > outer->at && model->cap[inner->at].depth > model->cap[outer->at].depth,
          "memory at %llx is not derived from its Untyped", (unsigned long long)inner->start);
    HOLDS(world, inner->start + inner->bytes <= outer->start + model_used(model, outer->at),
          "memory at %llx was not handed out", (unsigned long long)inner->start);
}

void check_memory(struct world *world)
{
    static struct extent extent[MODEL_CAPS];
    struct extent *open[64];
    uint32_t depth = 0, count = collect(&world->model, extent);

    qsort(extent, count, sizeof(extent[0]), compare);
    for (uint32_t i = 0; i < count; i++) {
        while (depth > 0 && extent[i].start >= open[depth - 1]->start + open[depth - 1]->bytes)
            depth--;
        for (uint32_t k = 0; k < depth; k++)
            check_pair(world, open[k], &extent[i]);
        if (depth == 0 || open[depth - 1]->is_untyped)
            open[depth++] = &extent[i];
    }
}
