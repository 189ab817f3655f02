/* SPDX-License-Identifier: BSD-2-Clause */
#include <service/request.h>

enum {
    RING_REQUESTS = 0,
    RING_REPLIES = 1,
};

static struct ring_consumer *request_ring(struct service_connection *c)
{
    return &c->ring[RING_REQUESTS].from;
}

static struct ring_producer *request_replies(struct service_connection *c)
{
    return &c->ring[RING_REPLIES].to;
}

bool request_model_fits(const struct service_model *model)
{
    const struct service_ring *ring = model->ring;

    return model->ring_count >= 2 && ring[RING_REQUESTS].is_from_client &&
           !ring[RING_REPLIES].is_from_client &&
           ring[RING_REQUESTS].record_bytes <= SERVICE_RECORD_BYTES &&
           ring[RING_REPLIES].record_bytes <= SERVICE_RECORD_BYTES && model->on_poison != NULL;
}

/* The name of the connection's next request; never 0.  The generation is not part of the name: the
 * root server may count one up for a new life. */
static uint64_t request_name(struct service_connection *c)
{
    return (uint64_t)ring_consumer_position(request_ring(c)) << 32 | (c->index + 1);
}

/* A suspect is the first request of its connection when the life attaches to the connection.  Any
 * other client that gets the same connection later is innocent. */
static void request_suspect_check(struct service *s, struct service_connection *c)
{
    if ((uint32_t)s->suspect == c->index + 1 && (s->knows_clients || s->suspect != request_name(c)))
        s->suspect = 0;
}

void request_attach(struct service *s, struct service_connection *c)
{
    uint32_t answered = ring_producer_position(request_replies(c));

    /* Any other difference is a client's nonsense, and harms only that client. */
    if (answered - ring_consumer_position(request_ring(c)) == 1 &&
        ring_drop(request_ring(c), 1) != OK)
        c->is_broken = true;
    request_suspect_check(s, c);
}

static void request_doing(struct service *s, uint64_t name)
{
    if (s->is_careful)
        atomic_store_explicit(&s->up->doing, name, memory_order_release);
}

/* The model's part: from a private copy of the request to a private reply. */
static void request_work(struct service *s, struct service_connection *c, const void *request,
                         void *reply)
{
    if (s->suspect != 0 && s->suspect == request_name(c)) {
        s->model->on_poison(s->model->context, c, request, reply);
        s->suspect = 0;
        return;
    }
    request_doing(s, request_name(c));
    s->model->on_request(s->model->context, c, request, reply);
}

/* Answers the connection's next request.  *done: there was one, and room for the reply. */
static MUST_CHECK request_answer(struct service *s, struct service_connection *c, bool *done)
{
    _Alignas(16) uint8_t request[SERVICE_RECORD_BYTES] = {0}, reply[SERVICE_RECORD_BYTES] = {0};
    uint32_t room = 0, got = 0, written = 0;

    *done = false;
    enum err err = ring_room(request_replies(c), &room);
    if (err == OK && room > 0)
        err = ring_peek(request_ring(c), request, 1, &got);
    if (err != OK || got == 0)
        return err;
    request_work(s, c, request, reply);
    err = ring_write(request_replies(c), reply, 1, &written);
    if (err == OK && written == 1)
        err = ring_drop(request_ring(c), 1);
    request_doing(s, 0);
    *done = err == OK && written == 1;
    return err;
}

static bool request_connection_move(struct service *s, struct service_connection *c)
{
    uint32_t count = 0;
    bool done = true;

    if (ring_consumer_restarted(request_ring(c)) | ring_producer_restarted(request_replies(c)))
        c->is_broken = false;
    while (!c->is_broken && done && count < REQUEST_TURN_MAX) {
        if (request_answer(s, c, &done) != OK)
            c->is_broken = true;
        count += done;
    }
    if (count == 0)
        return false;
    service_progress(s, count);
    if (ring_consumer_wakes(request_ring(c)) | ring_producer_wakes(request_replies(c)))
        service_client_wake(s, c);
    return true;
}

bool request_move(struct service *s)
{
    bool moved = false;

    atomic_store_explicit(&s->up->busy, s->busy + 1, memory_order_relaxed);
    for (uint32_t i = 0; i < s->connection_most; i++) {
        struct service_connection *c = service_connection_at(s, i);
        if (c != NULL)
            moved |= request_connection_move(s, c);
    }
    atomic_store_explicit(&s->up->busy, s->busy, memory_order_relaxed);
    return moved;
}

static bool request_connection_sleep(struct service_connection *c)
{
    uint32_t room = 0;

    if (c->is_broken || ring_room(request_replies(c), &room) != OK)
        return true; /* the client signals when it has attached again */
    if (room == 0)
        return ring_producer_sleep(request_replies(c));
    return ring_consumer_sleep(request_ring(c));
}

bool request_sleep(struct service *s)
{
    bool sleeps = true;

    for (uint32_t i = 0; i < s->connection_most; i++) {
        struct service_connection *c = service_connection_at(s, i);
        if (c != NULL)
            sleeps &= request_connection_sleep(c);
    }
    return sleeps;
}
