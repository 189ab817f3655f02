/* SPDX-License-Identifier: BSD-2-Clause */
#include "gen.h"

#include <abi/message.h>
#include <fakes/hal.h>

static uint64_t tape_read(struct gen *gen, size_t count)
{
    uint64_t value = 0;

    for (; count > 0 && gen->left > 0; count--, gen->left--)
        value = value << 8 | *gen->tape++;
    return value;
}

uint64_t gen_next(struct gen *gen)
{
    if (gen->tape != NULL)
        return tape_read(gen, 8);
    gen->state ^= gen->state >> 12;
    gen->state ^= gen->state << 25;
    gen->state ^= gen->state >> 27;
    return gen->state * UINT64_C(0x2545f4914f6cdd1d);
}

uint32_t gen_below(struct gen *gen, uint32_t end)
{
    if (gen->tape != NULL)
        return (uint32_t)(tape_read(gen, end <= 256 ? 1 : 2) % end);
    return (uint32_t)((gen_next(gen) >> 33) % end);
}

static bool chance(struct gen *gen, uint32_t percent)
{
    return gen_below(gen, 100) < percent;
}

/* The caller for which a call is chosen. */
struct chooser {
    struct world *world;
    struct gen *gen;
    uint32_t thread; /* the caller's number */
    uint32_t cnode;  /* its CNode's number */
};

static uint64_t nonsense(struct gen *gen)
{
    static const uint64_t values[] = { 0,          1,          2,         63,        64,
                                       255,        256,        257,       4095,      4096,
                                       UINT32_MAX, UINT64_MAX, INT64_MAX, UINT64_C(1) << 63,
                                       UINT64_C(1) << 38 };

    return values[gen_below(gen, sizeof(values) / sizeof(values[0]))];
}

/* ---- slots ----------------------------------------------------------------------------- */

/* A slot of a CNode that holds one of `types`; 0 when there is none. */
static uint32_t slot_with(const struct chooser *c, uint32_t cnode, uint32_t types)
{
    const struct model *model = &c->world->model;
    uint32_t found = 0, count = 0;

    for (uint32_t i = 0; i < model->cap_count; i++) {
        const struct model_cap *cap = &model->cap[i];
        if (cap->holder == cnode && (types & OBJ_MASK(cap->type)) != 0 &&
            gen_below(c->gen, ++count) == 0)
            found = cap->index;
    }
    return found;
}

static uint64_t cap_of(const struct chooser *c, uint32_t types)
{
    if (chance(c->gen, 4))
        return chance(c->gen, 50) ? gen_below(c->gen, 40) : nonsense(c->gen);
    return slot_with(c, c->cnode, types);
}

static uint64_t free_slot(const struct chooser *c, uint64_t cnode_cap)
{
    const struct model *model = &c->world->model;
    uint32_t at = model_lookup(model, c->thread, cnode_cap);

    if (at == NO_CAP || model->cap[at].type != OBJ_CNODE || chance(c->gen, 4))
        return chance(c->gen, 50) ? gen_below(c->gen, 40) : nonsense(c->gen);
    uint32_t count = (uint32_t)model_slot_count(model, model->cap[at].object);
    for (uint32_t tries = 0; tries < 16; tries++) {
        uint32_t index = 1 + gen_below(c->gen, count - 1);
        if (model_find(model, model->cap[at].object, index) == NO_CAP)
            return index;
    }
    return 1 + gen_below(c->gen, count - 1);
}

static uint64_t used_slot(const struct chooser *c, uint64_t cnode_cap, uint32_t types)
{
    const struct model *model = &c->world->model;
    uint32_t at = model_lookup(model, c->thread, cnode_cap);

    if (at == NO_CAP || model->cap[at].type != OBJ_CNODE || chance(c->gen, 4))
        return chance(c->gen, 50) ? gen_below(c->gen, 40) : nonsense(c->gen);
    return slot_with(c, model->cap[at].object, types);
}

#define ANY_TYPE  UINT32_C(0x1ffe)
#define COPYABLE  (ANY_TYPE & ~(uint32_t)OBJ_MASK(OBJ_UNTYPED))
#define BADGEABLE ((uint32_t)(OBJ_MASK(OBJ_ENDPOINT) | OBJ_MASK(OBJ_NOTIFICATION)))

/* ---- methods --------------------------------------------------------------------------- */

static void method(struct world_call *out, uint64_t cap, uint64_t number)
{
    out->call.number = CALL_INVOKE;
    out->call.cap = cap;
    out->call.method = number;
}

