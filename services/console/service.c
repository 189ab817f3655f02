/* SPDX-License-Identifier: BSD-2-Clause */
#include <services/console/service.h>

#include <stdio.h>
#include <string.h>

#define BLOCK_BYTES 512u
#define SENDS_MOST  32 /* FIFOs filled before the rings are looked at again */

_Static_assert(MUX_NAME_BYTES == CONSOLE_NAME_BYTES && MUX_CLIENTS_MOST == CONSOLE_CLIENTS_MOST,
               "the multiplexer's limits are the protocol's");

/* ---- attaching --------------------------------------------------------------------- */

static struct ring_shared *shared_at(uint64_t region_address, size_t offset)
{
    return (struct ring_shared *)(uintptr_t)(region_address + offset);
}

static void *data_at(uint64_t region_address, size_t offset)
{
    return (void *)(uintptr_t)(region_address + offset);
}

static MUST_CHECK attach_client(struct service_client *c, uint64_t region)
{
    enum err err =
        ring_consumer_attach(&c->output, shared_at(region, CONSOLE_OUTPUT_SHARED),
                             data_at(region, CONSOLE_OUTPUT_DATA), CONSOLE_OUTPUT_BYTES, 1);
    if (err != OK)
        return err;
    return ring_producer_attach(&c->input, shared_at(region, CONSOLE_INPUT_SHARED),
                                data_at(region, CONSOLE_INPUT_DATA), CONSOLE_INPUT_BYTES, 1);
}

static MUST_CHECK attach_control(struct service *s, uint64_t region)
{
    s->levels = data_at(region, CONSOLE_CONTROL_LEVELS);
    enum err err =
        ring_consumer_attach(&s->control, shared_at(region, CONSOLE_CONTROL_DOWN_SHARED),
                             data_at(region, CONSOLE_CONTROL_DOWN_DATA),
                             CONSOLE_CONTROL_DOWN_RECORDS, sizeof(struct console_record));
    if (err != OK)
        return err;
    return ring_producer_attach(&s->answers, shared_at(region, CONSOLE_CONTROL_UP_SHARED),
                                data_at(region, CONSOLE_CONTROL_UP_DATA),
                                CONSOLE_CONTROL_UP_RECORDS, sizeof(struct console_record));
}

enum err service_init(struct service *s, const struct console_start *start, struct uart *uart,
                      const struct service_ops *ops)
{
    static char names[CONSOLE_CLIENTS_MOST][CONSOLE_NAME_BYTES];

    if (start->version != CONSOLE_START_VERSION || start->client_count > CONSOLE_CLIENTS_MOST)
        return ERR_INVALID_ARG;
    memset(s, 0, sizeof *s);
    s->ops = ops;
    s->uart = uart;
    for (unsigned i = 0; i < start->client_count; i++) {
        memcpy(names[i], start->client[i].name, sizeof names[i]);
        enum err err = attach_client(&s->client[i], start->client[i].region_address);
        if (err != OK)
            return err;
    }
    mux_init(&s->mux, start->client_count, (const char(*)[CONSOLE_NAME_BYTES])names);
    return attach_control(s, start->control_address);
}

/* ---- clients ----------------------------------------------------------------------- */

static void client_break(struct service *s, unsigned i)
{
    char text[MUX_NAME_BYTES + 48];

    s->client[i].is_broken = true;
    if (s->client[i].is_accused)
        return; /* one that breaks and attaches for ever has its line once */
    s->client[i].is_accused = true;
    int length = snprintf(text, sizeof text, "warren: %s: its output ring makes no sense\r\n",
                          s->mux.client[i].name);
    mux_notice(&s->mux, text, (size_t)length);
}

