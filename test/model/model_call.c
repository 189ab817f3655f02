/* SPDX-License-Identifier: BSD-2-Clause */
/* The effects of each method on capabilities and memory. */
#include "model.h"

/* ---- Untyped -------------------------------------------------------------------- */

uint64_t model_used(const struct model *model, uint32_t at)
{
    return model_has_children(model, at) ? model->cap[at].used : 0;
}

static bool size_exists(uint64_t type, uint64_t bits)
{
    switch (type) {
    case OBJ_UNTYPED: return bits >= 12 && bits <= 38;
    case OBJ_CNODE: return bits >= 8 && bits <= 20;
    case OBJ_FRAME: return bits == 12 || bits == 21 || bits == 30;
    case OBJ_VSPACE: return bits >= 14 && bits <= 24;
    case OBJ_GSPACE: return bits >= 15 && bits <= 24;
    case OBJ_THREAD:
    case OBJ_VCPU: return bits == 11;
    case OBJ_ENDPOINT:
    case OBJ_NOTIFICATION: return bits == 7;
    case OBJ_IRQ: return bits == 8;
    default: return false;
    }
}

static enum err dest_check(const struct model *model, uint32_t cnode, uint64_t index,
                           uint64_t count)
{
    uint64_t slots = model_slot_count(model, cnode);

    if (index == 0 || index >= slots || count > slots - index)
        return ERR_RANGE;
    for (uint64_t i = 0; i < count; i++) {
        if (model_find(model, cnode, (uint32_t)(index + i)) != NO_CAP)
            return ERR_NO_SLOT;
    }
    return OK;
}

void model_make(struct model *model, uint32_t untyped, enum obj_type type, uint8_t size_bits,
                uint64_t address, uint32_t holder, uint32_t index)
{
    struct model_cap cap = { .holder = holder,
                             .index = index,
                             .type = (uint8_t)type,
                             .rights = RIGHTS_ALL,
                             .size_bits = size_bits,
                             .is_device = model->cap[untyped].is_device };

    if (type == OBJ_UNTYPED || type == OBJ_FRAME)
        cap.address = address;
    else
        cap.object = model_add_object(model, type, size_bits, address);
    model_add_child(model, untyped, &cap);
}

/* The start of the first of `count` objects in the Untyped's memory; false: no room. */
static bool find_room(const struct model *model, uint32_t untyped, uint64_t size, uint64_t count,
                      uint64_t *start)
{
    uint64_t total = UINT64_C(1) << model->cap[untyped].size_bits;

    *start = (model_used(model, untyped) + size - 1) / size * size;
    return *start <= total && (total - *start) / size >= count;
}

/* Takes apart the dead objects before the first living child.  Returns the Untyped's position
 * afterwards; NO_CAP: that destroyed the caller. */
static uint32_t reap_first(struct model *model, uint32_t untyped)
{
    uint32_t holder = model->cap[untyped].holder, index = model->cap[untyped].index;

    while (model_has_children(model, untyped) && model_is_grave(&model->cap[untyped + 1])) {
        model_take_apart(model, model->cap[untyped + 1].index - MODEL_GRAVES);
        untyped = model_find(model, holder, index);
        if (model->is_caller_gone || untyped == NO_CAP)
            return NO_CAP;
    }
    return untyped;
}

