/* SPDX-License-Identifier: BSD-2-Clause */
#include "model.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define OBJECTS 60000u

/* The entry of a new object: a destroyed one's, or a new one. */
static uint32_t new_object(struct model *m, unsigned type, unsigned bits, uint64_t address,
                           bool is_device, uint32_t parent)
{
    unsigned i = m->free_object;

    while (i < m->object_count && m->object[i].type != 0)
        i++;
    model_require(i < OBJECTS);
    m->free_object = i + 1;
    if (i == m->object_count)
        m->object_count++;
    m->object[i] = (struct model_object){.type = (uint8_t)type,
                                         .bits = (uint8_t)bits,
                                         .address = address,
                                         .is_device = is_device,
                                         .parent = parent};
    if (type == OBJ_CNODE)
        m->object[i].cap = calloc(UINT64_C(1) << (bits - 6), sizeof(struct model_cap));
    if (parent != 0)
        m->object[parent - 1].children++;
    return i + 1;
}

static struct model_cap *slot_of(struct model *m, uint32_t cnode, uint32_t index)
{
    const struct model_object *o = &m->object[cnode];

    model_require(o->type == OBJ_CNODE);
    model_require(index != 0);
    model_require(index < 1u << (o->bits - 6));
    return &o->cap[index];
}

struct model_cap *model_cap_at(struct model *m, uint32_t slot)
{
    return slot_of(m, m->root, slot);
}

static void put_cap(struct model *m, uint32_t cnode, uint32_t index, struct model_cap cap)
{
    struct model_cap *to = slot_of(m, cnode, index);

    if (!(to->object == 0))
        ck_abort_msg("slot %u of CNode %u is in use", index, cnode);
    struct model_object *o = &m->object[cap.object - 1];
    *to = cap;
    to->last = NULL;
    to->next = o->first;
    if (o->first != NULL)
        o->first->last = to;
    o->first = to;
    if (to->mapping != 0)
        m->mapping[to->mapping - 1].cap = to;
}

/* Takes the capability out of its slot; its object stays. */
static struct model_cap take_cap(struct model *m, struct model_cap *from)
{
    struct model_cap cap = *from;

    if (cap.last != NULL)
        cap.last->next = cap.next;
    else
        m->object[cap.object - 1].first = cap.next;
    if (cap.next != NULL)
        cap.next->last = cap.last;
    *from = (struct model_cap){.object = 0};
    return cap;
}

uint32_t model_index(struct model *m, uint32_t slot)
{
    if (!(model_cap_at(m, slot)->object != 0))
        ck_abort_msg("slot %u is empty", slot);
    return model_cap_at(m, slot)->object - 1;
}

struct model_object *model_at(struct model *m, uint32_t slot)
{
    return &m->object[model_index(m, slot)];
}

static struct model_object *at_type(struct model *m, uint32_t slot, unsigned type)
{
    struct model_object *o = model_at(m, slot);
    model_require(o->type == type);
    return o;
}

static void boot_cap(struct model *m, uint32_t slot, uint32_t object)
{
    put_cap(m, m->root, slot,
            (struct model_cap){.object = object, .rights = RIGHTS_ALL, .is_original = true});
}

void model_make(struct model *m, const struct plan_input *in)
{
    memset(m, 0, sizeof *m);
    m->in = in;
    m->object = calloc(OBJECTS, sizeof *m->object);
    m->mapping = calloc(MODEL_MAPPINGS, sizeof *m->mapping);
    model_require(m->object != NULL && m->mapping != NULL);
    m->root = new_object(m, OBJ_CNODE, BOOT_CNODE_SLOT_BITS + 6, 0, false, 0) - 1;
    boot_cap(m, BOOT_SLOT_CNODE, m->root + 1);
    boot_cap(m, BOOT_SLOT_VSPACE, new_object(m, OBJ_VSPACE, 20, 0, false, 0));
    boot_cap(m, BOOT_SLOT_THREAD, new_object(m, OBJ_THREAD, 11, 0, false, 0));
    boot_cap(m, BOOT_SLOT_IRQ_CONTROL, new_object(m, OBJ_IRQ_CONTROL, 0, 0, false, 0));
    for (uint32_t i = 0; i < in->boot->untyped_count; i++) {
        const struct boot_untyped *u = &in->boot->untyped[i];
        uint32_t object =
            new_object(m, OBJ_UNTYPED, u->size_bits, u->address, u->kind != BOOT_UNTYPED_RAM, 0);
        boot_cap(m, in->boot->untyped_first + i, object);
        if (in->used != NULL && in->used[i] != 0) {
            m->object[object - 1].used = in->used[i];
            m->object[object - 1].children = 1; /* the root server itself */
        }
    }
}

