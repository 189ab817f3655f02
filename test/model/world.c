/* SPDX-License-Identifier: BSD-2-Clause */
/* A machine as its root server finds it, and the kernel's addresses of model objects. */
#include "world.h"

#include <fakes/hal.h>
#include <kernel/core/sched.h>
#include <kernel/core/untyped.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert((int)PLACE_CNODE == THREAD_CNODE && (int)PLACE_VSPACE == THREAD_VSPACE &&
                   (int)PLACE_FAULT == THREAD_FAULT &&
                   (int)PLACE_NOTIFICATION == THREAD_NOTIFICATION,
               "places of a Thread");
_Static_assert((int)PLACE_VCPU_THREAD == VCPU_THREAD && (int)PLACE_VCPU_GSPACE == VCPU_GSPACE &&
                   (int)PLACE_VCPU_PAGE == VCPU_PAGE,
               "places of a VCpu");
_Static_assert(MODEL_IRQ_SOURCES == FAKE_IRQ_COUNT, "interrupt sources");

const char *world_text(const char *format, ...)
{
    static char text[256];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return text;
}

void world_fail(const struct world *world, const char *claim, const char *detail)
{
    const struct model_call *call = &world->last.call;
    static char text[512];

    snprintf(text, sizeof(text),
             "step %llu, call %llu, cap %llu, method %llu (%llx %llx %llx %llx %llx): "
             "does not hold: %s: %s",
             (unsigned long long)world->step, (unsigned long long)call->number,
             (unsigned long long)call->cap, (unsigned long long)call->method,
             (unsigned long long)call->arg[0], (unsigned long long)call->arg[1],
             (unsigned long long)call->arg[2], (unsigned long long)call->arg[3],
             (unsigned long long)call->arg[4], claim, detail);
    world_stop(text);
}

/* ---- addresses of objects ------------------------------------------------------------ */

/* The header of a space lies after its root table. */
static uint64_t header_offset(uint8_t type)
{
    return type == OBJ_VSPACE ? PAGE_BYTES : type == OBJ_GSPACE ? 4 * PAGE_BYTES : 0;
}

void *world_object(struct world *world, uint32_t number)
{
    const struct model_object *object = &world->model.object[number];

    return hal_phys_to_virt(hpa(object->address + header_offset(object->type)));
}

uint32_t world_number(struct world *world, const void *pointer)
{
    uint64_t address = pointer != NULL ? hal_virt_to_phys(pointer).raw : 0;

    for (uint32_t i = 1; i < MODEL_OBJECTS; i++) {
        const struct model_object *object = &world->model.object[i];
        if (object->life != MODEL_ABSENT &&
            object->address + header_offset(object->type) == address)
            return i;
    }
    return 0;
}

uint32_t world_places(const struct model *model, uint32_t holder)
{
    if (holder == MODEL_BOOT)
        return BOOT_SLOTS;
    switch (model->object[holder].type) {
    case OBJ_CNODE: return (uint32_t)model_slot_count(model, holder);
    case OBJ_THREAD: return THREAD_PLACES;
    case OBJ_VCPU: return VCPU_PLACES;
    case OBJ_IRQ: return 1;
    default: return 0;
    }
}

struct slot *world_slot(struct world *world, uint32_t holder, uint32_t index)
{
    if (holder == MODEL_BOOT && index >= MODEL_GRAVES)
        return world_object(world, index - MODEL_GRAVES); /* a tombstone begins like a slot */
    if (holder == MODEL_BOOT)
        return &world->boot[index];
    void *object = world_object(world, holder);
    switch (world->model.object[holder].type) {
    case OBJ_CNODE: return index == 0 ? NULL : (struct slot *)object + index;
    case OBJ_THREAD: return &((struct thread *)object)->place[index];
    case OBJ_VCPU: return &((struct vcpu *)object)->place[index];
    case OBJ_IRQ: return &((struct irq *)object)->notification;
    default: return NULL;
    }
}

/* ---- boot: every change is made in the kernel and in the model ------------------------ */

static void boot_root(struct world *world, uint32_t index, const struct slot *slot)
{
    world->boot[index] = *slot;
    model_add_root(&world->model, &(struct model_cap){ .group = index,
                                                       .index = index,
                                                       .type = slot->type,
                                                       .rights = slot->rights,
                                                       .size_bits = slot->size_bits,
                                                       .is_device = slot->flags != 0,
                                                       .address = slot->object });
}

