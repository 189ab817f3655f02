/* SPDX-License-Identifier: BSD-2-Clause */
#include "model.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define OBJECTS 60000u

static uint32_t new_object(struct model *m, unsigned type, unsigned bits, uint64_t address,
                           bool is_device)
{
    ck_assert_uint_lt(m->object_count, OBJECTS);
    struct model_object *o = &m->object[m->object_count++];
    *o = (struct model_object){
        .type = (uint8_t)type, .bits = (uint8_t)bits, .address = address, .is_device = is_device};
    if (type == OBJ_CNODE)
        o->taken = calloc(1, UINT64_C(1) << (bits - 6));
    return m->object_count;
}

static void put_cap(struct model *m, uint32_t slot, uint32_t object, unsigned rights)
{
    ck_assert_uint_lt(slot, MODEL_SLOTS);
    ck_assert_uint_ne(slot, 0);
    ck_assert_uint_eq(m->cap[slot].object, 0);
    m->cap[slot] = (struct model_cap){.object = object, .rights = (uint8_t)rights};
}

uint32_t model_index(const struct model *m, uint32_t slot)
{
    ck_assert_uint_lt(slot, MODEL_SLOTS);
    ck_assert_uint_ne(m->cap[slot].object, 0);
    return m->cap[slot].object - 1;
}

struct model_object *model_at(struct model *m, uint32_t slot)
{
    return &m->object[model_index(m, slot)];
}

static struct model_object *at_type(struct model *m, uint32_t slot, unsigned type)
{
    struct model_object *o = model_at(m, slot);
    ck_assert_uint_eq(o->type, type);
    return o;
}

void model_make(struct model *m, const struct plan_input *in)
{
    memset(m, 0, sizeof *m);
    m->in = in;
    m->object = calloc(OBJECTS, sizeof *m->object);
    m->mapping = calloc(MODEL_MAPPINGS, sizeof *m->mapping);
    ck_assert(m->object != NULL && m->mapping != NULL);
    put_cap(m, BOOT_SLOT_CNODE, new_object(m, OBJ_CNODE, BOOT_CNODE_SLOT_BITS + 6, 0, false),
            RIGHTS_ALL);
    put_cap(m, BOOT_SLOT_VSPACE, new_object(m, OBJ_VSPACE, 20, 0, false), RIGHTS_ALL);
    put_cap(m, BOOT_SLOT_THREAD, new_object(m, OBJ_THREAD, 11, 0, false), RIGHTS_ALL);
    put_cap(m, BOOT_SLOT_IRQ_CONTROL, new_object(m, OBJ_IRQ_CONTROL, 0, 0, false), RIGHTS_ALL);
    for (uint32_t i = 0; i < in->boot->untyped_count; i++) {
        const struct boot_untyped *u = &in->boot->untyped[i];
        put_cap(m, in->boot->untyped_first + i,
                new_object(m, OBJ_UNTYPED, u->size_bits, u->address, u->kind != BOOT_UNTYPED_RAM),
                RIGHTS_ALL);
    }
}

void model_free(struct model *m)
{
    for (unsigned i = 0; i < m->object_count; i++)
        free(m->object[i].taken);
    free(m->object);
    free(m->mapping);
}

static void retype(struct model *m, uint32_t untyped, unsigned type, unsigned bits, uint32_t slot,
                   unsigned count)
{
    ck_assert_uint_ge(count, 1);
    ck_assert_uint_le(count, 64);
    for (unsigned i = 0; i < count; i++) {
        struct model_object *u = at_type(m, untyped, OBJ_UNTYPED);
        uint64_t size = UINT64_C(1) << bits, start = (u->used + size - 1) & ~(size - 1);
        ck_assert_msg(start + size <= UINT64_C(1) << u->bits, "Untyped in slot %u is used up",
                      untyped);
        if (u->is_device)
            ck_assert(type == OBJ_FRAME || type == OBJ_UNTYPED);
        u->used = start + size;
        put_cap(m, slot + i, new_object(m, type, bits, u->address + start, u->is_device),
                RIGHTS_ALL);
    }
}

static void into_cnode(struct model *m, const struct plan_action *a, unsigned i, bool moves)
{
    struct model_object *cnode = at_type(m, a->other, OBJ_CNODE);
    struct model_cap *from = &m->cap[a->slot + i];
    uint32_t index = a->index + i;

    ck_assert_uint_ne(from->object, 0);
    ck_assert_uint_ne(index, 0);
    ck_assert_uint_lt(index, 1u << (cnode->bits - 6));
    unsigned rights = moves ? from->rights : from->rights & a->rights;
    if (!moves) {
        ck_assert_uint_ne(m->object[from->object - 1].type, OBJ_UNTYPED);
        ck_assert_uint_eq(a->rights & ~from->rights, 0);
    }
    if (a->other == BOOT_SLOT_CNODE) {
        put_cap(m, index, from->object, rights);
        m->cap[index].badge = a->kind == PLAN_MINT ? a->value : from->badge;
    } else {
        ck_assert_uint_eq(cnode->taken[index], 0);
        cnode->taken[index] = 1;
    }
    if (a->kind == PLAN_MINT) {
        unsigned type = m->object[from->object - 1].type;
        ck_assert(type == OBJ_ENDPOINT || type == OBJ_NOTIFICATION);
        ck_assert_uint_eq(from->badge, 0);
        ck_assert_uint_ne(a->value, 0);
    }
    if (moves)
        *from = (struct model_cap){0};
}