static void gen_retype(const struct chooser *c, struct world_call *out)
{
    static const uint8_t kinds[][2] = {
        {OBJ_UNTYPED, 12}, {OBJ_UNTYPED, 14},     {OBJ_CNODE, 8},   {OBJ_CNODE, 10},
        {OBJ_FRAME, 12},   {OBJ_FRAME, 12},       {OBJ_FRAME, 12},  {OBJ_VSPACE, 14},
        {OBJ_VSPACE, 15},  {OBJ_GSPACE, 15},      {OBJ_THREAD, 11}, {OBJ_THREAD, 11},
        {OBJ_ENDPOINT, 7}, {OBJ_NOTIFICATION, 7}, {OBJ_VCPU, 11},   {OBJ_IRQ, 8}};
    static const uint8_t device_kinds[][2] = { { OBJ_FRAME, 12 }, { OBJ_FRAME, 21 },
                                               { OBJ_FRAME, 30 }, { OBJ_UNTYPED, 30 },
                                               { OBJ_UNTYPED, 24 }, { OBJ_IRQ, 8 } };
    const struct model *model = &c->world->model;

    method(out, cap_of(c, OBJ_MASK(OBJ_UNTYPED)), METHOD_UNTYPED_RETYPE);
    uint32_t at = model_lookup(model, c->thread, out->call.cap);
    const uint8_t *kind = kinds[gen_below(c->gen, 16)];
    if (at != NO_CAP && model->cap[at].is_device)
        kind = device_kinds[gen_below(c->gen, 6)];
    out->call.arg[0] = chance(c->gen, 3) ? nonsense(c->gen) : kind[0];
    out->call.arg[1] = chance(c->gen, 4) ? gen_below(c->gen, 70) : kind[1];
    out->call.arg[2] = cap_of(c, OBJ_MASK(OBJ_CNODE));
    out->call.arg[3] = free_slot(c, out->call.arg[2]);
    out->call.arg[4] = chance(c->gen, 4) ? nonsense(c->gen) : 1 + gen_below(c->gen, 3);
}

static void gen_transfer(const struct chooser *c, struct world_call *out, uint64_t number)
{
    uint32_t types = number == METHOD_CNODE_MOVE ? ANY_TYPE
                     : number == METHOD_CNODE_MINT && chance(c->gen, 90) ? BADGEABLE : COPYABLE;

    method(out, cap_of(c, OBJ_MASK(OBJ_CNODE)), number);
    out->call.arg[0] = free_slot(c, out->call.cap);
    out->call.arg[1] = cap_of(c, OBJ_MASK(OBJ_CNODE));
    out->call.arg[2] = used_slot(c, out->call.arg[1], chance(c->gen, 95) ? types : ANY_TYPE);
    out->call.arg[3] = chance(c->gen, 60) ? RIGHTS_ALL : gen_below(c->gen, 40);
    out->call.arg[4] = gen_below(c->gen, 20);
}

static void gen_remove(const struct chooser *c, struct world_call *out, uint64_t number)
{
    method(out, cap_of(c, OBJ_MASK(OBJ_CNODE)), number);
    out->call.arg[0] = used_slot(c, out->call.cap, ANY_TYPE);
    /* Mostly spare the slots that a thread needs to run. */
    if (out->call.arg[0] <= 12 && chance(c->gen, 70))
        out->call.arg[0] = used_slot(c, out->call.cap, COPYABLE);
}

static void gen_map(const struct chooser *c, struct world_call *out)
{
    static const uint64_t bases[] = { 0, 0x200000, 0x40000000, 0x3fc0000000, 0x1ffc0000000 };

    method(out, cap_of(c, OBJ_MASK(OBJ_FRAME)), METHOD_FRAME_MAP);
    out->call.arg[0] = cap_of(c, OBJ_MASK(OBJ_VSPACE) | OBJ_MASK(OBJ_GSPACE));
    uint32_t at = model_lookup(&c->world->model, c->thread, out->call.cap);
    uint32_t bits = at != NO_CAP ? c->world->model.cap[at].size_bits : 12;
    out->call.arg[1] =
        bases[gen_below(c->gen, 5)] + ((uint64_t)gen_below(c->gen, 4) << (bits & 63));
    if (chance(c->gen, 5))
        out->call.arg[1] = chance(c->gen, 50) ? nonsense(c->gen) : gen_next(c->gen);
    out->call.arg[2] = chance(c->gen, 80) ? RIGHT_READ : gen_below(c->gen, 10);
}