/* Takes what the client wrote and the multiplexer has room for.  True if there was any. */
static bool move_output(struct service *s, unsigned i)
{
    struct service_client *c = &s->client[i];
    uint8_t block[BLOCK_BYTES];
    size_t room = mux_room(&s->mux, i);
    uint32_t most = (uint32_t)(room < sizeof block ? room : sizeof block), got = 0;

    if (ring_consumer_restarted(&c->output))
        c->is_broken = false;
    if (c->is_broken || room == 0)
        return false;
    if (ring_read(&c->output, block, most, &got) != OK) {
        client_break(s, i);
        return false;
    }
    mux_output(&s->mux, i, block, got);
    s->is_more_likely |= got > 0;
    if (got > 0 && ring_consumer_wakes(&c->output))
        s->ops->wake_client(s->ops->context, i);
    return got > 0;
}

/* Hands typed keys to the client in front. */
static bool move_typed(struct service *s)
{
    unsigned front = s->mux.front;
    struct service_client *c = &s->client[front];
    uint8_t keys[64];
    uint32_t written = 0;
    size_t count = mux_typed_peek(&s->mux, keys, sizeof keys);

    if (front >= s->mux.client_count)
        return false;
    (void)ring_producer_restarted(&c->input);
    if (count == 0)
        return false;
    if (s->mux.client[front].state != MUX_RUNNING ||
        ring_write(&c->input, keys, (uint32_t)count, &written) != OK)
        written = (uint32_t)count; /* nobody reads them */
    mux_typed_drop(&s->mux, written);
    if (written > 0 && ring_producer_wakes(&c->input))
        s->ops->wake_client(s->ops->context, front);
    return written > 0;
}

/* ---- the terminal ------------------------------------------------------------------ */

static uint64_t stall_ticks(const struct service *s)
{
    return SERVICE_STALL_SECONDS * s->ops->timebase_hz;
}

/* Have keys found no room, for less than SERVICE_STALL_SECONDS? */
static bool keys_are_held(struct service *s)
{
    if (mux_typed_room(&s->mux) >= UART_FIFO_BYTES) {
        s->is_stalled = false;
        return false;
    }
    uint64_t now_ticks = s->ops->time_ticks(s->ops->context);
    if (!s->is_stalled)
        s->stalled_ticks = now_ticks;
    s->is_stalled = true;
    return now_ticks - s->stalled_ticks < stall_ticks(s);
}

/* Reads the keyboard.  A client that leaves its keys unread holds it up for a moment only: then
 * keys are dropped, so that the escape key works. */
static bool move_keys(struct service *s)
{
    uint8_t keys[UART_FIFO_BYTES];

    if (keys_are_held(s))
        return false;
    size_t count = uart_receive(s->uart, keys, sizeof keys);
    for (size_t i = 0; i < count; i++)
        mux_key(&s->mux, keys[i]);
    return count > 0;
}

static bool move_terminal(struct service *s)
{
    uint8_t bytes[UART_FIFO_BYTES];
    unsigned sends = 0;

    while (sends < SENDS_MOST && mux_has_output(&s->mux) && uart_can_send(s->uart)) {
        size_t count = mux_transmit(&s->mux, bytes, sizeof bytes);
        if (count == 0)
            break;
        uart_send(s->uart, bytes, count);
        sends++;
    }
    return sends > 0;
}

/* ---- the root server --------------------------------------------------------------- */

static void take_record(struct service *s, const struct console_record *record)
{
    size_t length = record->length < sizeof record->text ? record->length : sizeof record->text;

    switch (record->kind) {
    case CONSOLE_RECORD_LOG:
        mux_notice(&s->mux, record->text, length);
        break;
    case CONSOLE_RECORD_FLUSH:
        s->is_flushing = true;
        s->flush_id = record->value;
        break;
    default:
        break; /* of a later version */
    }
}

static bool move_control(struct service *s)
{
    struct console_record record;
    uint32_t got = 0;

    if (ring_read(&s->control, &record, 1, &got) != OK || got == 0)
        return false;
    take_record(s, &record);
    if (ring_consumer_wakes(&s->control))
        s->ops->wake_root(s->ops->context);
    return true;
}

