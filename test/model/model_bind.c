/* SPDX-License-Identifier: BSD-2-Clause */
/* Methods that put capabilities into slots inside an object, and the methods of a Thread. */
#include "model.h"

static struct model_outcome undecided(void)
{
    return (struct model_outcome){ .is_decided = false };
}

/* Names a capability by its slot, because positions move with each change. */
struct standing {
    uint32_t holder, index;
};

static struct standing standing_of(const struct model *model, uint32_t at)
{
    return at == NO_CAP ? (struct standing){ 0, 0 }
                        : (struct standing){ model->cap[at].holder, model->cap[at].index };
}

/* Deletes the capability in a place, and puts a child of `source`, if any, there. */
static void replace(struct model *model, uint32_t owner, uint32_t place, struct standing source)
{
    uint32_t old = model_find(model, owner, place);

    if (old != NO_CAP)
        model_delete(model, old);
    if (source.holder == 0)
        return;
    uint32_t at = model_find(model, source.holder, source.index);
    struct model_cap child = model_derived(model, at, RIGHTS_ALL, owner, place);
    model_add_child(model, at, &child);
}

static struct model_outcome thread_configure(struct model *model, uint32_t caller,
                                             const struct model_call *call, const uint32_t cap[7])
{
    uint32_t thread = model->cap[cap[0]].object;
    struct standing source[3];

    if (call->arg[3] > 63)
        return outcome(ERR_INVALID_ARG);
    if (call->arg[3] > model->object[caller].priority)
        return outcome(ERR_NO_RIGHT);
    if (!model->object[thread].is_suspended)
        return outcome(ERR_STATE);
    for (uint32_t i = 0; i < 3; i++)
        source[i] = standing_of(model, cap[1 + i]);
    for (uint32_t i = 0; i < 3; i++)
        replace(model, thread, PLACE_CNODE + i, source[i]);
    return outcome(OK);
}

static bool is_bound(const struct model *model, uint32_t notification)
{
    for (uint32_t i = 0; i < model->cap_count; i++) {
        const struct model_cap *cap = &model->cap[i];
        if (cap->object == notification && cap->index == PLACE_NOTIFICATION &&
            model->object[cap->holder].type == OBJ_THREAD &&
            model->object[cap->holder].life == MODEL_ALIVE)
            return true;
    }
    return false;
}

static struct model_outcome thread_bind(struct model *model, const uint32_t cap[7])
{
    uint32_t thread = model->cap[cap[0]].object;
    uint32_t old = model_find(model, thread, PLACE_NOTIFICATION);

    if (cap[1] == NO_CAP && old == NO_CAP)
        return outcome(ERR_NOT_FOUND);
    if (cap[1] != NO_CAP && (old != NO_CAP || is_bound(model, model->cap[cap[1]].object)))
        return outcome(ERR_EXISTS);
    replace(model, thread, PLACE_NOTIFICATION, standing_of(model, cap[1]));
    return outcome(OK);
}

static struct model_outcome thread_method(struct model *model, uint32_t caller,
                                          const struct model_call *call, const uint32_t cap[7])
{
    uint32_t thread = model->cap[cap[0]].object;
    bool is_suspended = model->object[thread].is_suspended;
    bool can_run = model_find(model, thread, PLACE_CNODE) != NO_CAP &&
                   model_find(model, thread, PLACE_VSPACE) != NO_CAP;

    switch (call->method) {
    case METHOD_THREAD_CONFIGURE: return thread_configure(model, caller, call, cap);
    case METHOD_THREAD_BIND: return thread_bind(model, cap);
    case METHOD_THREAD_GET_REG:
        if (call->arg[0] > 31)
            return outcome(ERR_INVALID_ARG);
        return outcome(thread == caller ? ERR_STATE : OK);
    case METHOD_THREAD_SET_REG:
        if (call->arg[0] > 31)
            return outcome(ERR_INVALID_ARG);
        return outcome(is_suspended ? OK : ERR_STATE);
    case METHOD_THREAD_RESUME: return outcome(is_suspended && can_run ? OK : ERR_STATE);
    default: return outcome(OK);
    }
}

static struct model_outcome vcpu_bind(struct model *model, const uint32_t cap[7])
{
    uint32_t vcpu = model->cap[cap[0]].object, thread = model->cap[cap[1]].object;
    const struct model_cap *page = &model->cap[cap[3]];
    struct standing source[3];

    if (page->size_bits != 12 || page->is_device)
        return outcome(ERR_INVALID_ARG);
    if (model->object[vcpu].is_running)
        return outcome(ERR_BUSY);
    for (uint32_t i = 1; i < MODEL_OBJECTS; i++) {
        if (i != vcpu && model->object[i].life == MODEL_ALIVE && model->object[i].thread == thread)
            return outcome(ERR_EXISTS);
    }
    for (uint32_t i = 0; i < 3; i++)
        source[i] = standing_of(model, cap[1 + i]);
    for (uint32_t i = 0; i < 3; i++)
        replace(model, vcpu, PLACE_VCPU_THREAD + i, source[i]);
    model->object[vcpu].thread = thread;
    return outcome(OK);
}

static struct model_outcome irq_bind(struct model *model, const struct model_call *call,
                                     const uint32_t cap[7])
{
    uint32_t irq = model->cap[cap[0]].object;

    if (call->arg[1] == 0 || call->arg[1] > MODEL_IRQ_SOURCES)
        return outcome(ERR_RANGE);
    for (uint32_t i = 1; i < MODEL_OBJECTS; i++) {
        if (model->object[i].life == MODEL_ALIVE && model->object[i].source == call->arg[1])
            return outcome(ERR_EXISTS);
    }
    if (model->object[irq].source != 0)
        return outcome(ERR_EXISTS);
    replace(model, irq, PLACE_IRQ, standing_of(model, cap[3]));
    model->object[irq].source = (uint32_t)call->arg[1];
    return outcome(OK);
}

struct model_outcome model_bind(struct model *model, uint32_t thread,
                                const struct model_call *call, const uint32_t cap[7])
{
    switch (model->cap[cap[0]].type) {
    case OBJ_THREAD: return thread_method(model, thread, call, cap);
    case OBJ_VCPU:
        return call->method == METHOD_VCPU_BIND ? vcpu_bind(model, cap) : undecided();
    case OBJ_IRQ:
        if (call->method == METHOD_IRQ_BIND)
            return irq_bind(model, call, cap);
        return outcome(model->object[model->cap[cap[0]].object].source != 0 ? OK : ERR_STATE);
    default: return undecided();
    }
}