static void gen_recover(const struct chooser *c, struct world_call *out)
{
    method(out, cap_of(c, OBJ_MASK(OBJ_VSPACE)), METHOD_VSPACE_RECOVER);
    for (uint32_t i = 0; i < 3; i++) {
        out->call.arg[i] = 2 * gen_below(c->gen, 60) + (chance(c->gen, 3) ? 1 : 0);
        if (chance(c->gen, 4))
            out->call.arg[i] = nonsense(c->gen) & ~(uint64_t)chance(c->gen, 90);
    }
}

static void gen_thread(const struct chooser *c, struct world_call *out)
{
    method(out, cap_of(c, OBJ_MASK(OBJ_THREAD)), gen_below(c->gen, THREAD_METHOD_COUNT));
    if (chance(c->gen, 30))
        out->call.method = chance(c->gen, 50) ? METHOD_THREAD_CONFIGURE : METHOD_THREAD_RESUME;
    if (out->call.method == METHOD_THREAD_CONFIGURE) {
        out->call.arg[0] = cap_of(c, OBJ_MASK(OBJ_CNODE));
        out->call.arg[1] = cap_of(c, OBJ_MASK(OBJ_VSPACE));
        out->call.arg[2] = chance(c->gen, 40) ? 0 : cap_of(c, OBJ_MASK(OBJ_ENDPOINT));
        out->call.arg[3] = chance(c->gen, 90) ? 8 + gen_below(c->gen, 3) : gen_below(c->gen, 70);
    } else if (out->call.method == METHOD_THREAD_BIND) {
        out->call.arg[0] = chance(c->gen, 30) ? 0 : cap_of(c, OBJ_MASK(OBJ_NOTIFICATION));
    } else {
        out->call.arg[0] = gen_below(c->gen, 34);
        out->call.arg[1] = gen_next(c->gen);
    }
}

static void gen_vcpu(const struct chooser *c, struct world_call *out)
{
    method(out, cap_of(c, OBJ_MASK(OBJ_VCPU)), METHOD_VCPU_BIND);
    if (chance(c->gen, 50)) {
        out->call.arg[0] = cap_of(c, OBJ_MASK(OBJ_THREAD));
        out->call.arg[1] = cap_of(c, OBJ_MASK(OBJ_GSPACE));
        out->call.arg[2] = cap_of(c, OBJ_MASK(OBJ_FRAME));
        return;
    }
    out->call.method = gen_below(c->gen, VCPU_METHOD_COUNT + 1);
    out->call.arg[0] =
        chance(c->gen, 50) ? gen_below(c->gen, 64) : 0x1000 + gen_below(c->gen, 0x200);
    for (uint32_t i = 1; i < 4; i++)
        out->call.arg[i] = nonsense(c->gen);
}

static void gen_irq(const struct chooser *c, struct world_call *out)
{
    method(out, cap_of(c, OBJ_MASK(OBJ_IRQ)), gen_below(c->gen, IRQ_METHOD_COUNT));
    if (out->call.method != METHOD_IRQ_BIND)
        return;
    out->call.arg[0] = cap_of(c, OBJ_MASK(OBJ_IRQ_CONTROL));
    out->call.arg[1] = chance(c->gen, 95) ? gen_below(c->gen, 6) : nonsense(c->gen);
    out->call.arg[2] = cap_of(c, OBJ_MASK(OBJ_NOTIFICATION));
}

static void gen_tell(const struct chooser *c, struct world_call *out)
{
    uint32_t types = OBJ_MASK(OBJ_UNTYPED) | OBJ_MASK(OBJ_FRAME) | OBJ_MASK(OBJ_VSPACE) |
                     OBJ_MASK(OBJ_GSPACE) | OBJ_MASK(OBJ_KLOG);

    method(out, cap_of(c, types), gen_below(c->gen, 4));
    if (slot_with(c, c->cnode, OBJ_MASK(OBJ_UNTYPED)) == out->call.cap)
        out->call.method = METHOD_UNTYPED_INFO;
    out->call.arg[0] = gen_below(c->gen, 50);
}