/* Makes an object from the Untyped in a boot slot; returns the boot slot that names it. */
static uint32_t boot_make(struct world *world, uint32_t from, enum obj_type type, uint8_t bits)
{
    uint32_t index = BOOT_FIRST;

    while (!slot_is_empty(&world->boot[index]))
        index++;
    HOLDS(world, index < BOOT_SLOTS, "boot slots");
    enum err err = untyped_retype(&world->hart, &(struct retype){ .untyped = &world->boot[from],
                                                                  .type = type,
                                                                  .size_bits = bits,
                                                                  .dest = &world->boot[index],
                                                                  .count = 1 });
    HOLDS(world, err == OK, "retype: %d", (int)err);
    uint32_t at = model_find(&world->model, MODEL_BOOT, from);
    uint64_t size = UINT64_C(1) << bits;
    uint64_t start = (model_used(&world->model, at) + size - 1) / size * size;
    world->model.cap[at].used = start + size;
    model_make(&world->model, at, type, bits, world->model.cap[at].address + start, MODEL_BOOT,
               index);
    return index;
}

static uint32_t object_in(struct world *world, uint32_t index)
{
    return world->model.cap[model_find(&world->model, MODEL_BOOT, index)].object;
}

static void boot_move(struct world *world, uint32_t from, uint32_t holder, uint32_t index)
{
    uint32_t at = model_find(&world->model, MODEL_BOOT, from);

    slot_move(world_slot(world, holder, index), &world->boot[from]);
    world->model.cap[at].holder = holder;
    world->model.cap[at].index = index;
}

static void boot_copy(struct world *world, uint32_t from, uint32_t holder, uint32_t index)
{
    uint32_t at = model_find(&world->model, MODEL_BOOT, from);
    struct model_cap copy = model_derived(&world->model, at, RIGHTS_ALL, holder, index);
    struct slot *to = world_slot(world, holder, index);

    if (holder != MODEL_BOOT && world->model.object[holder].type != OBJ_CNODE)
        slot_embed(to, &world->boot[from], world_object(world, holder));
    else
        slot_derive(to, &world->boot[from], RIGHTS_ALL);
    model_add_child(&world->model, at, &copy);
}

/* Slots of a first thread's CNode. */
enum first_slot { OWN_CNODE = 1, OWN_THREAD, OWN_VSPACE, SHARED_ENDPOINT, SHARED_NOTIFICATION,
                  OWN_UNTYPED, OWN_DEVICE, IRQ_CONTROL, KLOG, OTHER_CNODE, OTHER_THREAD,
                  HOME_UNTYPED, FIRST_FREE };

struct boot_thread {
    uint32_t home, cnode, thread, vspace; /* boot slots */
    uint32_t table;                       /* number of the CNode */
};

static struct boot_thread boot_thread(struct world *world, uint32_t home, uint8_t priority)
{
    struct boot_thread t = { .home = home };

    t.cnode = boot_make(world, home, OBJ_CNODE, 12);
    t.thread = boot_make(world, home, OBJ_THREAD, 11);
    t.vspace = boot_make(world, home, OBJ_VSPACE, 15);
    t.table = object_in(world, t.cnode);
    uint32_t number = object_in(world, t.thread);
    boot_copy(world, t.cnode, number, THREAD_CNODE);
    boot_copy(world, t.vspace, number, THREAD_VSPACE);
    struct thread *thread = world_object(world, number);
    thread->priority = priority;
    enum err err = thread_resume(thread);
    HOLDS(world, err == OK, "resume: %d", (int)err);
    return t;
}

static void boot_give(struct world *world, const struct boot_thread *t,
                      const struct boot_thread *other, const uint32_t shared[4])
{
    boot_copy(world, shared[0], t->table, SHARED_ENDPOINT);
    boot_copy(world, shared[1], t->table, SHARED_NOTIFICATION);
    boot_copy(world, shared[2], t->table, IRQ_CONTROL);
    boot_copy(world, shared[3], t->table, KLOG);
    boot_copy(world, other->cnode, t->table, OTHER_CNODE);
    boot_copy(world, other->thread, t->table, OTHER_THREAD);
    boot_move(world, boot_make(world, BOOT_RAM, OBJ_UNTYPED, 17), t->table, OWN_UNTYPED);
    boot_move(world, boot_make(world, BOOT_DEVICE, OBJ_UNTYPED, 30), t->table, OWN_DEVICE);
}

/* Drops the harness's capabilities to the threads' objects: threads can end each other and
 * themselves.  Each thread holds the Untyped of its own memory. */
