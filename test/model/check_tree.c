/* SPDX-License-Identifier: BSD-2-Clause */
/* The slots in memory form exactly the model's forest. */
#include "world.h"

static void check_grave(struct world *world, uint32_t at, const struct slot *slot)
{
    uint32_t number = world->model.cap[at].index - MODEL_GRAVES;
    const struct object *object = world_object(world, number);

    HOLDS(world, (const void *)slot == (const void *)object, "another tombstone than %u's", number);
    HOLDS(world, world->model.object[number].life == MODEL_DYING, "a tombstone of the living");
    HOLDS(world, object_is_dead(object) && object->cap_count == 0, "not dead, %u capabilities",
          object->cap_count);
    HOLDS(world, slot->first_child == NULL && slot->last_child == NULL, "children of a tombstone");
}

/* One slot agrees with the model. */
static void check_slot(struct world *world, uint32_t at, const struct slot *slot)
{
    const struct model_cap *cap = &world->model.cap[at];
    uint64_t object = cap->object == 0 ? cap->address
                                       : (uint64_t)(uintptr_t)world_object(world, cap->object);
    bool is_embedded = cap->holder != MODEL_BOOT &&
                       world->model.object[cap->holder].type != OBJ_CNODE;
    uint8_t flags = (uint8_t)((cap->is_device ? SLOT_DEVICE : 0) |
                              (is_embedded ? SLOT_EMBEDDED : 0));

    HOLDS(world, slot == world_slot(world, cap->holder, cap->index), "holder %u index %u",
          cap->holder, cap->index);
    HOLDS(world, slot->type == cap->type, "%u, not %u", slot->type, cap->type);
    HOLDS(world, slot->rights == cap->rights, "%x, not %x", slot->rights, cap->rights);
    HOLDS(world, slot->object == object, "type %u at %u/%u", cap->type, cap->holder, cap->index);
    HOLDS(world, slot->flags == flags, "%x, not %x", slot->flags, flags);
    if (cap->type == OBJ_UNTYPED || cap->type == OBJ_FRAME)
        HOLDS(world, slot->size_bits == cap->size_bits, "%u", slot->size_bits);
    if (cap->type == OBJ_ENDPOINT || cap->type == OBJ_NOTIFICATION)
        HOLDS(world, slot->word[0] == cap->badge, "%llx", (unsigned long long)slot->word[0]);
    if (is_embedded)
        HOLDS(world, slot->word[1] == (uint64_t)(uintptr_t)world_object(world, cap->holder),
              "owner of type %u", world->model.object[cap->holder].type);
}

static void check_untyped(struct world *world, uint32_t at, const struct slot *slot)
{
    if (slot->type != OBJ_UNTYPED)
        return;
    uint64_t used = slot->first_child != NULL ? slot->word[0] : 0;
    HOLDS(world, used == model_used(&world->model, at), "%llx, not %llx",
          (unsigned long long)used, (unsigned long long)model_used(&world->model, at));
    HOLDS(world, slot->word[1] <= UINT64_C(1) << slot->size_bits, "zeroed past the end");
}

/* The slot after `slot` in preorder, with its depth; NULL at the end of a group. */
static const struct slot *preorder_next(struct world *world, const struct slot *slot,
                                        uint32_t *depth)
{
    const struct slot *child = slot->first_child;

    HOLDS(world, (child == NULL) == (slot->last_child == NULL), "half a list of children");
    if (child != NULL) {
        HOLDS(world, child->prev == slot, "first child of type %u", slot->type);
        HOLDS(world, slot->last_child->next == slot, "last child of type %u", slot->type);
        ++*depth;
        return child;
    }
    while (slot->next != NULL && slot->next->last_child == slot) {
        slot = slot->next;
        HOLDS(world, *depth > 0, "up from a root");
        --*depth;
    }
    if (slot->next == NULL)
        return NULL;
    HOLDS(world, slot->next->prev == slot, "siblings");
    return slot->next;
}

/* Each capability's rights are within its parent's, and a badge stays. */
static void check_shrinking(struct world *world, uint32_t at)
{
    const struct model_cap *cap = &world->model.cap[at];

    if (cap->depth == 0)
        return;
    uint32_t parent = at;
    while (world->model.cap[parent].depth >= cap->depth)
        parent--;
    const struct model_cap *from = &world->model.cap[parent];
    if (from->type == OBJ_UNTYPED)
        return;
    HOLDS(world, (cap->rights & ~from->rights) == 0, "%x from %x", cap->rights, from->rights);
    HOLDS(world, from->badge == 0 || from->badge == cap->badge, "badge changed");
    HOLDS(world, from->object == cap->object && from->address == cap->address,
          "a child names something else");
}