void model_free(struct model *m)
{
    for (unsigned i = 0; i < m->object_count; i++)
        free(m->object[i].cap);
    free(m->object);
    free(m->mapping);
}

/* ---- destruction ---------------------------------------------------------------- */

static void mapping_remove(struct model *m, uint32_t index)
{
    m->mapping[index].cap->mapping = 0;
    m->mapping[index] = m->mapping[--m->mapping_count];
    if (index < m->mapping_count)
        m->mapping[index].cap->mapping = index + 1;
}

static void destroy(struct model *m, uint32_t object);

static void delete_cap(struct model *m, struct model_cap *cap)
{
    if (cap->object == 0)
        return;
    if (cap->mapping != 0)
        mapping_remove(m, cap->mapping - 1);
    struct model_cap gone = take_cap(m, cap);
    if (gone.is_original)
        destroy(m, gone.object - 1);
}

static void destroy(struct model *m, uint32_t object)
{
    struct model_object *o = &m->object[object];

    while (o->first != NULL) {
        o->first->is_original = false;
        delete_cap(m, o->first);
    }
    if (o->type == OBJ_CNODE) {
        for (uint32_t s = 1; s < 1u << (o->bits - 6); s++)
            delete_cap(m, &o->cap[s]);
        free(o->cap);
    }
    if (o->bound != 0)
        m->object[o->bound - 1].bound = 0;
    for (uint32_t i = 0;
         i < m->mapping_count && (o->type == OBJ_VSPACE || o->type == OBJ_GSPACE);) {
        if (m->mapping[i].space == object + 1)
            mapping_remove(m, i);
        else
            i++;
    }
    if (o->parent != 0)
        m->object[o->parent - 1].children--;
    *o = (struct model_object){.type = 0};
    if (object < m->free_object)
        m->free_object = object;
}

/* Destroys all that was made from the Untyped. */
static void revoke(struct model *m, uint32_t slot)
{
    uint32_t untyped = model_index(m, slot);

    model_require(m->object[untyped].type == OBJ_UNTYPED);
    for (unsigned i = 0; i < m->object_count && m->object[untyped].children > 0; i++) {
        if (m->object[i].type != 0 && m->object[i].parent == untyped + 1) {
            model_require(m->object[i].type != OBJ_UNTYPED); /* a piece that is in use */
            destroy(m, i);
        }
    }
}

/* ---- construction --------------------------------------------------------------- */

void model_retype(struct model *m, uint32_t untyped, unsigned type, unsigned bits, uint32_t slot,
                  unsigned count)
{
    model_require(count >= 1);
    model_require(count <= 64);
    for (unsigned i = 0; i < count; i++) {
        struct model_object *u = at_type(m, untyped, OBJ_UNTYPED);
        if (u->children == 0)
            u->used = 0;
        uint64_t size = UINT64_C(1) << bits, start = (u->used + size - 1) & ~(size - 1);
        if (!(start + size <= UINT64_C(1) << u->bits))
            ck_abort_msg("Untyped in slot %u is used up", untyped);
        if (u->is_device)
            model_require(type == OBJ_FRAME || type == OBJ_UNTYPED);
        u->used = start + size;
        boot_cap(m, slot + i,
                 new_object(m, type, bits, u->address + start, u->is_device,
                            model_index(m, untyped) + 1));
    }
}

static void into_cnode(struct model *m, const struct plan_action *a, unsigned i)
{
    uint32_t to = model_index(m, a->other);
    uint32_t from_cnode = a->from != 0 ? model_index(m, a->from) : m->root;
    struct model_cap *from = slot_of(m, from_cnode, a->slot + i), cap = *from;

    if (!(from->object != 0))
        ck_abort_msg("slot %u is empty", a->slot + i);
    if (a->kind == PLAN_MOVE) {
        cap = take_cap(m, from);
    } else {
        model_require(m->object[from->object - 1].type != OBJ_UNTYPED);
        model_require((a->rights & ~from->rights) == 0);
        cap = (struct model_cap){
            .object = from->object, .rights = from->rights & a->rights, .badge = from->badge};
    }
    if (a->kind == PLAN_MINT) {
        unsigned type = m->object[cap.object - 1].type;
        model_require(type == OBJ_ENDPOINT || type == OBJ_NOTIFICATION);
        model_require(from->badge == 0);
        model_require(a->value != 0);
        cap.badge = a->value;
    }
    put_cap(m, to, a->index + i, cap);
}