static void boot_let_go(struct world *world, const struct boot_thread *t)
{
    boot_move(world, t->cnode, t->table, OWN_CNODE);
    boot_move(world, t->thread, t->table, OWN_THREAD);
    boot_move(world, t->vspace, t->table, OWN_VSPACE);
    static const uint8_t more[][2] = { { OBJ_GSPACE, 15 }, { OBJ_VCPU, 11 },  { OBJ_IRQ, 8 },
                                       { OBJ_FRAME, 12 },  { OBJ_FRAME, 12 }, { OBJ_FRAME, 12 } };
    for (uint32_t i = 0; i < sizeof(more) / sizeof(more[0]); i++)
        boot_move(world, boot_make(world, t->home, (enum obj_type)more[i][0], more[i][1]), t->table,
                  FIRST_FREE + i);
    boot_move(world, t->home, t->table, HOME_UNTYPED);
}

void world_init(struct world *world, uint32_t thread_count, uint32_t id_count)
{
    struct boot_thread t[4];

    HOLDS(world, thread_count <= 4, "%u threads", thread_count);
    fake_reset();
    if (id_count != 0) {
        fake.vspace_ids = id_count;
        fake.gspace_ids = id_count;
    }
    *world = (struct world){ .hart = { .kernel = &world->kernel } };
    slice_set(&world->hart.slice, 1000);
    struct slot ram, device;
    untyped_create(&ram, hpa(FAKE_RAM_START), WORLD_RAM_BITS, 0);
    untyped_create(&device, hpa(WORLD_DEVICE_BASE), WORLD_DEVICE_BITS, SLOT_DEVICE);
    boot_root(world, BOOT_RAM, &ram);
    boot_root(world, BOOT_DEVICE, &device);
    uint32_t shared[4] = { [2] = BOOT_FIRST, [3] = BOOT_FIRST + 1 };
    boot_root(world, shared[2], &(struct slot){ .type = OBJ_IRQ_CONTROL, .rights = RIGHTS_ALL });
    boot_root(world, shared[3], &(struct slot){ .type = OBJ_KLOG, .rights = RIGHTS_ALL });
    shared[0] = boot_make(world, BOOT_RAM, OBJ_ENDPOINT, 7);
    shared[1] = boot_make(world, BOOT_RAM, OBJ_NOTIFICATION, 7);
    for (uint32_t i = 0; i < thread_count; i++)
        t[i] = boot_thread(world, boot_make(world, BOOT_RAM, OBJ_UNTYPED, 17), 10);
    for (uint32_t i = 0; i < thread_count; i++)
        boot_give(world, &t[i], &t[(i + 1) % thread_count], shared);
    for (uint32_t i = 0; i < thread_count; i++)
        boot_let_go(world, &t[i]);
    world->ram_bytes = model_used(&world->model, model_find(&world->model, MODEL_BOOT, BOOT_RAM));
    check_world(world);
}

/* ---- the end --------------------------------------------------------------------------- */

static void end_root(struct world *world, uint32_t index)
{
    uint32_t at = model_find(&world->model, MODEL_BOOT, index);

    if (at == NO_CAP)
        return;
    while (world->boot[index].first_child != NULL)
        node_delete(&world->hart, world->boot[index].first_child);
    model_revoke(&world->model, at);
    if (world->check_every == 0)
        check_world(world);
}

void world_end(struct world *world)
{
    for (uint32_t i = 0; i < BOOT_SLOTS; i++)
        end_root(world, i);
    check_world(world);
    const struct hart *hart = &world->hart;
    const struct kernel *kernel = &world->kernel;
    HOLDS(world, hart->current == NULL && hart->ready.present == 0, "end");
    HOLDS(world, timer_earliest(&hart->timers) == TIMER_NEVER && hart->vspace == NULL, "end");
    HOLDS(world, hart->vcpu == NULL && hart->fp_owner == NULL && hart->gspace == NULL, "end");
    HOLDS(world, kernel->vspaces.used_count == 0 && kernel->gspaces.used_count == 0, "end");
    HOLDS(world, !fake_tlb_reaches(hpa(FAKE_RAM_START), UINT64_C(1) << WORLD_RAM_BITS), "end");
    /* All memory is free again, in one piece. */
    struct retype all = { .untyped = &world->boot[BOOT_RAM],
                          .type = OBJ_UNTYPED,
                          .size_bits = WORLD_RAM_BITS,
                          .dest = &world->boot[BOOT_SLOTS - 1],
                          .count = 1 };
    enum err err = untyped_retype(&world->hart, &all);
    HOLDS(world, err == OK, "all memory: %d", (int)err);
}
