/* SPDX-License-Identifier: BSD-2-Clause */
#include <service/connection.h>
#include <service/request.h>

#include <string.h>

static const struct control_connection *connection_entry(const struct service *s, uint32_t index)
{
    const uint8_t *table = (const uint8_t *)s->down + CONTROL_DOWN_TABLE;

    return (const struct control_connection *)(const void *)table + index;
}

void connection_init(struct service *s)
{
    for (uint32_t i = 0; i < s->connection_most; i++)
        s->connection[i] = (struct service_connection){.entry = connection_entry(s, i), .index = i};
}

/* The reason is written before the word that announces it. */
static void connection_answer(struct service *s, struct service_connection *c, uint32_t state,
                              const char *reason)
{
    uint8_t *answers = (uint8_t *)s->up + CONTROL_UP_ANSWERS;
    struct control_answer *answer = (struct control_answer *)(void *)answers + c->index;
    size_t bytes = strlen(reason), most = sizeof answer->reason - 1;

    c->answer = state;
    bytes = bytes < most ? bytes : most;
    memcpy(answer->reason, reason, bytes);
    answer->reason[bytes] = 0;
    atomic_store_explicit(&answer->state, control_state(c->seen >> CONTROL_STATE_BITS, state),
                          memory_order_release);
    s->has_news = true;
}

static void connection_detach(struct service *s, struct service_connection *c)
{
    if (!c->is_attached)
        return;
    if (s->model->on_disconnect != NULL)
        s->model->on_disconnect(s->model->context, c);
    c->is_attached = c->is_broken = false;
    c->data = NULL;
}

/* ---- attaching ---------------------------------------------------------------------- */

static MUST_CHECK connection_ring_attach(const struct service_ring *want,
                                         const struct control_ring *ring,
                                         union service_ring_end *end)
{
    struct ring_shared *shared = (struct ring_shared *)(uintptr_t)ring->shared_address;
    void *data = (void *)(uintptr_t)ring->data_address;

    if (shared == NULL || ring->record_bytes != want->record_bytes ||
        ring->record_count != want->record_count)
        return ERR_FORMAT;
    if (want->is_from_client)
        return ring_consumer_attach(&end->from, shared, data, ring->record_count,
                                    ring->record_bytes);
    return ring_producer_attach(&end->to, shared, data, ring->record_count, ring->record_bytes);
}

static MUST_CHECK connection_rings_attach(struct service *s, struct service_connection *c)
{
    for (uint32_t i = 0; i < s->model->ring_count; i++) {
        enum err err = connection_ring_attach(&s->model->ring[i], &c->entry->ring[i], &c->ring[i]);
        if (err != OK)
            return err;
    }
    return OK;
}

/* Why the client is refused, or NULL. */
static const char *connection_open(struct service *s, struct service_connection *c)
{
    if (connection_rings_attach(s, c) != OK)
        return "the rings do not have the sizes of the manifest";
    c->data = NULL;
    c->is_broken = false;
    if (s->model->on_request != NULL)
        request_attach(s, c);
    return s->model->on_connect != NULL ? s->model->on_connect(s->model->context, c) : NULL;
}

/* Signals the client, because the last life may have ended between a change of a ring and the
 * signal for it. */
static void connection_join(struct service *s, struct service_connection *c)
{
    const char *reason = connection_open(s, c);

    c->is_attached = reason == NULL;
    if (reason == NULL)
        connection_answer(s, c, CONTROL_ANSWER_ACCEPTED, "");
    else
        connection_answer(s, c, CONTROL_ANSWER_REFUSED, reason);
    service_client_wake(s, c);
}

/* ---- changes ------------------------------------------------------------------------ */

static bool connection_has_memory(const struct service *s, const struct service_connection *c)
{
    return s->model->ring_count == 0 || c->entry->ring[0].shared_address != 0;
}

void service_leave(struct service *s, struct service_connection *c)
{
    connection_detach(s, c);
    connection_answer(s, c, CONTROL_ANSWER_LEFT, "");
}

static void connection_end(struct service *s, struct service_connection *c)
{
    if (s->model->on_end != NULL)
        s->model->on_end(s->model->context, c);
    if ((s->model->on_end == NULL || !c->is_attached) && c->answer != CONTROL_ANSWER_LEFT)
        service_leave(s, c);
}

static void connection_change(struct service *s, struct service_connection *c, uint32_t word)
{
    bool is_new = word >> CONTROL_STATE_BITS != c->seen >> CONTROL_STATE_BITS;
    uint32_t state = word & CONTROL_STATE_MASK;

    if (is_new || state == CONTROL_CONNECTION_NONE) {
        connection_detach(s, c);
        c->answer = CONTROL_ANSWER_NONE;
    }
    c->seen = word;
    bool is_first = c->answer == CONTROL_ANSWER_NONE && connection_has_memory(s, c);
    switch (state) {
    case CONTROL_CONNECTION_OFFERED:
        if (is_first)
            connection_join(s, c);
        break;
    case CONTROL_CONNECTION_CLIENT_ENDED:
    case CONTROL_CONNECTION_CLIENT_DEAD:
        if (is_first)
            connection_join(s, c);
        connection_end(s, c);
        break;
    case CONTROL_CONNECTION_LEAVING:
        service_leave(s, c);
        break;
    default:
        break;
    }
}

bool connection_look(struct service *s)
{
    bool changed = false;

    for (uint32_t i = 0; i < s->connection_most; i++) {
        struct service_connection *c = &s->connection[i];
        uint32_t word = atomic_load_explicit(&c->entry->state, memory_order_acquire);
        if (word == c->seen)
            continue;
        connection_change(s, c, word);
        changed = true;
    }
    return changed;
}

struct service_connection *service_connection_at(struct service *s, uint32_t index)
{
    return index < s->connection_most && s->connection[index].is_attached ? &s->connection[index]
                                                                          : NULL;
}

void service_client_wake(struct service *s, const struct service_connection *c)
{
    s->ops->signal(s->ops->context, c->entry->wake_slot);
}
