/* SPDX-License-Identifier: BSD-2-Clause */
#include <services/console/console.h>
#include <services/console/control.h>

#include <stdio.h>
#include <string.h>

#define BLOCK_BYTES 512u
#define SENDS_MAX   32 /* how often the FIFO is filled before the rings are checked again */

_Static_assert(CLIENTS_MAX == CONSOLE_CLIENTS_MAX, "the multiplexer's limit is the manifest's");

static struct ring_consumer *console_output_ring(const struct console_client *c)
{
    return &c->connection->ring[CONSOLE_RING_OUTPUT].from;
}

static struct ring_producer *console_input_ring(const struct console_client *c)
{
    return &c->connection->ring[CONSOLE_RING_INPUT].to;
}

/* ---- connections ------------------------------------------------------------------- */

/* A key that was in the latch when the last life faulted may have caused the fault. */
static enum err console_start(void *context)
{
    struct console *console = context;

    if (console->service.down->fault_count > 0)
        mux_latch_clear(&console->mux);
    return control_attach(console);
}

/* Adds the client to the multiplexer. Drops from the ring the bytes that the last life put into the
 * scrollback but did not take out of the ring. */
static const char *console_connect(void *context, struct service_connection *connection)
{
    struct console *console = context;
    unsigned i = connection->index;
    uint32_t waiting = 0;

    if (i >= CLIENTS_MAX)
        return "the console has no key for so many clients";
    struct console_client *c = &console->client[i];
    *c = (struct console_client){.connection = connection};
    if (ring_available(console_output_ring(c), &waiting) != OK)
        waiting = 0;
    bool was_in_front = console->mux.wanted == i;
    uint32_t ahead = mux_client_add(&console->mux, i, connection->entry->client,
                                    ring_consumer_position(console_output_ring(c)), waiting);
    (void)!ring_drop(console_output_ring(c), ahead);
    if (was_in_front)
        mux_typed_sync(&console->mux, ring_producer_position(console_input_ring(c)));
    return NULL;
}

static void console_disconnect(void *context, struct service_connection *connection)
{
    struct console *console = context;
    struct console_client *c = &console->client[connection->index];

    c->connection = NULL;
    if (console->mux.client[connection->index].state == MUX_RUNNING && !c->is_changing)
        mux_client_remove(&console->mux, connection->index);
}

/* A client that ended before this life of the console is listed, without its output. */
static void console_end(void *context, struct service_connection *connection)
{
    struct console *console = context;
    unsigned i = connection->index;

    if (i >= CLIENTS_MAX)
        return;
    struct console_client *c = &console->client[i];
    if (!connection->is_attached && console->mux.client[i].state == MUX_NONE) {
        *c = (struct console_client){0};
        (void)mux_client_add(&console->mux, i, connection->entry->client, 0, 0);
    }
    c->level = service_client_state(connection);
    c->is_changing = true;
    c->is_marked = false;
}

/* ---- clients ----------------------------------------------------------------------- */

static void console_client_break(struct console *console, unsigned i)
{
    char text[NAME_BYTES + 48];

    console->client[i].is_broken = true;
    if (console->client[i].is_accused)
        return; /* a client that breaks its ring again and again gets one line only */
    console->client[i].is_accused = true;
    int length = snprintf(text, sizeof text, "warren: %s: its output ring makes no sense\r\n",
                          mux_client_name(&console->mux, i));
    mux_notice(&console->mux, text, (size_t)length);
}

/* Moves the client's output to the multiplexer, as much as fits.  True if bytes were moved.  The
 * bytes leave the ring last, so a death loses no byte (mux_client_add()). */