static void map(struct model *m, const struct plan_action *a, unsigned i)
{
    struct model_object *frame = at_type(m, a->slot + i, OBJ_FRAME), *space = model_at(m, a->other);
    struct model_cap *cap = model_cap_at(m, a->slot + i);
    uint64_t bytes = UINT64_C(1) << a->bits, address = a->value + i * bytes;

    model_require(space->type == OBJ_VSPACE || space->type == OBJ_GSPACE);
    model_require(frame->bits == a->bits);
    model_require(cap->mapping == 0);
    model_require(address % bytes == 0);
    model_require(address + bytes <= UINT64_C(1) << (space->type == OBJ_VSPACE ? 38 : 41));
    model_require((a->rights & ~cap->rights) == 0);
    if (space->type == OBJ_VSPACE)
        model_require((a->rights & (RIGHT_WRITE | RIGHT_EXEC)) != (RIGHT_WRITE | RIGHT_EXEC));
    uint32_t index = model_index(m, a->other) + 1;
    for (unsigned k = 0; k < m->mapping_count && !m->trusts_addresses; k++) {
        const struct model_mapping *old = &m->mapping[k];
        if (old->space == index && address < old->address + old->bytes &&
            old->address < address + bytes)
            ck_abort_msg("%#llx is mapped already", (unsigned long long)address);
    }
    model_require(m->mapping_count < MODEL_MAPPINGS);
    m->mapping[m->mapping_count++] =
        (struct model_mapping){index, address, bytes, frame->address, a->rights, cap};
    cap->mapping = m->mapping_count;
}

const struct model_mapping *model_mapped(const struct model *m, uint32_t space, uint64_t address)
{
    for (unsigned k = 0; k < m->mapping_count; k++) {
        const struct model_mapping *found = &m->mapping[k];
        if (found->space == space + 1 && address >= found->address &&
            address - found->address < found->bytes)
            return found;
    }
    return NULL;
}

static void fill(struct model *m, const struct plan_action *a)
{
    for (unsigned i = 0; i < a->count; i++) {
        model_require(at_type(m, a->slot + i, OBJ_FRAME)->bits == 12);
        model_require(model_cap_at(m, a->slot + i)->mapping == 0);
    }
    model_require(a->value < 4096);
    model_require(a->value + a->bytes <= a->count * UINT64_C(4096));
    model_require(a->offset + a->bytes <= m->in->archive_bytes);
}

static void bind(struct model *m, const struct plan_action *a)
{
    struct model_object *thread = at_type(m, a->slot, OBJ_THREAD);
    struct model_object *bell = at_type(m, a->other, OBJ_NOTIFICATION);

    model_require(thread->bound == 0);
    model_require(bell->bound == 0);
    thread->bound = model_index(m, a->other) + 1;
    bell->bound = model_index(m, a->slot) + 1;
}

static void threads(struct model *m, const struct plan *plan, const struct plan_action *a)
{
    switch (a->kind) {
    case PLAN_CONFIGURE: {
        const struct plan_process *p = &plan->process[a->index];
        at_type(m, a->slot, OBJ_THREAD);
        at_type(m, p->cnode, OBJ_CNODE);
        at_type(m, p->vspace, OBJ_VSPACE);
        at_type(m, p->fault, OBJ_ENDPOINT);
        model_require(model_cap_at(m, p->fault)->badge == p->badge);
        break;
    }
    case PLAN_BIND:
        bind(m, a);
        break;
    case PLAN_BIND_VCPU:
        at_type(m, a->slot, OBJ_VCPU);
        at_type(m, a->other, OBJ_THREAD);
        at_type(m, a->index, OBJ_GSPACE);
        model_require(at_type(m, (uint32_t)a->value, OBJ_FRAME)->bits == 12);
        break;
    default:
        model_require(a->kind == PLAN_BIND_IRQ);
        at_type(m, a->slot, OBJ_IRQ);
        model_require(model_cap_at(m, a->other)->badge != 0);
        at_type(m, a->other, OBJ_NOTIFICATION);
        break;
    }
}