static void map(struct model *m, const struct plan_action *a, unsigned i)
{
    struct model_object *frame = at_type(m, a->slot + i, OBJ_FRAME), *space = model_at(m, a->other);
    struct model_cap *cap = &m->cap[a->slot + i];
    uint64_t bytes = UINT64_C(1) << a->bits, address = a->value + i * bytes;

    ck_assert(space->type == OBJ_VSPACE || space->type == OBJ_GSPACE);
    ck_assert_uint_eq(frame->bits, a->bits);
    ck_assert(!cap->is_mapped);
    ck_assert_uint_eq(address % bytes, 0);
    ck_assert_uint_le(address + bytes, UINT64_C(1) << (space->type == OBJ_VSPACE ? 38 : 41));
    ck_assert_uint_eq(a->rights & ~cap->rights, 0);
    if (space->type == OBJ_VSPACE)
        ck_assert_uint_ne(a->rights & (RIGHT_WRITE | RIGHT_EXEC), RIGHT_WRITE | RIGHT_EXEC);
    for (uint32_t k = space->first; k != 0; k = m->mapping[k - 1].next) {
        const struct model_mapping *old = &m->mapping[k - 1];
        if (address < old->address + old->bytes && old->address < address + bytes)
            ck_abort_msg("%#llx is mapped already", (unsigned long long)address);
    }
    ck_assert_uint_lt(m->mapping_count, MODEL_MAPPINGS);
    cap->is_mapped = true;
    m->mapping[m->mapping_count++] = (struct model_mapping){
        model_index(m, a->other), address, bytes, frame->address, a->rights, space->first};
    space->first = m->mapping_count;
}

const struct model_mapping *model_mapped(const struct model *m, uint32_t space, uint64_t address)
{
    for (uint32_t k = m->object[space].first; k != 0; k = m->mapping[k - 1].next) {
        const struct model_mapping *found = &m->mapping[k - 1];
        if (address >= found->address && address - found->address < found->bytes)
            return found;
    }
    return NULL;
}

static void fill(struct model *m, const struct plan_action *a)
{
    for (unsigned i = 0; i < a->count; i++) {
        ck_assert_uint_eq(at_type(m, a->slot + i, OBJ_FRAME)->bits, 12);
        ck_assert(!m->cap[a->slot + i].is_mapped);
    }
    ck_assert_uint_lt(a->value, 4096);
    ck_assert_uint_le(a->value + a->bytes, a->count * UINT64_C(4096));
    ck_assert_uint_le(a->offset + a->bytes, m->in->archive_bytes);
}

static void threads(struct model *m, const struct plan *plan, const struct plan_action *a)
{
    switch (a->kind) {
    case PLAN_CONFIGURE: {
        const struct plan_process *p = &plan->process[a->process];
        ck_assert_uint_eq(a->slot, p->thread);
        at_type(m, p->thread, OBJ_THREAD);
        at_type(m, p->cnode, OBJ_CNODE);
        at_type(m, p->vspace, OBJ_VSPACE);
        at_type(m, p->fault, OBJ_ENDPOINT);
        ck_assert_uint_eq(m->cap[p->fault].badge, p->badge);
        break;
    }
    case PLAN_BIND:
        at_type(m, a->slot, OBJ_THREAD);
        ck_assert(!at_type(m, a->other, OBJ_NOTIFICATION)->is_bound);
        model_at(m, a->other)->is_bound = true;
        break;
    case PLAN_BIND_VCPU:
        at_type(m, a->slot, OBJ_VCPU);
        at_type(m, a->other, OBJ_THREAD);
        at_type(m, a->index, OBJ_GSPACE);
        ck_assert_uint_eq(at_type(m, (uint32_t)a->value, OBJ_FRAME)->bits, 12);
        break;
    case PLAN_BIND_IRQ:
        at_type(m, a->slot, OBJ_IRQ);
        at_type(m, a->other, OBJ_NOTIFICATION);
        break;
    default:
        ck_assert_uint_eq(a->kind, PLAN_RESUME);
        at_type(m, a->slot, OBJ_THREAD)->is_running = true;
        break;
    }
}

static void run_one(struct model *m, const struct plan *plan, const struct plan_action *a)
{
    switch (a->kind) {
    case PLAN_RETYPE:
        retype(m, a->other, a->type, a->bits, a->slot, a->count);
        break;
    case PLAN_COPY:
    case PLAN_MINT:
    case PLAN_MOVE:
        for (unsigned i = 0; i < a->count; i++)
            into_cnode(m, a, i, a->kind == PLAN_MOVE);
        break;
    case PLAN_MAP:
        for (unsigned i = 0; i < a->count; i++)
            map(m, a, i);
        break;
    case PLAN_FILL:
        fill(m, a);
        break;
    case PLAN_RECORD:
        ck_assert_uint_lt(a->process, plan->process_count);
        ck_assert_uint_eq(at_type(m, a->slot, OBJ_FRAME)->bits, 12);
        break;
    case PLAN_REGISTER:
        at_type(m, a->slot, OBJ_THREAD);
        break;
    case PLAN_RECOVER:
        ck_assert_uint_eq((a->value | a->bytes | a->offset) & 1, 0);
        ck_assert_uint_ge(a->offset - a->value, a->bytes);
        at_type(m, a->slot, OBJ_VSPACE)->recover_exit = a->offset;
        model_at(m, a->slot)->recover_start = a->value;
        model_at(m, a->slot)->recover_bytes = a->bytes;
        break;
    default:
        threads(m, plan, a);
        break;
    }
}

void model_run(struct model *m, const struct plan *plan)
{
    const struct archive_map *map = m->in->archive_map;

    for (unsigned i = 0; i < map->run_count; i++)
        retype(m, map->run[i].untyped_slot, OBJ_FRAME, map->run[i].size_bits, map->run[i].slot,
               map->run[i].count);
    for (unsigned i = 0; i < plan->action_count; i++)
        run_one(m, plan, &plan->action[i]);
}
