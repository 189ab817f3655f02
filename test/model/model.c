/* SPDX-License-Identifier: BSD-2-Clause */
#include "model.h"

#include <stdlib.h>
#include <string.h>

void model_copy(struct model *to, const struct model *from)
{
    to->caller = from->caller;
    to->is_caller_gone = from->is_caller_gone;
    to->cap_count = from->cap_count;
    memcpy(to->cap, from->cap, from->cap_count * sizeof(from->cap[0]));
    memcpy(to->object, from->object, sizeof(from->object));
}

uint32_t model_find(const struct model *model, uint32_t holder, uint32_t index)
{
    for (uint32_t i = 0; i < model->cap_count; i++) {
        if (model->cap[i].holder == holder && model->cap[i].index == index)
            return i;
    }
    return NO_CAP;
}

static void insert_at(struct model *model, uint32_t at, const struct model_cap *cap)
{
    struct model_cap copy = *cap;

    if (model->cap_count == MODEL_CAPS)
        abort();
    memmove(&model->cap[at + 1], &model->cap[at],
            (model->cap_count - at) * sizeof(model->cap[0]));
    model->cap[at] = copy;
    model->cap_count++;
}

void model_add_root(struct model *model, const struct model_cap *cap)
{
    insert_at(model, model->cap_count, cap);
}

uint32_t model_add_child(struct model *model, uint32_t parent, const struct model_cap *cap)
{
    struct model_cap child = *cap;

    child.group = model->cap[parent].group;
    child.depth = model->cap[parent].depth + 1;
    insert_at(model, parent + 1, &child);
    return parent + 1;
}

bool model_has_children(const struct model *model, uint32_t at)
{
    return at + 1 < model->cap_count && model->cap[at + 1].depth > model->cap[at].depth;
}

/* ---- death -------------------------------------------------------------------- */

static bool is_named(const struct model *model, uint32_t object)
{
    for (uint32_t i = 0; i < model->cap_count; i++) {
        if (model->cap[i].object == object)
            return true;
    }
    return false;
}

static void forget_mappings(struct model *model, uint32_t space)
{
    for (uint32_t i = 0; i < model->cap_count; i++) {
        if (model->cap[i].mapped_in == space)
            model->cap[i].mapped_in = 0;
    }
}

static void thread_dies(struct model *model, uint32_t number)
{
    bool is_caller = number == model->caller;

    for (uint32_t i = 1; i < MODEL_OBJECTS; i++) {
        struct model_object *object = &model->object[i];
        if (object->thread == number)
            object->thread = 0;
        if (object->life == MODEL_DYING && object->debtor == number)
            object->debtor = is_caller ? 0 : model->caller;
    }
    model->is_caller_gone |= is_caller;
}

/* Lets an object die, of which `cap` was the last capability. */
static void object_dies(struct model *model, const struct model_cap *cap, uint32_t at)
{
    struct model_object *object = &model->object[cap->object];

    if (object->type == OBJ_VSPACE || object->type == OBJ_GSPACE) {
        forget_mappings(model, cap->object);
        object->life = MODEL_ABSENT;
        return;
    }
    object->life = MODEL_DYING;
    object->source = 0;
    object->thread = 0;
    if (object->type == OBJ_THREAD)
        thread_dies(model, cap->object);
    object->debtor = model->is_caller_gone ? 0 : model->caller;
    insert_at(model, at, &(struct model_cap){ .group = cap->group,
                                              .depth = cap->depth,
                                              .holder = MODEL_BOOT,
                                              .index = MODEL_GRAVES + cap->object });
}

static void remove_at(struct model *model, uint32_t at)
{
    uint32_t depth = model->cap[at].depth;

    for (uint32_t i = at + 1; i < model->cap_count && model->cap[i].depth > depth; i++)
        model->cap[i].depth--;
    model->cap_count--;
    memmove(&model->cap[at], &model->cap[at + 1],
            (model->cap_count - at) * sizeof(model->cap[0]));
}