struct model_outcome model_retype(struct model *model, uint32_t untyped, uint32_t cnode,
                                  const struct model_call *call)
{
    uint64_t type = call->arg[0], bits = call->arg[1], index = call->arg[3], count = call->arg[4];
    bool is_device = model->cap[untyped].is_device;
    uint32_t dest = model->cap[cnode].object;

    if (type >= OBJ_COUNT || bits >= 64 || count == 0 || count > 64)
        return outcome(ERR_INVALID_ARG);
    enum err err = dest_check(model, dest, index, count);
    if (err != OK)
        return outcome(err);
    if ((type == OBJ_VSPACE && count > 8) ||
        ((type == OBJ_GSPACE || type == OBJ_VCPU) && count > 32))
        return outcome(ERR_INVALID_ARG);
    if (!size_exists(type, bits) || (is_device && type != OBJ_FRAME && type != OBJ_UNTYPED))
        return outcome(ERR_INVALID_ARG);

    uint64_t size = UINT64_C(1) << bits, start;
    if (!find_room(model, untyped, size, count, &start)) {
        untyped = reap_first(model, untyped);
        if (untyped == NO_CAP)
            return outcome(ERR_AGAIN);
        if (!find_room(model, untyped, size, count, &start))
            return outcome(ERR_NO_MEMORY);
    }
    model->cap[untyped].used = start + count * size;
    for (uint64_t i = 0; i < count; i++)
        model_make(model, untyped, (enum obj_type)type, (uint8_t)bits,
                   model->cap[untyped].address + start + i * size, dest, (uint32_t)(index + i));
    return outcome(OK);
}

/* ---- CNode ---------------------------------------------------------------------- */

static enum err transfer_check(const struct model *model, const struct model_call *call,
                               const uint32_t cap[7], uint32_t *source)
{
    uint32_t to = model->cap[cap[0]].object, from = model->cap[cap[2]].object;

    if (call->arg[0] == 0 || call->arg[0] >= model_slot_count(model, to) || call->arg[2] == 0 ||
        call->arg[2] >= model_slot_count(model, from))
        return ERR_RANGE;
    *source = model_find(model, from, (uint32_t)call->arg[2]);
    if (*source == NO_CAP)
        return ERR_INVALID_CAP;
    if (model_find(model, to, (uint32_t)call->arg[0]) != NO_CAP)
        return ERR_NO_SLOT;
    return OK;
}

static enum err copy_check(const struct model *model, const struct model_call *call,
                           uint32_t source)
{
    const struct model_cap *cap = &model->cap[source];
    bool is_badgeable = cap->type == OBJ_ENDPOINT || cap->type == OBJ_NOTIFICATION;

    if (cap->type == OBJ_UNTYPED || (call->method == METHOD_CNODE_MINT && !is_badgeable))
        return ERR_INVALID_CAP;
    if (call->arg[3] > RIGHTS_ALL || (call->method == METHOD_CNODE_MINT && call->arg[4] == 0))
        return ERR_INVALID_ARG;
    if (call->method == METHOD_CNODE_MINT && cap->badge != 0)
        return ERR_STATE;
    return OK;
}

static enum err transfer(struct model *model, const struct model_call *call,
                         const uint32_t cap[7])
{
    uint32_t to = model->cap[cap[0]].object, source;

    enum err err = transfer_check(model, call, cap, &source);
    if (err != OK)
        return err;
    if (call->method == METHOD_CNODE_MOVE) {
        model->cap[source].holder = to;
        model->cap[source].index = (uint32_t)call->arg[0];
        return OK;
    }
    err = copy_check(model, call, source);
    if (err != OK)
        return err;
    struct model_cap copy =
        model_derived(model, source, (uint8_t)call->arg[3], to, (uint32_t)call->arg[0]);
    if (call->method == METHOD_CNODE_MINT)
        copy.badge = call->arg[4];
    model_add_child(model, source, &copy);
    return OK;
}

struct model_outcome model_cnode(struct model *model, const struct model_call *call,
                                 const uint32_t cap[7])
{
    uint32_t cnode = model->cap[cap[0]].object;

    if (call->method != METHOD_CNODE_DELETE && call->method != METHOD_CNODE_REVOKE)
        return outcome(transfer(model, call, cap));
    if (call->arg[0] == 0 || call->arg[0] >= model_slot_count(model, cnode))
        return outcome(ERR_RANGE);
    uint32_t at = model_find(model, cnode, (uint32_t)call->arg[0]);
    if (call->method == METHOD_CNODE_REVOKE && at == NO_CAP)
        return outcome(ERR_INVALID_CAP);
    if (call->method == METHOD_CNODE_REVOKE)
        model_revoke(model, at);
    else if (at != NO_CAP)
        model_delete(model, at);
    return outcome(OK);
}

/* ---- VSpace ------------------------------------------------------------------------ */

