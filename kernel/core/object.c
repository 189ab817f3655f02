/* SPDX-License-Identifier: BSD-2-Clause */
#include <kernel/core/object.h>

#include <kernel/core/cnode.h>
#include <kernel/core/endpoint.h>
#include <kernel/core/hart.h>
#include <kernel/core/irq.h>
#include <kernel/core/notification.h>
#include <kernel/core/vcpu.h>

static struct object *create_in(struct hart *hart, enum obj_type type, uint8_t size_bits,
                                hpa_t memory)
{
    if (type == OBJ_UNTYPED || type == OBJ_FRAME)
        return NULL; /* may be device memory, of which the kernel has no view */
    void *at = hal_phys_to_virt(memory);

    switch (type) {
    case OBJ_CNODE: return cnode_create(at, size_bits);
    case OBJ_VSPACE: return space_create(hart->kernel, SPACE_S, memory, size_bits);
    case OBJ_GSPACE: return space_create(hart->kernel, SPACE_G, memory, size_bits);
    case OBJ_THREAD: return thread_create(hart, at);
    case OBJ_ENDPOINT: return endpoint_create(at);
    case OBJ_VCPU: return vcpu_create(at);
    case OBJ_NOTIFICATION:
    case OBJ_IRQ: return at; /* of zeros, as they begin */
    default: return NULL;
    }
}

void object_create(struct hart *hart, enum obj_type type, uint8_t size_bits, uint8_t flags,
                   hpa_t memory, struct slot *slot)
{
    struct object *object = create_in(hart, type, size_bits, memory);

    *slot = (struct slot){ .type = (uint8_t)type,
                           .rights = RIGHTS_ALL,
                           .size_bits = size_bits,
                           .flags = flags,
                           .object = object != NULL ? (uint64_t)(uintptr_t)object : memory.raw };
    if (object != NULL) {
        object->type = (uint8_t)type;
        object->cap_count = 1;
    }
}

struct object *slot_object(const struct slot *slot)
{
    switch (slot->type) {
    case OBJ_NONE:
    case OBJ_UNTYPED:
    case OBJ_FRAME:
    case OBJ_IRQ_CONTROL:
    case OBJ_KLOG:
    case OBJ_TRACE: return NULL;
    default: return (struct object *)(uintptr_t)slot->object;
    }
}

void slot_derive(struct slot *copy, struct slot *source, uint8_t rights)
{
    struct object *object = slot_object(source);

    *copy = *source;
    copy->rights &= rights;
    copy->flags &= (uint8_t)~SLOT_EMBEDDED;
    copy->space = 0;
    if (source->type == OBJ_FRAME)
        copy->word[0] = 0;
    copy->word[1] = 0;
    slot_insert_child(source, copy);
    if (object != NULL)
        object->cap_count++;
}

void slot_embed(struct slot *place, struct slot *source, struct object *owner)
{
    slot_derive(place, source, source->rights);
    place->flags |= SLOT_EMBEDDED;
    place->word[1] = (uint64_t)(uintptr_t)owner;
}

/* An object that held a capability in one of its own places is told that it went. */
static void owner_lost(struct hart *hart, struct object *owner, struct slot *place)
{
    switch (owner->type) {
    case OBJ_THREAD: thread_lost((struct thread *)owner, place); break;
    case OBJ_VCPU: vcpu_unbind(hart, (struct vcpu *)owner); break;
    case OBJ_IRQ: irq_unbind(hart, (struct irq *)owner); break;
    case OBJ_TRACE: trace_lost(owner); break;
    default: break;
    }
}

static void object_condemn(struct hart *hart, struct object *object)
{
    object->is_dead = true;
    switch (object->type) {
    case OBJ_VSPACE:
    case OBJ_GSPACE: space_destroy(hart, (struct space *)object); return;
    case OBJ_THREAD: thread_condemn(hart, (struct thread *)object); break;
    case OBJ_ENDPOINT: endpoint_condemn(hart, (struct endpoint *)object); break;
    case OBJ_VCPU: vcpu_condemn(hart, (struct vcpu *)object); break;
    case OBJ_IRQ: irq_unbind(hart, (struct irq *)object); break;
    default: break;
    }
    object->next_dead = hart->kernel->dead;
    hart->kernel->dead = object;
}

void slot_delete(struct hart *hart, struct slot *slot)
{
    if (slot_is_empty(slot))
        return;
    if (slot->type == OBJ_FRAME && slot->space != 0)
        space_unmap(hart, slot);

    struct object *object = slot_object(slot);
    struct object *owner = NULL;
    if ((slot->flags & SLOT_EMBEDDED) != 0)
        owner = (struct object *)(uintptr_t)slot->word[1];

    if (owner != NULL)
        owner_lost(hart, owner, slot);
    slot_remove(slot);
    if (object != NULL && --object->cap_count == 0)
        object_condemn(hart, object);
}

/* Empty one of an object's own places; true when none holds anything. */
static bool places_reap_step(struct hart *hart, struct slot *place, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (!slot_is_empty(&place[i])) {
            slot_delete(hart, &place[i]);
            return false;
        }
    }
    return true;
}

/* One bounded step at the first of the dead; true when nothing of it is left to do. */
static bool reap_step(struct hart *hart, struct object *object)
{
    switch (object->type) {
    case OBJ_CNODE: return cnode_reap_step(hart, (struct cnode *)object);
    case OBJ_THREAD: return places_reap_step(hart, ((struct thread *)object)->place, THREAD_PLACES);
    case OBJ_ENDPOINT: return endpoint_reap_step(hart, (struct endpoint *)object);
    case OBJ_NOTIFICATION: return notification_reap_step((struct notification *)object);
    case OBJ_VCPU: return places_reap_step(hart, ((struct vcpu *)object)->place, VCPU_PLACES);
    case OBJ_IRQ: return places_reap_step(hart, &((struct irq *)object)->notification, 1);
    default: return true;
    }
}

static void reap_first(struct hart *hart)
{
    struct object *object = hart->kernel->dead;

    /* A step that finds nothing to do condemns nobody: the object is still the first. */
    if (reap_step(hart, object))
        hart->kernel->dead = object->next_dead;
}

enum err object_reap(struct hart *hart)
{
    while (hart->kernel->dead != NULL) {
        reap_first(hart);
        if (hart->kernel->dead != NULL && hal_interrupt_pending())
            return ERR_AGAIN;
    }
    return OK;
}

bool object_reap_some(struct hart *hart, uint32_t step_count)
{
    for (uint32_t i = 0; i < step_count && hart->kernel->dead != NULL; i++)
        reap_first(hart);
    return hart->kernel->dead == NULL;
}
