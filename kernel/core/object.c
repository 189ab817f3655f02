/* SPDX-License-Identifier: BSD-2-Clause */
#include <kernel/core/object.h>

#include <kernel/core/cnode.h>
#include <kernel/core/endpoint.h>
#include <kernel/core/hart.h>
#include <kernel/core/irq.h>
#include <kernel/core/notification.h>
#include <kernel/core/sched.h>
#include <kernel/core/vcpu.h>

static struct object *object_init(struct hart *hart, enum obj_type type, uint8_t size_bits,
                                  hpa_t memory)
{
    if (type == OBJ_UNTYPED || type == OBJ_FRAME)
        return NULL; /* may be device memory, which the kernel does not map */
    void *at = hal_phys_to_virt(memory);

    switch (type) {
    case OBJ_CNODE: return cnode_create(at, size_bits);
    case OBJ_VSPACE: return space_create(hart->kernel, SPACE_S, memory, size_bits);
    case OBJ_GSPACE: return space_create(hart->kernel, SPACE_G, memory, size_bits);
    case OBJ_THREAD: return thread_create(hart, at);
    case OBJ_ENDPOINT: return endpoint_create(at);
    case OBJ_VCPU: return vcpu_create(at);
    case OBJ_NOTIFICATION:
    case OBJ_IRQ: return at; /* all zeros is their initial state */
    default: return NULL;
    }
}

void object_create(struct hart *hart, enum obj_type type, uint8_t size_bits, uint8_t flags,
                   hpa_t memory, struct slot *slot)
{
    struct object *object = object_init(hart, type, size_bits, memory);

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

/* Tell the owner of an embedded slot that its capability is being deleted. */
static void slot_owner_tell(struct hart *hart, struct object *owner, struct slot *place)
{
    switch (owner->type) {
    case OBJ_THREAD: thread_lost((struct thread *)owner, place); break;
    case OBJ_VCPU: vcpu_unbind(hart, (struct vcpu *)owner); break;
    case OBJ_IRQ: irq_unbind(hart, (struct irq *)owner); break;
    case OBJ_TRACE: trace_lost(owner); break;
    default: break;
    }
}

/* ---- the dead objects that a thread must take apart -------------------------------------- */

void dead_ring_create(struct dead_link *ring)
{
    ring->next = ring->prev = ring;
}

bool dead_ring_is_empty(const struct dead_link *ring)
{
    return ring->next == ring;
}

static void dead_link_insert(struct dead_link *ring, struct dead_link *link)
{
    link->next = ring->next;
    link->prev = ring;
    ring->next->prev = link;
    ring->next = link;
}

static void dead_link_remove(struct dead_link *link)
{
    link->next->prev = link->prev;
    link->prev->next = link->next;
    link->next = link->prev = NULL;
}

void dead_ring_pass(struct dead_link *from, struct dead_link *to)
{
    struct dead_link *first = from->next, *last = from->prev;

    dead_link_remove(from);
    if (to != NULL && first != from) {
        first->prev = to;
        last->next = to->next;
        to->next->prev = last;
        to->next = first;
    }
    dead_ring_create(from);
}

/* ---- the end ----------------------------------------------------------------------------- */

/* Take the object out of every place where a hart could find it. */
static void object_condemn(struct hart *hart, struct object *object)
{
    switch (object->type) {
    case OBJ_THREAD: thread_condemn(hart, (struct thread *)object); break;
    case OBJ_VCPU: vcpu_condemn(hart, (struct vcpu *)object); break;
    case OBJ_IRQ: irq_unbind(hart, (struct irq *)object); break;
    default: break;
    }
}

/* `slot` holds the last capability to `object`. */
static void object_end(struct hart *hart, struct object *object, struct slot *slot)
{
    object->flags |= SLOT_DEAD;
    if (object->type == OBJ_VSPACE || object->type == OBJ_GSPACE) {
        slot_remove(slot);
        space_destroy(hart, (struct space *)object); /* nothing is left to take apart */
        return;
    }
    slot_bury(slot, (struct slot *)object);
    object_condemn(hart, object);
    if (hart->current != NULL)
        dead_link_insert(&hart->current->dead, &object->dead);
    else
        dead_ring_create(&object->dead);
}

void slot_delete(struct hart *hart, struct slot *slot)
{
    if (slot_is_empty(slot))
        return;
    if (slot->type == OBJ_FRAME && slot->space != 0)
        space_unmap(hart, slot);

    struct object *object = slot_object(slot);
    if ((slot->flags & SLOT_EMBEDDED) != 0)
        slot_owner_tell(hart, (struct object *)(uintptr_t)slot->word[1], slot);
    if (object != NULL && --object->cap_count == 0)
        object_end(hart, object, slot);
    else
        slot_remove(slot);
}

/* Empty one of an object's embedded slots; true: all were empty. */
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

/* Take the object apart by one bounded step; true: nothing is left in it. */
static bool object_contents_reap(struct hart *hart, struct object *object)
{
    switch (object->type) {
    case OBJ_CNODE: return cnode_reap_step(hart, (struct cnode *)object);
    case OBJ_THREAD: return places_reap_step(hart, ((struct thread *)object)->place, THREAD_PLACES);
    case OBJ_ENDPOINT: return endpoint_reap_step((struct endpoint *)object);
    case OBJ_NOTIFICATION: return notification_reap_step((struct notification *)object);
    case OBJ_VCPU: return places_reap_step(hart, ((struct vcpu *)object)->place, VCPU_PLACES);
    case OBJ_IRQ: return places_reap_step(hart, &((struct irq *)object)->notification, 1);
    default: return true;
    }
}

static void object_reap_step(struct hart *hart, struct object *object)
{
    if (!object_contents_reap(hart, object))
        return;
    slot_unbury((struct slot *)object);
    dead_link_remove(&object->dead);
}

static struct object *object_of_link(struct dead_link *link)
{
    return (struct object *)((char *)link - offsetof(struct object, dead));
}

void dead_ring_take_apart(struct hart *hart)
{
    struct thread *thread = hart->current;

    do
        object_reap_step(hart, object_of_link(thread->dead.next));
    while (hart->current == thread && !dead_ring_is_empty(&thread->dead) &&
           !sched_must_give_way(hart));
}

void node_delete(struct hart *hart, struct slot *node)
{
    if (slot_is_dead(node))
        object_reap_step(hart, (struct object *)node);
    else
        slot_delete(hart, node);
}