/* Looks once at each client's level; a word that is no state is no change. */
static bool move_levels(struct service *s)
{
    bool moved = false;

    for (unsigned i = 0; i < s->mux.client_count; i++) {
        uint32_t level = atomic_load_explicit(&s->levels->guest[i], memory_order_acquire);
        if (level > CONSOLE_STATE_DEAD || level == s->client[i].level)
            continue;
        s->client[i].level = level;
        s->client[i].is_changing = true;
        moved = true;
    }
    return moved;
}

/* A client that ended keeps the front until what is said about its end, and its last words, are
 * shown. */
static bool settle_ended(struct service *s)
{
    static const enum mux_state states[] = {[CONSOLE_STATE_RUNNING] = MUX_RUNNING,
                                            [CONSOLE_STATE_ENDED] = MUX_ENDED,
                                            [CONSOLE_STATE_DEAD] = MUX_DEAD};
    uint32_t available = 0;
    bool all = true;

    if (ring_available(&s->control, &available) == OK && available > 0)
        return false;

    for (unsigned i = 0; i < s->mux.client_count; i++) {
        if (!s->client[i].is_changing)
            continue;
        if (move_output(s, i) || (i == s->mux.front && mux_has_output(&s->mux))) {
            all = false;
            continue;
        }
        s->client[i].is_changing = false;
        mux_set_state(&s->mux, i, states[s->client[i].level]);
    }
    return all;
}

/* Answers a flush once nothing is left to show. */
static void answer_flush(struct service *s)
{
    struct console_record record = {.kind = CONSOLE_RECORD_FLUSHED, .value = s->flush_id};
    uint32_t written = 0;

    if (!settle_ended(s) || !s->is_flushing || mux_has_output(&s->mux) || !uart_can_send(s->uart))
        return;
    if (ring_write(&s->answers, &record, 1, &written) != OK || written == 0)
        return;
    s->is_flushing = false;
    if (ring_producer_wakes(&s->answers))
        s->ops->wake_root(s->ops->context);
}

/* ---- moving and sleeping ----------------------------------------------------------- */

bool service_move(struct service *s)
{
    bool moved = move_levels(s);

    moved |= move_control(s);
    for (unsigned i = 0; i < s->mux.client_count; i++)
        moved |= move_output(s, i);
    moved |= move_terminal(s);
    moved |= move_keys(s);
    moved |= move_typed(s);
    answer_flush(s);
    return moved;
}

/* Asks everybody who could have something for us for a signal; false if somebody has already. */
static bool ask_for_signals(struct service *s)
{
    bool sleeps = ring_consumer_sleep(&s->control);
    uint32_t available;

    for (unsigned i = 0; i < s->mux.client_count; i++) {
        struct service_client *c = &s->client[i];
        if (c->is_broken || mux_room(&s->mux, i) == 0)
            continue; /* the transmit interrupt makes room */
        if (!ring_consumer_sleep(&c->output) && ring_available(&c->output, &available) == OK)
            sleeps = false;
    }
    if (mux_typed_room(&s->mux) < MUX_TYPED_BYTES &&
        !ring_producer_sleep(&s->client[s->mux.front].input))
        sleeps = false;
    return sleeps;
}

bool service_sleep(struct service *s, uint64_t *deadline_ticks)
{
    uint64_t deadline = UINT64_MAX;
    bool held = keys_are_held(s);

    if (held)
        deadline = s->stalled_ticks + stall_ticks(s);
    uart_want(s->uart, !held, mux_has_output(&s->mux) || s->is_flushing);
    if (s->is_more_likely) {
        uint64_t held_until =
            s->ops->time_ticks(s->ops->context) + s->ops->timebase_hz / SERVICE_HOLDS_A_SECOND;
        deadline = held_until < deadline ? held_until : deadline;
    } else if (!ask_for_signals(s)) {
        return false;
    }
    s->is_more_likely = false;
    *deadline_ticks = deadline;
    return true;
}
