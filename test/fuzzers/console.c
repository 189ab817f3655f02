/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console's protocol: the service between an honest client in front, a background client that
 * writes anything to its shared memory, a root server's records of any content, and a keyboard.
 * Clients end, leave and come again; the console dies and starts again, also over damaged kept
 * memory.
 * Oracle: the honest client never sees an impossible index, and the service always becomes idle.
 * Until a key of Warren's own is typed, the console dies, or the root server ends the honest
 * client, all its output is taken, the terminal shows all of it in order, between lines of
 * Warren's own, and the client gets all keys in order.
 */
#include "fuzz.h"

#include <services/console/console.h>

#define CLIENTS   2u
#define HONEST    0u
#define HOSTILE   1u
#define TEXT_MAX  (1u << 15)
#define MOVES_MAX 20000u

struct client {
    struct ring_shared shared[CONSOLE_RING_COUNT];
    uint8_t output_data[CONSOLE_RING_OUTPUT_RECORD_COUNT];
    uint8_t input_data[CONSOLE_RING_INPUT_RECORD_COUNT];
};

static struct {
    _Alignas(4096) uint8_t down[CONTROL_DOWN_LINES + CONTROL_DOWN_LINE_MAX * 64];
    _Alignas(4096) uint8_t up[CONTROL_UP_LINES + CONTROL_UP_LINE_MAX * 64];
    struct client client[CLIENTS];
    struct ring_producer output;
    struct ring_consumer input;
    uint8_t written[TEXT_MAX], typed[TEXT_MAX], got[TEXT_MAX], shown[4 * TEXT_MAX];
    uint32_t written_count, typed_count, typed_read, got_count, shown_count;
    uint64_t now_ticks;
    bool is_plain; /* the stronger half of the oracle holds still */
} world;

static struct console console;
static struct mux_kept kept;

/* ---- The UART, the clock, the others ------------------------------------------------- */

static uint8_t chip_read(void *context, unsigned reg)
{
    (void)context;
    if (reg == 0 && world.typed_read < world.typed_count)
        return world.typed[world.typed_read++];
    return reg == 5 ? (uint8_t)(0x20 | (world.typed_read < world.typed_count)) : 0;
}

static void chip_write(void *context, unsigned reg, uint8_t value)
{
    (void)context;
    FUZZ_CHECK(reg < 8);
    if (reg == 0 && world.shown_count < sizeof world.shown)
        world.shown[world.shown_count++] = value;
}

static void chip_take(void *context, _Atomic uint32_t *to, uint32_t tag)
{
    atomic_store(to, tag | chip_read(context, 0));
}

static void signal_slot(void *context, uint32_t slot)
{
    (void)context;
    FUZZ_CHECK(slot <= CLIENTS);
}

static uint64_t time_ticks(void *context)
{
    (void)context;
    return world.now_ticks;
}

static struct control_up *region_up(void)
{
    return (struct control_up *)(void *)world.up;
}

/* The root server zeroes the up part before each life. */
static void console_begin(bool is_first)
{
    static struct uart uart = {.read = chip_read, .write = chip_write, .take = chip_take};
    static const struct service_ops ops = {.signal = signal_slot, .time_ticks = time_ticks};

    memset(world.up, 0, sizeof world.up);
    console_init(&console, &uart, &kept, 10000000, is_first);
    FUZZ_CHECK(
        service_init(&console.service, &console.model, &ops, world.down, world.up, CLIENTS) == OK);
    uart_init(&uart);
}

/* ---- Rest and its oracle ------------------------------------------------------------- */

static void client_reads(void)
{
    uint32_t got = 0;

    FUZZ_CHECK(ring_read(&world.input, world.got + world.got_count,
                         (uint32_t)sizeof world.got - world.got_count, &got) == OK);
    world.got_count += got;
}