void model_delete(struct model *model, uint32_t at)
{
    struct model_cap gone = model->cap[at];
    struct model_object *holder = &model->object[gone.holder];

    remove_at(model, at);
    if (gone.holder != MODEL_BOOT) { /* only an Irq or a VCpu has these */
        holder->source = 0;
        holder->thread = 0;
    }
    if (gone.holder == model->caller && gone.holder != MODEL_BOOT &&
        (gone.index == PLACE_CNODE || gone.index == PLACE_VSPACE))
        model->is_caller_gone = true; /* a thread without these is stopped */
    if (gone.object != 0 && !is_named(model, gone.object))
        object_dies(model, &gone, at);
}

void model_unbury(struct model *model, uint32_t object)
{
    remove_at(model, model_find(model, MODEL_BOOT, MODEL_GRAVES + object));
    model->object[object].life = MODEL_ABSENT;
}

static uint32_t find_held(const struct model *model, uint32_t holder)
{
    uint32_t at = 0;

    while (at < model->cap_count && model->cap[at].holder != holder)
        at++;
    return at < model->cap_count ? at : NO_CAP;
}

void model_take_apart(struct model *model, uint32_t object)
{
    uint32_t at;

    while ((at = find_held(model, object)) != NO_CAP)
        model_delete(model, at);
    model_unbury(model, object);
}

void model_own_grave_last(struct model *model, uint32_t at)
{
    uint32_t end = at + 2;

    if (!model_has_children(model, at))
        return;
    struct model_cap grave = model->cap[at + 1];
    if (!model_is_grave(&grave) || grave.index != MODEL_GRAVES + model->cap[at].holder)
        return;
    while (end < model->cap_count && model->cap[end].depth > model->cap[at].depth)
        end++;
    memmove(&model->cap[at + 1], &model->cap[at + 2], (end - at - 2) * sizeof grave);
    model->cap[end - 1] = grave;
}

void model_revoke(struct model *model, uint32_t at)
{
    while (model_has_children(model, at)) {
        uint32_t holder = model->cap[at].holder, index = model->cap[at].index;
        model_own_grave_last(model, at);
        if (model_is_grave(&model->cap[at + 1]))
            model_take_apart(model, model->cap[at + 1].index - MODEL_GRAVES);
        else
            model_delete(model, at + 1);
        at = model_find(model, holder, index);
        if (at == NO_CAP)
            return;
    }
}

static uint32_t find_debt(const struct model *model)
{
    for (uint32_t i = 1; i < MODEL_OBJECTS; i++) {
        if (model->object[i].life == MODEL_DYING && model->object[i].debtor == model->caller)
            return i;
    }
    return 0;
}

void model_pay(struct model *model)
{
    uint32_t object;

    while (!model->is_caller_gone && (object = find_debt(model)) != 0)
        model_take_apart(model, object);
}

/* ---- objects ------------------------------------------------------------------ */

uint32_t model_add_object(struct model *model, enum obj_type type, uint8_t size_bits,
                          uint64_t address)
{
    for (uint32_t i = 1; i < MODEL_OBJECTS; i++) {
        if (model->object[i].life == MODEL_ABSENT) {
            model->object[i] = (struct model_object){ .life = MODEL_ALIVE,
                                                      .type = (uint8_t)type,
                                                      .size_bits = size_bits,
                                                      .address = address };
            return i;
        }
    }
    abort();
}

struct model_cap model_derived(const struct model *model, uint32_t at, uint8_t rights,
                               uint32_t holder, uint32_t index)
{
    struct model_cap copy = model->cap[at];

    copy.holder = holder;
    copy.index = index;
    copy.rights &= rights;
    copy.mapped_in = 0;
    copy.mapped_at = 0;
    copy.mapped_rights = 0;
    return copy;
}
