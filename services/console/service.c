/* SPDX-License-Identifier: BSD-2-Clause */
#include <services/console/control.h>
#include <services/console/service.h>

#include <stdio.h>
#include <string.h>

#define BLOCK_BYTES 512u
#define SENDS_MAX   32 /* how often the FIFO is filled before the rings are checked again */

/* ---- attaching --------------------------------------------------------------------- */

static struct ring_shared *service_shared_at(uint64_t region_address, size_t offset)
{
    return (struct ring_shared *)(uintptr_t)(region_address + offset);
}

static void *service_data_at(uint64_t region_address, size_t offset)
{
    return (void *)(uintptr_t)(region_address + offset);
}

static MUST_CHECK service_client_attach(struct service_client *c, uint64_t region)
{
    enum err err =
        ring_consumer_attach(&c->output, service_shared_at(region, CONSOLE_OUTPUT_SHARED),
                             service_data_at(region, CONSOLE_OUTPUT_DATA), CONSOLE_OUTPUT_BYTES, 1);
    if (err != OK)
        return err;
    return ring_producer_attach(&c->input, service_shared_at(region, CONSOLE_INPUT_SHARED),
                                service_data_at(region, CONSOLE_INPUT_DATA), CONSOLE_INPUT_BYTES,
                                1);
}

enum err service_init(struct service *s, const struct console_start *start, struct uart *uart,
                      const struct service_ops *ops)
{
    static char names[CLIENTS_MAX][NAME_BYTES];

    if (start->version != CONSOLE_START_VERSION || start->client_count > CLIENTS_MAX)
        return ERR_INVALID_ARG;
    memset(s, 0, sizeof *s);
    s->ops = ops;
    s->uart = uart;
    for (unsigned i = 0; i < start->client_count; i++) {
        memcpy(names[i], start->client[i].name, sizeof names[i]);
        enum err err = service_client_attach(&s->client[i], start->client[i].region_address);
        if (err != OK)
            return err;
    }
    mux_init(&s->mux, start->client_count, (const char(*)[NAME_BYTES])names);
    if (start->restart_count != 0)
        mux_terminal_is_unknown(&s->mux);
    return control_attach(s, start->control_address);
}

/* ---- clients ----------------------------------------------------------------------- */

static void service_client_break(struct service *s, unsigned i)
{
    char text[NAME_BYTES + 48];

    s->client[i].is_broken = true;
    if (s->client[i].is_accused)
        return; /* a client that breaks and attaches again and again gets one line only */
    s->client[i].is_accused = true;
    int length = snprintf(text, sizeof text, "warren: %s: its output ring makes no sense\r\n",
                          s->mux.client[i].name);
    mux_notice(&s->mux, text, (size_t)length);
}

/* Moves the client's output to the multiplexer, as much as fits.  True if bytes were moved. */
static bool service_output_move(struct service *s, unsigned i)
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
        service_client_break(s, i);
        return false;
    }
    mux_output(&s->mux, i, block, got);
    s->is_more_likely |= got > 0;
    if (got > 0 && ring_consumer_wakes(&c->output))
        s->ops->wake_client(s->ops->context, i);
    return got > 0;
}

/* Moves typed keys to the client in front.  True if bytes were moved. */
static bool service_typed_move(struct service *s)
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
        written = (uint32_t)count; /* no client reads these keys: drops them */
    mux_typed_drop(&s->mux, written);
    if (written > 0 && ring_producer_wakes(&c->input))
        s->ops->wake_client(s->ops->context, front);
    return written > 0;
}

/* ---- the terminal ------------------------------------------------------------------ */

static uint64_t service_stall_ticks(const struct service *s)
{
    return SERVICE_STALL_SECONDS * s->ops->timebase_hz;
}

/* Is the key buffer full, for less than SERVICE_STALL_SECONDS so far? */
static bool service_keys_are_held(struct service *s)
{
    if (mux_typed_room(&s->mux) >= UART_FIFO_BYTES) {
        s->is_stalled = false;
        return false;
    }
    uint64_t now_ticks = s->ops->time_ticks(s->ops->context);
    if (!s->is_stalled)
        s->stalled_ticks = now_ticks;
    s->is_stalled = true;
    return now_ticks - s->stalled_ticks < service_stall_ticks(s);
}

/* Reads the keyboard.  If a client does not read its keys, this waits for SERVICE_STALL_SECONDS;
 * after that keys are dropped, so that the escape key works. */
static bool service_keys_move(struct service *s)
{
    uint8_t keys[UART_FIFO_BYTES];

    if (service_keys_are_held(s))
        return false;
    size_t count = uart_receive(s->uart, keys, sizeof keys);
    for (size_t i = 0; i < count; i++)
        mux_key(&s->mux, keys[i]);
    return count > 0;
}

static bool service_terminal_move(struct service *s)
{
    uint8_t bytes[UART_FIFO_BYTES];
    unsigned sends = 0;

    while (sends < SENDS_MAX && mux_has_output(&s->mux) && uart_can_send(s->uart)) {
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
        moved |= service_output_move(s, i);
    moved |= control_move_lines(s);
    moved |= service_terminal_move(s);
    moved |= service_keys_move(s);
    moved |= service_typed_move(s);
    control_answer(s);
    return moved;
}

/* Requests a signal from each peer that may send data; false if a peer has data already. */
static bool service_signals_request(struct service *s)
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
    bool held = service_keys_are_held(s);

    if (held)
        deadline = s->stalled_ticks + service_stall_ticks(s);
    uart_want(s->uart, !held, mux_has_output(&s->mux) || s->is_flushing);
    if (s->is_more_likely) {
        uint64_t held_until =
            s->ops->time_ticks(s->ops->context) + s->ops->timebase_hz / SERVICE_HOLDS_A_SECOND;
        deadline = held_until < deadline ? held_until : deadline;
    } else if (!service_signals_request(s)) {
        return false;
    }
    s->is_more_likely = false;
    *deadline_ticks = deadline;
    return true;
}