/* Checks the bytes of the front client, without lines of Warren's own. */
static void check_shown(void)
{
    static const char own[] = FILTER_MARK " warren: ";
    uint32_t at = 0;

    for (uint32_t i = 0; i < world.shown_count; i++) {
        bool is_own = world.shown_count - i >= sizeof own - 1 &&
                      memcmp(world.shown + i, own, sizeof own - 1) == 0;
        if (is_own) {
            while (i < world.shown_count && world.shown[i] != '\n')
                i++;
            continue;
        }
        if (at < world.written_count && world.shown[i] == world.written[at]) {
            at++;
            continue;
        }
        /* An unfinished line is ended before a line of Warren's own. */
        FUZZ_CHECK(world.shown[i] == '\r' || world.shown[i] == '\n');
    }
    FUZZ_CHECK(at == world.written_count);
}

static void rest(void)
{
    uint64_t deadline = 0;
    unsigned moves = 0;

    for (unsigned sleeps = 0; sleeps < 4; sleeps++) {
        while (service_turn(&console.service, SERVICE_BIT_ROOT)) {
            client_reads();
            FUZZ_CHECK(++moves < MOVES_MAX);
        }
        client_reads();
        if (service_sleep(&console.service, &deadline) && deadline != UINT64_MAX)
            world.now_ticks = deadline > world.now_ticks ? deadline : world.now_ticks;
    }
    if (!world.is_plain)
        return;
    uint32_t room = 0;
    FUZZ_CHECK(ring_room(&world.output, &room) == OK && room == CONSOLE_RING_OUTPUT_RECORD_COUNT);
    check_shown();
    FUZZ_CHECK(world.got_count == world.typed_count);
    FUZZ_CHECK(memcmp(world.got, world.typed, world.got_count) == 0);
}

/* ---- Steps --------------------------------------------------------------------------- */

static void step_write(struct fuzz_input *in)
{
    uint8_t text[200];
    uint32_t count = fuzz_pick(in, sizeof text), done = 0, kind = fuzz_u8(in);

    /* No byte of the text can begin a line of Warren's own. */
    for (uint32_t i = 0; i < count; i++)
        text[i] = kind & 1 && i % 19 == 18 ? '\n' : (uint8_t)('A' + (kind + i) % 16);
    if (count > sizeof world.written - world.written_count)
        return;
    FUZZ_CHECK(ring_write(&world.output, text, count, &done) == OK);
    memcpy(world.written + world.written_count, text, done);
    world.written_count += done;
    ring_producer_wakes(&world.output);
}

static void step_type(struct fuzz_input *in)
{
    uint8_t key = fuzz_u8(in);

    if (world.typed_count == sizeof world.typed || world.got_count == sizeof world.got)
        return;
    world.is_plain &= key != MUX_ESCAPE;
    world.typed[world.typed_count++] = key;
}

/* Changes words of the hostile client's rings, mostly of their heads. */
static void step_hostile(struct fuzz_input *in)
{
    struct client *client = &world.client[HOSTILE];
    uint8_t *bytes = (uint8_t *)client;
    uint32_t at = fuzz_u8(in) & 0xfcu, value = (uint32_t)fuzz_number(in);

    if (fuzz_pick(in, 8) == 0)
        at = (uint32_t)fuzz_bytes(in, 2) % sizeof *client & ~3u;
    memcpy(bytes + at, &value, sizeof value);
}

static struct control_connection *entry_at(unsigned client)
{
    return (struct control_connection *)(void *)(world.down + CONTROL_DOWN_TABLE) + client;
}

/* Ends a client, takes it away or offers it again, as the root server may. */
static void step_state(struct fuzz_input *in)
{
    unsigned client = fuzz_pick(in, CLIENTS);
    struct control_connection *entry = entry_at(client);
    uint32_t generation = entry->state >> CONTROL_STATE_BITS, state = fuzz_pick(in, 5);

    if (state == CONTROL_CONNECTION_OFFERED)
        generation++;
    entry->state = control_state(generation, state);
    if (client == HONEST)
        world.is_plain = false;
}

