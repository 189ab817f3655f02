/* SPDX-License-Identifier: BSD-2-Clause */
#include "world.h"

#include <check.h>

struct kernel kernel;
struct hart hart;

static struct {
    struct slot untyped;
    struct slot *cnode;
    uint32_t next;
} world;

static void retype(enum obj_type type, uint8_t size_bits, struct slot *dest)
{
    struct retype wanted = { .untyped = &world.untyped,
                             .type = type,
                             .size_bits = size_bits,
                             .dest = dest,
                             .count = 1 };

    ck_assert_int_eq(untyped_retype(&hart, &wanted), OK);
}

void world_setup(void)
{
    static struct slot cnode;

    fake_reset();
    kernel = (struct kernel){ .irq_by_source = { NULL } };
    hart = (struct hart){ .kernel = &kernel };
    slice_set(&hart.slice, WORLD_SLICE_TICKS);
    untyped_create(&world.untyped, hpa(FAKE_RAM_START), 25, 0);
    retype(OBJ_CNODE, WORLD_CNODE_BITS, &cnode);
    world.cnode = &cnode;
    world.next = 1;
}

struct slot *world_slot(uint32_t slot)
{
    return cnode_slot((struct cnode *)slot_object(world.cnode), slot);
}

uint32_t world_empty(void)
{
    return world.next++;
}

uint32_t world_make(enum obj_type type, uint8_t size_bits)
{
    uint32_t slot = world_empty();

    retype(type, size_bits, world_slot(slot));
    return slot;
}

uint32_t world_cnode_copy(void)
{
    uint32_t copy = world_empty();

    slot_derive(world_slot(copy), world.cnode, RIGHTS_ALL);
    return copy;
}

uint32_t world_copy(uint32_t slot, uint8_t rights, uint64_t badge)
{
    uint32_t copy = world_empty();

    slot_derive(world_slot(copy), world_slot(slot), rights);
    if (badge != 0)
        world_slot(copy)->word[0] = badge;
    return copy;
}

void *world_object(uint32_t slot)
{
    return slot_object(world_slot(slot));
}

struct thread *world_thread_at(uint32_t slot)
{
    return world_object(slot);
}

uint32_t world_thread_new(void)
{
    return world_make(OBJ_THREAD, THREAD_BITS_MIN);
}

uint32_t world_thread(uint8_t priority)
{
    uint32_t slot = world_thread_new();
    uint32_t vspace = world_make(OBJ_VSPACE, VSPACE_BITS_MIN);
    struct thread *thread = world_thread_at(slot);

    slot_embed(&thread->place[THREAD_CNODE], world.cnode, &thread->object);
    slot_embed(&thread->place[THREAD_VSPACE], world_slot(vspace), &thread->object);
    thread->priority = priority;
    ck_assert_int_eq(thread_resume(thread), OK);
    return slot;
}

/* A tombstone below `node`, or NULL. */
static struct slot *find_dead(struct slot *node)
{
    struct slot *child = node->first_child, *found = NULL;

    if (slot_is_dead(node))
        return node;
    while (child != NULL && found == NULL) {
        found = find_dead(child);
        child = child == node->last_child ? NULL : child->next;
    }
    return found;
}

bool world_has_dead(void)
{
    return find_dead(&world.untyped) != NULL;
}

void world_reap(void)
{
    struct slot *dead;

    while ((dead = find_dead(&world.untyped)) != NULL)
        node_delete(&hart, dead);
}

void world_destroy(uint32_t slot)
{
    struct slot *root = world_slot(slot);

    while (root->first_child != NULL)
        node_delete(&hart, root->first_child);
    slot_delete(&hart, root);
    world_reap();
}

void world_run(struct thread *thread)
{
    struct thread *current = hart.current;

    ck_assert_int_eq(thread->state, THREAD_READY);
    if (current == thread)
        return;
    if (current != NULL) {
        sched_block(current, THREAD_SUSPENDED);
        sched_ready(current);
    }
    sched_block(thread, THREAD_SUSPENDED);
    thread->state = THREAD_READY;
    thread->run_since_ticks = fake.now;
    hart.current = thread;
    hart.woken = NULL;
    hart.slice_end_ticks = fake.now + WORLD_SLICE_TICKS;
}

static enum err dispatch(struct thread *thread, enum call_number call, uint32_t slot)
{
    thread->context.x[REG_A7] = call;
    thread->context.x[REG_A0] = slot;
    world_run(thread);
    syscall_dispatch(&hart);
    if (hart.current == thread && !dead_ring_is_empty(&thread->dead))
        dead_ring_take_apart(&hart);
    return world_result(thread);
}

enum err world_invoke(struct thread *thread, uint32_t slot, uint64_t method, uint64_t a, uint64_t b,
                      uint64_t c, uint64_t d)
{
    uint64_t *x = thread->context.x;

    x[REG_A1] = method;
    x[REG_A2] = a;
    x[REG_A3] = b;
    x[REG_A4] = c;
    x[REG_A5] = d;
    return dispatch(thread, CALL_INVOKE, slot);
}

enum err world_call(struct thread *thread, enum call_number call, uint32_t slot, uint64_t a)
{
    thread->context.x[REG_A1] = a;
    return dispatch(thread, call, slot);
}

enum err world_message(struct thread *thread, enum call_number call, uint32_t slot, uint64_t tag,
                       uint32_t send_slot, uint32_t recv_slot)
{
    thread->context.x[REG_A1] = tag;
    thread->context.x[REG_T0] = (uint64_t)recv_slot << 32 | send_slot;
    return dispatch(thread, call, slot);
}

static const uint8_t words[MESSAGE_WORDS] = { 12, 13, 14, 15, 16, 6 };

void world_words_set(struct thread *thread, uint64_t first)
{
    for (uint32_t i = 0; i < MESSAGE_WORDS; i++)
        thread->context.x[words[i]] = first + i;
}

bool world_words_are(const struct thread *thread, uint64_t first)
{
    for (uint32_t i = 0; i < MESSAGE_WORDS; i++) {
        if (thread->context.x[words[i]] != first + i)
            return false;
    }
    return true;
}
