/* SPDX-License-Identifier: BSD-2-Clause */
#include <services/console/control.h>
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
    return control_attach(s, start->control_address);
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
        s->shown += (uint32_t)count;
        sends++;
    }
    if (sends > 0)
        atomic_store_explicit(&s->progress->shown, s->shown, memory_order_relaxed);
    return sends > 0;
}

/* ---- moving and sleeping ----------------------------------------------------------- */

bool service_move(struct service *s)
{
    bool moved = control_move_levels(s);

    moved |= control_move_records(s);
    for (unsigned i = 0; i < s->mux.client_count; i++)
        moved |= move_output(s, i);
    moved |= control_move_lines(s);
    moved |= move_terminal(s);
    moved |= move_keys(s);
    moved |= move_typed(s);
    control_answer(s);
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
