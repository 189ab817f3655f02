/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rings in shared memory.  Oracle: a queue.  While both sides are honest, elements are read as
 * they were written, in order, and no call is refused.  After one side edits the shared memory,
 * the other accepts only possible indices, stays broken until its peer attaches anew, and never
 * touches memory outside the ring (the data area has exactly the ring's size).
 */
#include "fuzz.h"

#include <ring/ring.h>

#define ELEMENT_MAX  16u
#define CAPACITY_MAX 64u

static struct {
    uint32_t capacity, element;
    uint8_t *bytes; /* the data area */
    struct ring_shared shared;
    struct ring_producer producer;
    struct ring_consumer consumer;
    bool is_honest;
    /* The queue: elements written and read so far, and the newest of them. */
    uint32_t written, read;
    uint8_t queue[CAPACITY_MAX][ELEMENT_MAX];
} world;

static void attach(bool is_producer)
{
    enum err err = is_producer ? ring_producer_attach(&world.producer, &world.shared, world.bytes,
                                                      world.capacity, world.element)
                               : ring_consumer_attach(&world.consumer, &world.shared, world.bytes,
                                                      world.capacity, world.element);
    FUZZ_CHECK(err == OK);
}

/* Does a call succeed with `used` elements between the two indices? */
static bool is_possible(uint32_t used, bool was_broken)
{
    return !was_broken && used <= world.capacity;
}

static void step_write(struct fuzz_input *in)
{
    uint8_t from[CAPACITY_MAX * ELEMENT_MAX];
    uint32_t count = fuzz_pick(in, CAPACITY_MAX + 1), done = 0;
    uint8_t value = fuzz_u8(in);
    struct ring_handle *h = &world.producer.h;
    uint32_t used = h->index - atomic_load(&world.shared.consumer.index);
    bool was_broken = h->is_broken;

    for (size_t i = 0; i < (size_t)count * world.element; i++)
        from[i] = (uint8_t)(value + i * 3);
    enum err err = ring_write(&world.producer, from, count, &done);
    FUZZ_CHECK((err == OK) == is_possible(used, was_broken));
    FUZZ_CHECK(err == OK || (err == ERR_FORMAT && h->is_broken));
    if (err != OK)
        return;
    uint32_t room = world.capacity - used;
    FUZZ_CHECK(done == (count < room ? count : room));
    for (uint32_t i = 0; i < done && world.is_honest; i++)
        memcpy(world.queue[(world.written + i) % CAPACITY_MAX], from + i * world.element,
               world.element);
    world.written += done;
    ring_producer_wakes(&world.producer);
}

static void check_queue(const uint8_t *to, uint32_t count)
{
    for (uint32_t i = 0; i < count && world.is_honest; i++)
        FUZZ_CHECK(memcmp(world.queue[(world.read + i) % CAPACITY_MAX], to + i * world.element,
                          world.element) == 0);
}

static void step_read(struct fuzz_input *in)
{
    uint32_t count = fuzz_pick(in, CAPACITY_MAX + 1), got = 0;
    uint8_t *to = malloc((size_t)count * world.element + 1);
    struct ring_handle *h = &world.consumer.h;
    uint32_t available = atomic_load(&world.shared.producer.index) - h->index;
    bool was_broken = h->is_broken, peeks = fuzz_pick(in, 2);

    FUZZ_CHECK(to != NULL);
    enum err err = peeks ? ring_peek(&world.consumer, to, count, &got)
                         : ring_read(&world.consumer, to, count, &got);
    FUZZ_CHECK((err == OK) == is_possible(available, was_broken));
    if (err == OK) {
        FUZZ_CHECK(got == (count < available ? count : available));
        check_queue(to, got);
        if (peeks)
            FUZZ_CHECK(ring_drop(&world.consumer, got) == OK);
        world.read += got;
        ring_consumer_wakes(&world.consumer);
    } else {
        FUZZ_CHECK(err == ERR_FORMAT && h->is_broken);
    }
    free(to);
}

/* A side may sleep only if it has no work. */
static void step_sleep(bool is_producer)
{
    uint32_t count = 0;

    if (is_producer && ring_producer_sleep(&world.producer)) {
        FUZZ_CHECK(ring_room(&world.producer, &count) == OK && count == 0);
        FUZZ_CHECK(atomic_load(&world.shared.producer.waits) == 1);
    } else if (!is_producer && ring_consumer_sleep(&world.consumer)) {
        FUZZ_CHECK(ring_available(&world.consumer, &count) == OK && count == 0);
        FUZZ_CHECK(ring_consumer_waits(&world.consumer));
    }
}

static void step_restart(bool is_producer)
{
    attach(is_producer);
    if (is_producer) {
        FUZZ_CHECK(ring_consumer_restarted(&world.consumer));
        FUZZ_CHECK(!world.consumer.h.is_broken && !ring_consumer_restarted(&world.consumer));
    } else {
        FUZZ_CHECK(ring_producer_restarted(&world.producer));
        FUZZ_CHECK(!world.producer.h.is_broken && !ring_producer_restarted(&world.producer));
    }
}

static void step_hostile(struct fuzz_input *in)
{
    struct ring_side *side = fuzz_pick(in, 2) ? &world.shared.producer : &world.shared.consumer;
    uint32_t near = fuzz_pick(in, 2) ? side->index + fuzz_u8(in) - 128u : fuzz_u32(in);

    world.is_honest = false;
    switch (fuzz_pick(in, 4)) {
    case 0:
    case 1:
        side->index = near;
        break;
    case 2:
        side->waits = near;
        break;
    default:
        memset(world.bytes, fuzz_u8(in), (size_t)world.capacity * world.element);
        break;
    }
}

static void step(struct fuzz_input *in)
{
    unsigned form = fuzz_u8(in);

    switch (form % 16) {
    case 0:
        step_restart(form & 0x10);
        break;
    case 1:
    case 2:
        step_sleep(form & 0x10);
        break;
    case 3:
        if (form & 0x80) /* not at once: both sides are honest first */
            step_hostile(in);
        break;
    default:
        if (form & 0x10)
            step_write(in);
        else
            step_read(in);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    struct ring_producer none;

    memset(&world, 0, sizeof world);
    world.is_honest = true;
    world.capacity = 1u << fuzz_pick(&in, 7);
    world.element = 1 + fuzz_pick(&in, ELEMENT_MAX);
    world.bytes = calloc(world.capacity, world.element);
    FUZZ_CHECK(world.bytes != NULL);
    FUZZ_CHECK(ring_producer_attach(&none, &world.shared, world.bytes, 3, 1) == ERR_INVALID_ARG);
    attach(true);
    attach(false);
    ring_producer_restarted(&world.producer);
    ring_consumer_restarted(&world.consumer);
    while (in.left > 0) {
        step(&in);
        if (world.is_honest)
            FUZZ_CHECK(!world.producer.h.is_broken && !world.consumer.h.is_broken &&
                       world.written - world.read <= world.capacity);
    }
    free(world.bytes);
    return 0;
}