static bool console_output_move(struct console *console, unsigned i)
{
    struct console_client *c = &console->client[i];
    uint8_t block[BLOCK_BYTES];
    size_t room = mux_room(&console->mux, i);
    uint32_t most = (uint32_t)(room < sizeof block ? room : sizeof block), got = 0;

    if (ring_consumer_restarted(console_output_ring(c)))
        c->is_broken = false;
    if (c->is_broken || room == 0)
        return false;
    if (ring_peek(console_output_ring(c), block, most, &got) != OK) {
        console_client_break(console, i);
        return false;
    }
    mux_output(&console->mux, i, block, got);
    if (ring_drop(console_output_ring(c), got) != OK)
        console_client_break(console, i);
    console->is_more_likely |= got > 0;
    if (got > 0 && ring_consumer_wakes(console_output_ring(c)))
        service_client_wake(&console->service, c->connection);
    return got > 0;
}

/* Moves keys to the client's ring; returns their number, or all if the client does not read. */
static uint32_t console_typed_write(struct console *console, const struct console_client *c,
                                    const uint8_t *keys, uint32_t count)
{
    struct ring_producer *ring = console_input_ring(c);
    uint32_t written = 0;

    (void)ring_producer_restarted(ring);
    mux_typed_drop(&console->mux, 0, ring_producer_position(ring));
    if (ring_write(ring, keys, count, &written) != OK)
        return count;
    if (written > 0 && ring_producer_wakes(ring))
        service_client_wake(&console->service, c->connection);
    return written;
}

/* Moves typed keys to the client in front.  True if bytes were moved. */
static bool console_typed_move(struct console *console)
{
    unsigned front = console->mux.front;
    const struct console_client *c = &console->client[front];
    uint32_t position = 0;
    uint8_t keys[64];
    uint32_t count = (uint32_t)mux_typed_peek(&console->mux, keys, sizeof keys), written = count;

    if (count == 0 || !service_knows_clients(&console->service))
        return false;
    if (c->connection != NULL) { /* otherwise no client reads these keys */
        if (console->mux.client[front].state == MUX_RUNNING)
            written = console_typed_write(console, c, keys, count);
        position = ring_producer_position(console_input_ring(c));
    }
    mux_typed_drop(&console->mux, written, position);
    return written > 0;
}

/* ---- the terminal ------------------------------------------------------------------ */

static uint64_t console_stall_ticks(const struct console *console)
{
    return CONSOLE_STALL_SECONDS * console->timebase_hz;
}

/* Must the keys stay in the UART?  They must until all clients of the former life are known, and
 * while the key buffer is full, for CONSOLE_STALL_SECONDS at most. */
static bool console_keys_are_held(struct console *console)
{
    if (!service_knows_clients(&console->service))
        return true;
    if (mux_typed_room(&console->mux) >= UART_FIFO_BYTES) {
        console->is_stalled = false;
        return false;
    }
    uint64_t now_ticks = console->service.ops->time_ticks(console->service.ops->context);
    if (!console->is_stalled)
        console->stalled_ticks = now_ticks;
    console->is_stalled = true;
    return now_ticks - console->stalled_ticks < console_stall_ticks(console);
}

/* Moves a key from the UART into the latch in kept memory.  The UART forgets the key at once. */
static bool console_key_receive(struct console *console)
{
    struct mux *mux = &console->mux;

    service_hold(&console->service);
    bool is_received = uart_receive(console->uart, mux_latch(mux), mux_latch_tag(mux));
    service_release(&console->service);
    return is_received;
}

/* Reads the keyboard.  While a client does not read its keys, the keys wait in the UART for
 * CONSOLE_STALL_SECONDS; after that keys are dropped, so that the escape key works.  The latch may
 * have a key that the last life left there. */
static bool console_keys_move(struct console *console)
{
    struct mux *mux = &console->mux;
    unsigned count = 0;
    uint8_t key;

    if (console_keys_are_held(console))
        return false;
    do {
        if (mux_latched(mux, &key)) {
            mux_key(mux, key);
            mux_latch_clear(mux);
            count++;
        }
    } while (count < UART_FIFO_BYTES && console_key_receive(console));
    return count > 0;
}

