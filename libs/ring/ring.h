/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Single-producer single-consumer rings in shared memory.
 *
 * Three parts:  `struct ring_shared` and the data area are mapped by both sides.  They
 * may hold any values at any time, because the other side may be hostile.  The handle,
 * `struct ring_producer` or `struct ring_consumer`, is private to its side and trusted.
 *
 * Indices count elements from the start and wrap at 2^32; the element's place is the
 * index modulo the capacity (a power of two).  tail - head <= capacity always holds.  If
 * the peer's index breaks this, calls return ERR_FORMAT, and the handle stays broken until
 * the peer attaches again.
 *
 * Sleeping without losing a wake-up.  The side that wants to sleep sets its flag and then
 * checks the index again.  The other side publishes its index and then checks the flag.
 * Each side has a full fence between its two steps:
 *
 *     sleeper                            other side
 *     waits = 1                          publish the index
 *     fence                              fence
 *     index still the same? sleep        waits taken (1 -> 0)? signal
 *
 * In any order, at least one side sees the store of the other.  In code:
 *
 *     while (ring_read(&c, buf, n, &got) == OK && got == 0)
 *         if (ring_consumer_sleep(&c)) notification_wait(...);
 *
 *     ring_write(&p, buf, n, &done);  if (ring_producer_wakes(&p)) notification_signal(...);
 *
 * A peer that never sets its flag is never signalled.  A peer that sets its flag without
 * need costs the other side one signal for each write.
 *
 * Death.  Each side counts its attaches in its epoch.  A restarted side attaches to the
 * same memory and continues at the last published index: elements that were read or
 * written but not published are read or written again.  On the other side
 * ring_..._restarted() returns true once; that side then repeats its requests if its
 * protocol has any.  A stream of bytes needs no such step.
 */
#ifndef RING_RING_H
#define RING_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <base/err.h>

/* Each side writes only its own cache line, except that it clears the other side's `waits`. */
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

/* The trusted state of one side.  Only ring.c uses the fields. */
struct ring_handle {
    struct ring_side *own;
    struct ring_side *peer;
    uint8_t *data;
    uint32_t capacity;
    uint32_t element_bytes;
    uint32_t index;      /* own index; the shared one is only a copy */
    uint32_t peer_index; /* the last valid one */
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
 * Attaches a side to shared memory, which was zeroed when it was allocated.  The side
 * continues at the index last published; if the two indices contradict each other, the
 * ring counts as empty.
 *   ERR_INVALID_ARG  capacity is no power of two or above 2^31, or element_bytes is 0
 */
MUST_CHECK ring_producer_attach(struct ring_producer *p, struct ring_shared *shared, void *data,
                                uint32_t capacity, uint32_t element_bytes);
MUST_CHECK ring_consumer_attach(struct ring_consumer *c, struct ring_shared *shared, void *data,
                                uint32_t capacity, uint32_t element_bytes);

/*
 * Writes up to `count` elements and publishes them; *written is the number that fitted.
 *   ERR_FORMAT  the consumer's index is impossible
 */
MUST_CHECK ring_write(struct ring_producer *p, const void *from, uint32_t count, uint32_t *written);

/* The number of elements that fit.  ERR_FORMAT as for ring_write(). */
MUST_CHECK ring_room(struct ring_producer *p, uint32_t *count);

/*
 * Copies out up to `count` elements and removes them from the ring.
 *   ERR_FORMAT  the producer's index is impossible
 */
MUST_CHECK ring_read(struct ring_consumer *c, void *to, uint32_t count, uint32_t *got);

/* As ring_read(), but the elements stay in the ring.  The peer may change them meanwhile. */
MUST_CHECK ring_peek(struct ring_consumer *c, void *to, uint32_t count, uint32_t *got);

/* Removes up to `count` elements, as after ring_peek(). */
MUST_CHECK ring_drop(struct ring_consumer *c, uint32_t count);

/* The number of elements in the ring.  ERR_FORMAT as for ring_read(). */
MUST_CHECK ring_available(struct ring_consumer *c, uint32_t *count);

/* The index of the next element to write or to read: how many there were so far, modulo 2^32. */
uint32_t ring_producer_position(const struct ring_producer *p);
uint32_t ring_consumer_position(const struct ring_consumer *c);

/* Call after writing or reading.  True: the other side has asked for a signal; send one. */
bool ring_producer_wakes(struct ring_producer *p);
bool ring_consumer_wakes(struct ring_consumer *c);

/* Asks the other side for a signal.  True: go to sleep.  False: there is room (or there are
 * elements to read, or the ring is broken), and the request has been withdrawn. */
bool ring_producer_sleep(struct ring_producer *p);
bool ring_consumer_sleep(struct ring_consumer *c);

/* Has the consumer asked for a signal that was not sent yet?  Then nothing was written since. */
bool ring_consumer_waits(const struct ring_consumer *c);

/* True once after the other side has attached again; a broken handle then works again. */
bool ring_producer_restarted(struct ring_producer *p);
bool ring_consumer_restarted(struct ring_consumer *c);

#endif
