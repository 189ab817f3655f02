/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * proves: Whatever a hostile peer writes into the shared indices, a ring of any capacity copies
 *         only inside its data area, and never more than was asked for.
 * mutant: libs/ring/ring.c: if (implied > h->capacity) -> if (implied > h->capacity + 1)
 * unwind: 2
 */
#include "prove.h"

#include <string.h>

#define ELEMENT_BYTES 64u /* a record of the console's protocol */

/* The range to copy; the proof does not copy it. */
static uintptr_t data_first, data_bytes;
static size_t copied;

static void copy_is_inside(const void *data, size_t bytes)
{
    uintptr_t offset = (uintptr_t)data - data_first;

    __CPROVER_assert(offset <= data_bytes && bytes <= data_bytes - offset, "inside the data area");
    copied += bytes;
}

#define memcpy(to, from, bytes) copy_is_inside(is_reading ? (from) : (to), bytes)
static bool is_reading;
#include <libs/ring/ring.c>
#undef memcpy

static struct ring_handle any_handle(struct ring_shared *shared, uint8_t *data, bool is_producer)
{
    struct ring_handle h = {.own = is_producer ? &shared->producer : &shared->consumer,
                            .peer = is_producer ? &shared->consumer : &shared->producer,
                            .data = data,
                            .capacity = nondet_u32(),
                            .element_bytes = ELEMENT_BYTES,
                            .index = nondet_u32(),
                            .is_broken = nondet_bool()};

    ASSUME(h.capacity != 0 && (h.capacity & (h.capacity - 1)) == 0);
    ASSUME(h.capacity <= 4096);
    data_first = (uintptr_t)data;
    data_bytes = (uintptr_t)h.capacity * h.element_bytes;
    return h;
}

int main(void)
{
    static struct ring_shared shared;
    static uint8_t data[1], mine[1];
    uint32_t count = nondet_u32(), done = 0;

    shared.producer.index = nondet_u32();
    shared.consumer.index = nondet_u32();
    is_reading = nondet_bool();
    if (is_reading) {
        struct ring_consumer consumer = {any_handle(&shared, data, false)};
        if (ring_read(&consumer, mine, count, &done) == OK)
            PROVE(copied == (size_t)done * consumer.h.element_bytes && done <= count);
    } else {
        struct ring_producer producer = {any_handle(&shared, data, true)};
        if (ring_write(&producer, mine, count, &done) == OK)
            PROVE(copied == (size_t)done * producer.h.element_bytes && done <= count);
    }
    return 0;
}