static bool console_terminal_move(struct console *console)
{
    uint8_t bytes[UART_FIFO_BYTES];
    unsigned sends = 0;

    while (sends < SENDS_MAX && mux_has_output(&console->mux) && uart_can_send(console->uart)) {
        size_t count = mux_transmit(&console->mux, bytes, sizeof bytes);
        if (count == 0)
            break;
        uart_send(console->uart, bytes, count);
        mux_transmitted(&console->mux);
        service_progress(&console->service, (uint32_t)count);
        sends++;
    }
    return sends > 0;
}

/* ---- moving and sleeping ----------------------------------------------------------- */

static bool console_move(void *context, uint64_t bits)
{
    struct console *console = context;

    (void)bits;
    if (service_knows_clients(&console->service))
        mux_clients_known(&console->mux);
    bool moved = control_move_records(console);
    for (unsigned i = 0; i < CLIENTS_MAX; i++)
        if (console->client[i].connection != NULL)
            moved |= console_output_move(console, i);
    moved |= control_move_lines(console);
    moved |= console_terminal_move(console);
    moved |= console_keys_move(console);
    moved |= console_typed_move(console);
    control_answer(console);
    return moved;
}

/* Requests a signal from the client if it may write; false if it has written already. */
static bool console_output_request(struct console *console, unsigned i)
{
    const struct console_client *c = &console->client[i];
    uint32_t available;

    if (c->connection == NULL || c->is_broken || mux_room(&console->mux, i) == 0)
        return true; /* the transmit interrupt makes room */
    return ring_consumer_sleep(console_output_ring(c)) ||
           ring_available(console_output_ring(c), &available) != OK;
}

/* Requests a signal from each peer that may send data; false if a peer has data already. */
static bool console_signals_request(struct console *console)
{
    const struct console_client *front = &console->client[console->mux.front];
    bool sleeps = ring_consumer_sleep(&console->control);

    for (unsigned i = 0; i < CLIENTS_MAX; i++)
        sleeps &= console_output_request(console, i);
    if (mux_typed_room(&console->mux) < MUX_TYPED_BYTES && front->connection != NULL &&
        !ring_producer_sleep(console_input_ring(front)))
        sleeps = false;
    return sleeps;
}

static bool console_sleep(void *context, uint64_t *deadline_ticks)
{
    struct console *console = context;
    uint64_t now = console->service.ops->time_ticks(console->service.ops->context);
    uint64_t deadline = UINT64_MAX;
    bool held = console_keys_are_held(console);

    if (held && console->is_stalled)
        deadline = console->stalled_ticks + console_stall_ticks(console);
    uart_want(console->uart, !held, mux_has_output(&console->mux) || console->is_flushing);
    if (console->is_more_likely) {
        uint64_t held_until = now + console->timebase_hz / CONSOLE_HOLDS_A_SECOND;
        deadline = held_until < deadline ? held_until : deadline;
    } else if (!console_signals_request(console)) {
        return false;
    }
    console->is_more_likely = false;
    *deadline_ticks = deadline;
    return true;
}

void console_init(struct console *console, struct uart *uart, struct mux_kept *kept,
                  uint64_t timebase_hz, bool is_first)
{
    static const struct service_ring rings[] = CONSOLE_RINGS;

    memset(console, 0, sizeof *console);
    console->uart = uart;
    console->timebase_hz = timebase_hz;
    console->model = (struct service_model){.context = console,
                                            .ring = rings,
                                            .ring_count = CONSOLE_RING_COUNT,
                                            .on_start = console_start,
                                            .on_connect = console_connect,
                                            .on_disconnect = console_disconnect,
                                            .on_end = console_end,
                                            .on_notify = console_move,
                                            .on_sleep = console_sleep};
    mux_init(&console->mux, kept);
    if (!is_first)
        mux_terminal_is_unknown(&console->mux);
}