static void gen_message(const struct chooser *c, struct world_call *out)
{
    bool has_cap = chance(c->gen, 40), is_serving = c->world->hart.current->caller != NULL;

    out->call.number = CALL_CALL + gen_below(c->gen, 4);
    if (is_serving && chance(c->gen, 50))
        out->call.number = CALL_REPLY_RECV;
    if (out->call.number == CALL_REPLY_RECV && chance(c->gen, 40))
        out->call.number = CALL_REPLY_RECV_UNTIL;
    if (out->call.number == CALL_RECV && chance(c->gen, 40))
        out->call.number = CALL_RECV_UNTIL;
    out->deadline_ticks = chance(c->gen, 20) ? UINT64_MAX : fake.now + gen_below(c->gen, 2000);
    out->call.cap = cap_of(c, OBJ_MASK(OBJ_ENDPOINT));
    out->tag = gen_below(c->gen, 1000) | (has_cap ? TAG_CAP : 0);
    out->slots = slot_with(c, c->cnode, COPYABLE) |
                 free_slot(c, slot_with(c, c->cnode, OBJ_MASK(OBJ_CNODE))) << 32;
}

static void gen_signal(const struct chooser *c, struct world_call *out)
{
    static const uint8_t numbers[] = { CALL_SIGNAL, CALL_SIGNAL, CALL_WAIT, CALL_POLL };

    out->call.number = numbers[gen_below(c->gen, 4)];
    out->call.cap = cap_of(c, OBJ_MASK(OBJ_NOTIFICATION));
    out->call.arg[0] = chance(c->gen, 20) ? UINT64_MAX : gen_below(c->gen, 1000) * 1000;
}

static void gen_vcpu_run(const struct chooser *c, struct world_call *out)
{
    uint32_t at;

    out->call.number = CALL_VCPU_RUN;
    out->call.cap = cap_of(c, OBJ_MASK(OBJ_VCPU));
    at = model_lookup(&c->world->model, c->thread, out->call.cap);
    if (at != NO_CAP && c->world->model.cap[at].type == OBJ_VCPU && chance(c->gen, 90))
        out->call.arg[0] =
            ((struct vcpu *)world_object(c->world, c->world->model.cap[at].object))->seq;
    out->call.arg[1] = chance(c->gen, 40) ? UINT64_MAX : fake.now + gen_below(c->gen, 2000);
}

static void gen_nonsense(const struct chooser *c, struct world_call *out)
{
    out->call.number = chance(c->gen, 50) ? 0 : gen_below(c->gen, CALL_COUNT + 4);
    out->call.cap = cap_of(c, ANY_TYPE);
    out->call.method = chance(c->gen, 70) ? gen_below(c->gen, 9) : nonsense(c->gen);
    for (uint32_t i = 0; i < 6; i++)
        out->call.arg[i] = chance(c->gen, 50) ? gen_below(c->gen, 40) : nonsense(c->gen);
    out->tag = gen_next(c->gen);
    out->slots = gen_next(c->gen);
}

struct world_call gen_call(struct world *world, struct gen *gen)
{
    struct world_call out = { 0 };
    struct chooser c = { .world = world, .gen = gen };
    uint32_t kind = gen_below(gen, 100);

    c.thread = world_number(world, world->hart.current);
    c.cnode = world->model.cap[model_find(&world->model, c.thread, PLACE_CNODE)].object;
    if (world->model.cap_count > MODEL_CAPS - 20)
        kind = 30 + kind % 9; /* few free places: choose a call that removes */
    if (kind < 14)
        gen_retype(&c, &out);
    else if (kind < 22)
        gen_transfer(&c, &out, METHOD_CNODE_COPY);
    else if (kind < 26)
        gen_transfer(&c, &out, METHOD_CNODE_MINT);
    else if (kind < 30)
        gen_transfer(&c, &out, METHOD_CNODE_MOVE);
    else if (kind < 36)
        gen_remove(&c, &out, METHOD_CNODE_DELETE);
    else if (kind < 39)
        gen_remove(&c, &out, METHOD_CNODE_REVOKE);
    else if (kind < 48)
        gen_map(&c, &out);
    else if (kind < 49)
        gen_recover(&c, &out);
    else if (kind < 51)
        method(&out, cap_of(&c, OBJ_MASK(OBJ_FRAME)), METHOD_FRAME_UNMAP);
    else if (kind < 54)
        gen_tell(&c, &out);
    else if (kind < 64)
        gen_thread(&c, &out);
    else if (kind < 70)
        gen_vcpu(&c, &out);
    else if (kind < 73)
        gen_irq(&c, &out);
    else if (kind < 85)
        gen_message(&c, &out);
    else if (kind < 91)
        gen_signal(&c, &out);
    else if (kind < 96)
        gen_vcpu_run(&c, &out);
    else if (kind < 97)
        out.call.number = CALL_YIELD;
    else
        gen_nonsense(&c, &out);
    return out;
}
