/* SPDX-License-Identifier: BSD-2-Clause */
#include <service/connection.h>
#include <service/request.h>
#include <service/service.h>

#include <string.h>

static bool service_model_is_complete(const struct service_model *model)
{
    if (model->ring_count > CONTROL_RINGS_MAX)
        return false;
    return model->on_request == NULL || request_model_fits(model);
}

MUST_CHECK service_init(struct service *s, const struct service_model *model,
                        const struct service_ops *ops, const void *down, void *up,
                        uint32_t root_slot)
{
    const struct control_down *d = down;

    if (d->version != CONTROL_VERSION || d->connection_most > CONTROL_CONNECTIONS_MAX ||
        !service_model_is_complete(model))
        return ERR_INVALID_ARG;
    memset(s, 0, sizeof *s);
    s->model = model;
    s->ops = ops;
    s->down = d;
    s->up = up;
    s->root_slot = root_slot;
    s->connection_most = d->connection_most;
    s->is_careful = d->fault_count >= CONTROL_FAULTS_CAREFUL;
    s->suspect = d->fault_count >= CONTROL_FAULTS_POISON ? d->suspect : 0;
    connection_init(s);
    return model->on_start != NULL ? model->on_start(model->context) : OK;
}

void service_root_wake(struct service *s)
{
    s->has_news = true;
}

static void service_ping_answer(struct service *s)
{
    uint32_t ping = atomic_load_explicit(&s->down->ping, memory_order_acquire);

    if (atomic_load_explicit(&s->up->pong, memory_order_relaxed) == ping)
        return;
    atomic_store_explicit(&s->up->pong, ping, memory_order_release);
    s->has_news = true;
}

void service_root_tell(struct service *s)
{
    if (!s->has_news)
        return;
    s->has_news = false;
    s->ops->signal(s->ops->context, s->root_slot);
}

/* The look that begins when the table is whole sees all of the former life's connections. */
static bool service_table_look(struct service *s)
{
    bool is_whole = atomic_load_explicit(&s->down->is_table_whole, memory_order_acquire) != 0;
    bool moved = connection_look(s);

    s->has_looked = true;
    s->knows_clients |= is_whole;
    return moved;
}

bool service_turn(struct service *s, uint64_t bits)
{
    bool moved = false;

    service_ping_answer(s);
    if (!s->has_looked || (bits & SERVICE_BIT_ROOT))
        moved = service_table_look(s);
    if (s->model->on_notify != NULL)
        moved |= s->model->on_notify(s->model->context, bits);
    if (s->model->on_request != NULL)
        moved |= request_move(s);
    service_root_tell(s);
    return moved;
}

bool service_sleep(struct service *s, uint64_t *deadline_ticks)
{
    uint64_t deadline = UINT64_MAX;
    bool sleeps = true;

    if (s->model->on_request != NULL)
        sleeps = request_sleep(s);
    if (s->model->on_sleep != NULL && !s->model->on_sleep(s->model->context, &deadline))
        sleeps = false;
    service_root_tell(s);
    *deadline_ticks = deadline;
    return sleeps;
}

void service_busy(struct service *s, uint32_t count)
{
    s->busy = count;
    atomic_store_explicit(&s->up->busy, count, memory_order_relaxed);
}

void service_progress(struct service *s, uint32_t count)
{
    s->progress += count;
    atomic_store_explicit(&s->up->progress, s->progress, memory_order_relaxed);
}

void service_hold(struct service *s)
{
    atomic_store_explicit(&s->up->holds, 1, memory_order_relaxed);
    atomic_signal_fence(memory_order_seq_cst); /* the root server stops this thread in between */
}

void service_release(struct service *s)
{
    atomic_signal_fence(memory_order_seq_cst);
    atomic_store_explicit(&s->up->holds, 0, memory_order_relaxed);
}
