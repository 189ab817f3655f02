/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Single-producer single-consumer rings in shared memory.
 *
 * Three parts:  `struct ring_shared` and the data area are mapped by both sides
 * and may hold anything at any time, because the other side may be hostile.
 * `struct ring_producer` and `struct ring_consumer` are private to their side
 * and are what a side believes.
 *
 * Indices count elements from the start and wrap at 2^32; the element's place
 * is the index modulo the capacity (a power of two).  Always
 * tail - head <= capacity; an index of the peer that breaks this is answered
 * with ERR_FORMAT, and the handle stays broken until the peer attaches anew.
 *
 * Sleeping without losing a wake-up.  The side that wants to sleep says so and
 * then looks again; the other side publishes and then looks whether somebody
 * sleeps; a full fence stands between the two steps on each side:
 *
 *     sleeper                            other side
 *     waits = 1                          publish the index
 *     fence                              fence
 *     index still the same? sleep        waits taken (1 -> 0)? signal
 *
 * Whatever the order, one of them sees the other.  In code:
 *
 *     while (ring_read(&c, buf, n, &got) == OK && got == 0)
 *         if (ring_consumer_sleep(&c)) notification_wait(...);
 *
 *     ring_write(&p, buf, n, &done);  if (ring_producer_wakes(&p)) notification_signal(...);
 *
 * A peer that never sets its flag is never signalled; one that lies about it
 * costs its partner one signal for each write.
 *
 * Death.  Each side counts its attaches in its epoch.  A side that starts anew
 * attaches to the same memory and goes on where its predecessor last published;
 * what that had read or written but not published is read or written again.
 * The other side sees ring_..._restarted() once and repeats its requests if its
 * protocol has any.  For a stream of bytes nothing needs to be done.
 *
 * The end.  Whoever supervises a consumer that will not come back retires it: no
 * attach makes that epoch, and the producer can ask for it.
 */
#ifndef RING_RING_H
#define RING_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <base/err.h>

/* Each side writes its own line only, but for taking the other's flag. */
struct ring_side {
    _Atomic uint32_t index; /* producer: tail; consumer: head */
    _Atomic uint32_t epoch; /* attaches so far */
    _Atomic uint32_t waits; /* 1: signal me after the next publication */
    uint32_t reserved[13];
};

struct ring_shared {
    struct ring_side producer;
    struct ring_side consumer;
};

_Static_assert(sizeof(struct ring_side) == 64, "one side is one cache line");
_Static_assert(sizeof(struct ring_shared) == 128, "shared layout");

/* What one side believes.  The fields are for ring.c alone. */
struct ring_handle {
    struct ring_side *own;
    struct ring_side *peer;
    uint8_t *data;
    uint32_t capacity;
    uint32_t element_bytes;
    uint32_t index;      /* own, authoritative */
    uint32_t peer_index; /* last good one */
    uint32_t peer_epoch;
    bool is_broken;
};

struct ring_producer {
    struct ring_handle h;
};

struct ring_consumer {
    struct ring_handle h;
};

/*
 * Attaches a side to shared memory, which was zeroed when it was made.  The
 * index goes on from the one last published; if the two indices contradict each
 * other, the ring counts as empty.
 *   ERR_INVALID_ARG  capacity no power of two, above 2^31, or element_bytes 0
 */
MUST_CHECK ring_producer_attach(struct ring_producer *p, struct ring_shared *shared, void *data,
                                uint32_t capacity, uint32_t element_bytes);
MUST_CHECK ring_consumer_attach(struct ring_consumer *c, struct ring_shared *shared, void *data,
                                uint32_t capacity, uint32_t element_bytes);

/*
 * Writes up to `count` elements, publishes them and tells how many fitted.
 *   ERR_FORMAT  the consumer's index is impossible
 */
MUST_CHECK ring_write(struct ring_producer *p, const void *from, uint32_t count, uint32_t *written);

/* How many elements fit.  ERR_FORMAT as ring_write(). */
MUST_CHECK ring_room(struct ring_producer *p, uint32_t *count);

/*
 * Copies out up to `count` elements and publishes that they are gone.
 *   ERR_FORMAT  the producer's index is impossible
 */
MUST_CHECK ring_read(struct ring_consumer *c, void *to, uint32_t count, uint32_t *got);

/* As ring_read(), but leaves them in the ring.  They may differ at the next look. */
MUST_CHECK ring_peek(struct ring_consumer *c, void *to, uint32_t count, uint32_t *got);

/* Drops up to `count` elements: what was peeked at and dealt with. */
MUST_CHECK ring_drop(struct ring_consumer *c, uint32_t count);

/* How many elements there are.  ERR_FORMAT as ring_read(). */
MUST_CHECK ring_available(struct ring_consumer *c, uint32_t *count);

/* After writing, or reading: true when the other side asked for a signal. */
bool ring_producer_wakes(struct ring_producer *p);
bool ring_consumer_wakes(struct ring_consumer *c);

/* Asks the other side for a signal.  True: go to sleep.  False: there is room (or something to
 * read, or the ring is broken) already; the request is withdrawn. */
bool ring_producer_sleep(struct ring_producer *p);
bool ring_consumer_sleep(struct ring_consumer *c);

/* Whether the consumer has asked and was not answered: then nothing was written since. */
bool ring_consumer_waits(const struct ring_consumer *c);

/* Nobody will read this ring again; who waits for room in it is to be signalled by the caller. */
void ring_consumer_retire(struct ring_shared *shared);
bool ring_producer_is_alone(const struct ring_producer *p);

/* True once after the other side attached anew; a broken ring is whole again. */
bool ring_producer_restarted(struct ring_producer *p);
bool ring_consumer_restarted(struct ring_consumer *c);

#endif
