/* SPDX-License-Identifier: BSD-2-Clause */
#include <ring/ring.h>

#include <string.h>

static MUST_CHECK ring_attach(struct ring_handle *h, struct ring_side *own, struct ring_side *peer,
                              void *data, uint32_t capacity, uint32_t element_bytes)
{
    if (capacity == 0 || (capacity & (capacity - 1)) != 0 || capacity > UINT32_C(1) << 31 ||
        element_bytes == 0)
        return ERR_INVALID_ARG;
    *h = (struct ring_handle){
        .own = own,
        .peer = peer,
        .data = data,
        .capacity = capacity,
        .element_bytes = element_bytes,
        .index = atomic_load_explicit(&own->index, memory_order_relaxed),
        .peer_index = atomic_load_explicit(&peer->index, memory_order_acquire),
        .peer_epoch = atomic_load_explicit(&peer->epoch, memory_order_relaxed),
    };
    return OK;
}

static void ring_attach_end(struct ring_handle *h)
{
    uint32_t epoch = atomic_load_explicit(&h->own->epoch, memory_order_relaxed);

    atomic_store_explicit(&h->own->waits, 0, memory_order_relaxed);
    atomic_store_explicit(&h->own->index, h->index, memory_order_release);
    epoch = epoch == UINT32_MAX ? 1 : epoch + 1;
    atomic_store_explicit(&h->own->epoch, epoch, memory_order_release);
}

MUST_CHECK ring_producer_attach(struct ring_producer *p, struct ring_shared *shared, void *data,
                                uint32_t capacity, uint32_t element_bytes)
{
    enum err err =
        ring_attach(&p->h, &shared->producer, &shared->consumer, data, capacity, element_bytes);
    if (err != OK)
        return err;
    if (p->h.index - p->h.peer_index > capacity)
        p->h.index = p->h.peer_index;
    ring_attach_end(&p->h);
    return OK;
}

MUST_CHECK ring_consumer_attach(struct ring_consumer *c, struct ring_shared *shared, void *data,
                                uint32_t capacity, uint32_t element_bytes)
{
    enum err err =
        ring_attach(&c->h, &shared->consumer, &shared->producer, data, capacity, element_bytes);
    if (err != OK)
        return err;
    if (c->h.peer_index - c->h.index > capacity)
        c->h.index = c->h.peer_index;
    ring_attach_end(&c->h);
    return OK;
}

/* Reads the peer's index once and checks it; *used is the number of elements in the ring. */
static MUST_CHECK ring_look(struct ring_handle *h, bool is_producer, uint32_t *used)
{
    if (h->is_broken)
        return ERR_FORMAT;
    uint32_t peer = atomic_load_explicit(&h->peer->index, memory_order_acquire);
    uint32_t implied = is_producer ? h->index - peer : peer - h->index;
    if (implied > h->capacity) {
        h->is_broken = true;
        return ERR_FORMAT;
    }
    h->peer_index = peer;
    *used = implied;
    return OK;
}

static uint32_t ring_least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Copies `count` elements from or to the data area at the own index, in one or two pieces. */
static void ring_copy_in(const struct ring_handle *h, const uint8_t *from, uint32_t count)
{
    uint32_t at = h->index & (h->capacity - 1), first = ring_least(count, h->capacity - at);
    size_t element = h->element_bytes;

    memcpy(h->data + at * element, from, first * element);
    memcpy(h->data, from + first * element, (count - first) * element);
}

static void ring_copy_out(const struct ring_handle *h, uint8_t *to, uint32_t count)
{
    uint32_t at = h->index & (h->capacity - 1), first = ring_least(count, h->capacity - at);
    size_t element = h->element_bytes;

    memcpy(to, h->data + at * element, first * element);
    memcpy(to + first * element, h->data, (count - first) * element);
}

static void ring_publish(struct ring_handle *h, uint32_t count)
{
    h->index += count;
    atomic_store_explicit(&h->own->index, h->index, memory_order_release);
}