static uint32_t slots_in_use(struct world *world, uint32_t holder)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < world_places(&world->model, holder); i++) {
        const struct slot *slot = world_slot(world, holder, i);
        if (slot != NULL && !slot_is_empty(slot))
            count++;
    }
    return count;
}

static void check_count(struct world *world)
{
    const struct model *model = &world->model;
    uint32_t count = slots_in_use(world, MODEL_BOOT), graves = 0;

    for (uint32_t i = 1; i < MODEL_OBJECTS; i++) {
        if (model->object[i].life == MODEL_ABSENT)
            continue;
        count += slots_in_use(world, i);
        uint32_t named = 0;
        for (uint32_t at = 0; at < model->cap_count; at++)
            named += model->cap[at].object == i;
        const struct object *object = world_object(world, i);
        HOLDS(world, object->cap_count == named, "type %u: %u, not %u", object->type,
              object->cap_count, named);
        HOLDS(world, object->type == model->object[i].type, "type %u", object->type);
        HOLDS(world, object_is_dead(object) == (model->object[i].life == MODEL_DYING), "type %u",
              object->type);
        graves += model->object[i].life == MODEL_DYING;
    }
    HOLDS(world, count + graves == model->cap_count, "%u, not %u", count + graves,
          model->cap_count);
}

/* Each dying object is in one ring, with other dying objects and at most one living thread. */
static void check_ring(struct world *world, const struct dead_link *from, uint32_t *dead,
                       uint32_t *holders)
{
    const struct dead_link *link = from;

    *dead = *holders = 0;
    do {
        const char *object = (const char *)link - offsetof(struct object, dead);
        const char *thread = (const char *)link - offsetof(struct thread, dead);
        uint32_t number = world_number(world, object);
        bool is_dead = number != 0 && world->model.object[number].life == MODEL_DYING;
        uint32_t holder = is_dead ? 0 : world_number(world, thread);
        HOLDS(world, is_dead || (holder != 0 && world->model.object[holder].life == MODEL_ALIVE &&
                                 world->model.object[holder].type == OBJ_THREAD),
              "a link that is neither a dead object's nor a thread's");
        *dead += is_dead;
        *holders += !is_dead;
        HOLDS(world, link->next->prev == link, "a ring of the dead that is broken");
        HOLDS(world, *dead + *holders <= MODEL_OBJECTS, "a ring of the dead without an end");
        link = link->next;
    } while (link != from);
    HOLDS(world, *holders <= 1, "%u threads in a ring of the dead", *holders);
}

static void check_dead(struct world *world)
{
    uint32_t dead, holders, held = 0, listed = 0;

    for (uint32_t i = 1; i < MODEL_OBJECTS; i++) {
        const struct model_object *object = &world->model.object[i];
        if (object->life == MODEL_ALIVE && object->type == OBJ_THREAD) {
            check_ring(world, &((const struct thread *)world_object(world, i))->dead, &dead,
                       &holders);
            held += dead;
        } else if (object->life == MODEL_DYING) {
            check_ring(world, &((const struct object *)world_object(world, i))->dead, &dead,
                       &holders);
            listed += holders;
        }
    }
    HOLDS(world, held == listed, "%u of the dead are to be taken apart, %u know it", held, listed);
}

void check_tree(struct world *world)
{
    const struct model *model = &world->model;
    const struct slot *slot = NULL;
    uint32_t depth = 0;

    for (uint32_t at = 0; at < model->cap_count; at++) {
        const struct model_cap *cap = &model->cap[at];
        if (at == 0 || cap->group != model->cap[at - 1].group) {
            HOLDS(world, slot == NULL, "a group of slots is longer than the model's");
            slot = world_slot(world, cap->holder, cap->index);
            depth = 0;
            HOLDS(world, slot->prev == NULL, "first root");
        }
        HOLDS(world, slot != NULL, "a group of slots is shorter than the model's");
        HOLDS(world, depth == cap->depth, "%u, not %u", depth, cap->depth);
        if (model_is_grave(cap)) {
            check_grave(world, at, slot);
        } else {
            check_slot(world, at, slot);
            check_untyped(world, at, slot);
            check_shrinking(world, at);
        }
        slot = preorder_next(world, slot, &depth);
    }
    HOLDS(world, slot == NULL, "a group of slots is longer than the model's");
    check_count(world);
    check_dead(world);
}