static void run_one(struct model *m, const struct plan *plan, const struct plan_action *a)
{
    switch (a->kind) {
    case PLAN_RETYPE:
        model_retype(m, a->other, a->type, a->bits, a->slot, a->count);
        break;
    case PLAN_COPY:
    case PLAN_MINT:
    case PLAN_MOVE:
        for (unsigned i = 0; i < a->count; i++)
            into_cnode(m, a, i);
        break;
    case PLAN_MAP:
        for (unsigned i = 0; i < a->count; i++)
            map(m, a, i);
        break;
    case PLAN_FILL:
        fill(m, a);
        break;
    case PLAN_EXTENTS:
        model_require(at_type(m, a->slot, OBJ_FRAME)->bits == 12);
        model_require(model_cap_at(m, a->slot)->mapping == 0);
        break;
    case PLAN_REGISTER:
        at_type(m, a->slot, OBJ_THREAD);
        break;
    case PLAN_RECOVER:
        at_type(m, a->slot, OBJ_VSPACE);
        model_require(a->bytes != 0 && (a->offset < a->value || a->offset >= a->value + a->bytes));
        break;
    default:
        threads(m, plan, a);
        break;
    }
}

void model_queue(struct model *m, struct plan *plan)
{
    for (unsigned i = 0; i < plan->memory.call_count; i++) {
        const struct memory_call *c = &plan->memory.call[i];
        if (c->kind == MEMORY_CALL_SPLIT) {
            model_retype(m, c->from, OBJ_UNTYPED, c->bits, c->slot, c->count);
        } else {
            model_require(at_type(m, c->slot, OBJ_UNTYPED)->children == 0);
            delete_cap(m, model_cap_at(m, c->slot));
        }
    }
    plan->memory.call_count = 0;
}

/* Is nothing in the scratch slots? */
static void scratch_is_empty(struct model *m, const struct plan *plan)
{
    for (unsigned i = 0; i < PLAN_SCRATCH && plan->scratch_a != 0; i++) {
        model_require(model_cap_at(m, plan->scratch_a + i)->object == 0);
        model_require(model_cap_at(m, plan->scratch_b + i)->object == 0);
    }
}

static void scratch_empty(struct model *m, const struct plan *plan)
{
    for (unsigned i = 0; i < PLAN_SCRATCH; i++) {
        delete_cap(m, model_cap_at(m, plan->scratch_a + i));
        delete_cap(m, model_cap_at(m, plan->scratch_b + i));
    }
}

void model_part_begin(struct model *m, struct plan *plan, unsigned number, unsigned actions)
{
    struct plan_part *part = &plan->part[number];

    model_require(part->state == PLAN_PART_PLANNED || part->state == PLAN_PART_MAKING);
    model_queue(m, plan);
    part->state = PLAN_PART_MAKING;
    for (unsigned i = 0; i < actions && part->done < part->action_count; i++) {
        const struct plan_action *a = &plan->action[part->first_action + part->done++];
        run_one(m, plan, a);
        if (!a->is_open)
            scratch_is_empty(m, plan);
    }
}

void model_part(struct model *m, struct plan *plan, unsigned number)
{
    model_part_begin(m, plan, number, PLAN_ACTIONS_MAX);
    plan->part[number].state = PLAN_PART_MADE;
}

void model_clear(struct model *m, struct plan *plan, unsigned number)
{
    struct plan_part *part = &plan->part[number];

    model_require(part->state != PLAN_PART_NONE);
    model_queue(m, plan);
    scratch_empty(m, plan);
    for (unsigned i = 0; i < plan->memory.node_count; i++) {
        const struct memory_node *n = &plan->memory.node[i];
        if (n->state == MEMORY_TAKEN && n->owner == number + 1)
            revoke(m, n->slot);
    }
    for (unsigned i = 0; i < part->action_count; i++) {
        const struct plan_action *a = &plan->action[part->first_action + i];
        bool is_own = a->other == BOOT_SLOT_CNODE, is_side = plan_part_is_side(number);
        if ((a->kind != PLAN_COPY && a->kind != PLAN_MINT) || (!is_own && !is_side) ||
            model_cap_at(m, a->other)->object == 0)
            continue;
        for (unsigned k = 0; k < a->count; k++)
            delete_cap(m, slot_of(m, model_index(m, a->other), a->index + k));
    }
    part->state = PLAN_PART_PLANNED;
    part->done = 0;
}

void model_undo(struct model *m, struct plan *plan, unsigned number)
{
    model_require(!plan_is_used(plan, number));
    model_clear(m, plan, number);
    plan_undo(plan, number);
    model_queue(m, plan);
}

unsigned model_objects(const struct model *m)
{
    unsigned count = 0;

    for (unsigned i = 0; i < m->object_count; i++)
        count += m->object[i].type != 0;
    return count;
}

unsigned model_caps(struct model *m)
{
    unsigned count = 0;

    for (uint32_t i = 1; i < MODEL_SLOTS; i++)
        count += model_cap_at(m, i)->object != 0;
    return count;
}

unsigned model_mappings(const struct model *m)
{
    return m->mapping_count;
}