static struct model_outcome model_recover(struct model *model, uint32_t at,
                                          const struct model_call *call)
{
    struct model_object *space = &model->object[model->cap[at].object];
    uint64_t top = UINT64_C(1) << 38;
    __uint128_t end = (__uint128_t)call->arg[0] + call->arg[1];

    if (call->arg[1] != 0) {
        for (unsigned i = 0; i < 3; i++) {
            if (call->arg[i] % 2 != 0)
                return outcome(ERR_ALIGN);
        }
        if (end > top || call->arg[2] >= top)
            return outcome(ERR_RANGE);
        if (call->arg[2] >= call->arg[0] && call->arg[2] < end)
            return outcome(ERR_INVALID_ARG);
    }
    space->recover_first = call->arg[0];
    space->recover_end = call->arg[1] != 0 ? (uint64_t)end : 0;
    space->recover_exit = call->arg[2];
    return outcome(OK);
}

uint64_t model_recovers(const struct model *model, uint32_t vspace, uint64_t cause, uint64_t pc)
{
    const struct model_object *space = &model->object[vspace];

    if (cause != 5 && cause != 7 && cause != 13 && cause != 15)
        return MODEL_NOWHERE;
    bool is_inside = pc >= space->recover_first && pc < space->recover_end;
    return is_inside ? space->recover_exit : MODEL_NOWHERE;
}

/* ---- what only tells -------------------------------------------------------------- */

static struct model_outcome told(uint64_t first, uint64_t second)
{
    return (struct model_outcome){
        .err = OK, .is_decided = true, .result_count = 2, .result = { first, second }
    };
}

static struct model_outcome info(const struct model *model, uint32_t at)
{
    const struct model_cap *cap = &model->cap[at];
    uint64_t flags = cap->is_device ? INFO_DEVICE : 0, total;

    switch (cap->type) {
    case OBJ_UNTYPED:
        total = UINT64_C(1) << cap->size_bits;
        return told(cap->address, (total - model_used(model, at)) / 4096 * 4096 + cap->size_bits +
                                      flags);
    case OBJ_FRAME:
        return told(cap->address,
                    cap->size_bits + flags + (cap->mapped_in != 0 ? INFO_MAPPED : 0));
    default:
        total = model_pool_pages(model, cap->object);
        return told(total - model_table_pages(model, cap->object), total);
    }
}

/* ---- all of them ------------------------------------------------------------------ */

static struct model_outcome invoke(struct model *model, uint32_t thread,
                                   const struct model_call *call, const uint32_t cap[7])
{
    switch (model->cap[cap[0]].type) {
    case OBJ_UNTYPED:
        if (call->method == METHOD_UNTYPED_RETYPE)
            return model_retype(model, cap[0], cap[3], call);
        return info(model, cap[0]);
    case OBJ_CNODE: return model_cnode(model, call, cap);
    case OBJ_FRAME:
        if (call->method == METHOD_FRAME_MAP)
            return model_map(model, call, cap);
        if (call->method == METHOD_FRAME_UNMAP)
            return model_unmap(model, cap[0]);
        return info(model, cap[0]);
    case OBJ_VSPACE:
        if (call->method == METHOD_VSPACE_RECOVER)
            return model_recover(model, cap[0], call);
        return info(model, cap[0]);
    case OBJ_GSPACE: return info(model, cap[0]);
    case OBJ_KLOG:
        return outcome(call->arg[0] == 0 || call->arg[0] > 40 ? ERR_INVALID_ARG : OK);
    default: return model_bind(model, thread, call, cap);
    }
}

struct model_outcome model_call(struct model *model, uint32_t thread,
                                const struct model_call *call)
{
    uint32_t cap[7];

    model->caller = thread;
    model->is_caller_gone = false;
    enum err err = model_decode(model, thread, call, cap);
    if (err != OK)
        return outcome(err);
    if (call->number == CALL_INVOKE)
        return invoke(model, thread, call, cap);
    return (struct model_outcome){ .is_decided = call->number == CALL_SIGNAL ||
                                                 call->number == CALL_YIELD };
}