/* The console dies and begins a new life, with what it has kept. */
static void step_die(struct fuzz_input *in)
{
    if (fuzz_pick(in, 16) == 0)
        ((uint8_t *)&kept)[(uint32_t)fuzz_bytes(in, 4) % sizeof kept] = fuzz_u8(in);
    console_begin(false);
    world.is_plain = false; /* the last line is shown again */
}

static void step_record(struct fuzz_input *in)
{
    struct control_line record = {.kind = (uint8_t)fuzz_pick(in, 6)};
    struct ring_producer down;
    uint32_t done = 0;

    record.length = fuzz_u8(in);
    record.value = (uint32_t)fuzz_number(in);
    memcpy(record.text, "warren: ", 8);
    for (unsigned i = 8; i < sizeof record.text; i++)
        record.text[i] = i + 1 == sizeof record.text ? '\n' : 'w';
    record.about = fuzz_u8(in);
    if (world.is_plain)
        record.length = sizeof record.text; /* whole lines, which the oracle can recognise */
    FUZZ_CHECK(ring_producer_attach(&down, &region_up()->lines_down,
                                    world.down + CONTROL_DOWN_LINES, CONTROL_DOWN_LINE_MAX,
                                    sizeof record) == OK);
    FUZZ_CHECK(ring_write(&down, &record, 1, &done) == OK);
}

/* The hostile client attaches anew. */
static void step_attach(void)
{
    struct client *client = &world.client[HOSTILE];
    struct ring_producer output;

    FUZZ_CHECK(ring_producer_attach(&output, &client->shared[CONSOLE_RING_OUTPUT],
                                    client->output_data, sizeof client->output_data, 1) == OK);
}

static void client_offer(unsigned i)
{
    struct control_connection *entry = entry_at(i);
    struct client *client = &world.client[i];

    entry->wake_slot = i;
    entry->ring[CONSOLE_RING_OUTPUT] =
        (struct control_ring){(uintptr_t)&client->shared[CONSOLE_RING_OUTPUT],
                              (uintptr_t)client->output_data, 1, sizeof client->output_data};
    entry->ring[CONSOLE_RING_INPUT] =
        (struct control_ring){(uintptr_t)&client->shared[CONSOLE_RING_INPUT],
                              (uintptr_t)client->input_data, 1, sizeof client->input_data};
    strcpy(entry->client, i == HONEST ? "honest" : "hostile");
    entry->state = control_state(1, CONTROL_CONNECTION_OFFERED);
}

static void set_up(void)
{
    struct client *client = &world.client[HONEST];

    memset(&world, 0, sizeof world);
    memset(&kept, 0, sizeof kept);
    ((struct control_down *)(void *)world.down)->version = CONTROL_VERSION;
    ((struct control_down *)(void *)world.down)->connection_most = CONSOLE_CLIENTS_MAX;
    ((struct control_down *)(void *)world.down)->is_table_whole = 1;
    for (unsigned i = 0; i < CLIENTS; i++)
        client_offer(i);
    FUZZ_CHECK(ring_producer_attach(&world.output, &client->shared[CONSOLE_RING_OUTPUT],
                                    client->output_data, sizeof client->output_data, 1) == OK);
    FUZZ_CHECK(ring_consumer_attach(&world.input, &client->shared[CONSOLE_RING_INPUT],
                                    client->input_data, sizeof client->input_data, 1) == OK);
    console_begin(true);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    static void (*const step[])(struct fuzz_input *) = {step_write,   step_type,   step_hostile,
                                                        step_hostile, step_record, step_state};

    set_up();
    while (service_turn(&console.service, 0))
        ;
    world.shown_count = 0; /* the terminal was reset */
    world.is_plain = true;
    while (in.left > 0) {
        unsigned form = fuzz_u8(&in);
        if (form >= 248)
            step_die(&in);
        else if (form >= 240)
            step_attach();
        else
            step[form % 6](&in);
        if (form & 0x80)
            rest();
    }
    rest();
    return 0;
}