MUST_CHECK ring_room(struct ring_producer *p, uint32_t *count)
{
    uint32_t used;
    enum err err = ring_look(&p->h, true, &used);
    if (err == OK)
        *count = p->h.capacity - used;
    return err;
}

MUST_CHECK ring_available(struct ring_consumer *c, uint32_t *count)
{
    return ring_look(&c->h, false, count);
}

MUST_CHECK ring_write(struct ring_producer *p, const void *from, uint32_t count, uint32_t *written)
{
    uint32_t room;
    enum err err = ring_room(p, &room);
    if (err != OK)
        return err;
    count = ring_least(count, room);
    ring_copy_in(&p->h, from, count);
    ring_publish(&p->h, count);
    *written = count;
    return OK;
}

MUST_CHECK ring_peek(struct ring_consumer *c, void *to, uint32_t count, uint32_t *got)
{
    uint32_t available;
    enum err err = ring_available(c, &available);
    if (err != OK)
        return err;
    count = ring_least(count, available);
    ring_copy_out(&c->h, to, count);
    *got = count;
    return OK;
}

MUST_CHECK ring_drop(struct ring_consumer *c, uint32_t count)
{
    uint32_t available;
    enum err err = ring_available(c, &available);
    if (err == OK)
        ring_publish(&c->h, ring_least(count, available));
    return err;
}

MUST_CHECK ring_read(struct ring_consumer *c, void *to, uint32_t count, uint32_t *got)
{
    enum err err = ring_peek(c, to, count, &count);
    if (err != OK)
        return err;
    ring_publish(&c->h, count);
    *got = count;
    return OK;
}

uint32_t ring_producer_position(const struct ring_producer *p)
{
    return p->h.index;
}

uint32_t ring_consumer_position(const struct ring_consumer *c)
{
    return c->h.index;
}

static bool ring_wakes(struct ring_handle *h)
{
    atomic_thread_fence(memory_order_seq_cst);
    return atomic_load_explicit(&h->peer->waits, memory_order_relaxed) != 0 &&
           atomic_exchange_explicit(&h->peer->waits, 0, memory_order_relaxed) != 0;
}

bool ring_producer_wakes(struct ring_producer *p)
{
    return ring_wakes(&p->h);
}

bool ring_consumer_wakes(struct ring_consumer *c)
{
    return ring_wakes(&c->h);
}

static void ring_request_signal(struct ring_handle *h)
{
    atomic_store_explicit(&h->own->waits, 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_seq_cst);
}

static bool ring_withdraw_request(struct ring_handle *h)
{
    atomic_store_explicit(&h->own->waits, 0, memory_order_relaxed);
    return false;
}

bool ring_producer_sleep(struct ring_producer *p)
{
    uint32_t room;

    ring_request_signal(&p->h);
    if (ring_room(p, &room) != OK || room > 0)
        return ring_withdraw_request(&p->h);
    return true;
}

bool ring_consumer_sleep(struct ring_consumer *c)
{
    uint32_t available;

    ring_request_signal(&c->h);
    if (ring_available(c, &available) != OK || available > 0)
        return ring_withdraw_request(&c->h);
    return true;
}

bool ring_consumer_waits(const struct ring_consumer *c)
{
    return atomic_load_explicit(&c->h.own->waits, memory_order_relaxed) != 0;
}

static bool ring_restarted(struct ring_handle *h)
{
    uint32_t epoch = atomic_load_explicit(&h->peer->epoch, memory_order_acquire);

    if (epoch == h->peer_epoch)
        return false;
    h->peer_epoch = epoch;
    h->is_broken = false;
    return true;
}

bool ring_producer_restarted(struct ring_producer *p)
{
    return ring_restarted(&p->h);
}

bool ring_consumer_restarted(struct ring_consumer *c)
{
    return ring_restarted(&c->h);
}
