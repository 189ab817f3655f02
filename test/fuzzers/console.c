/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console's protocol: the service between an honest client in front, a background client that
 * writes anything to its shared memory, a root server's records of any content, and a keyboard.
 * Oracle: the honest client never sees an impossible index, all its output is taken in the end,
 * and the service always becomes idle.  Until a key of Warren's own is typed, or the root server
 * reports the end of a client, the terminal shows all bytes of the front client in order, between
 * lines of Warren's own, and the front client gets all keys in order.
 */
#include "fuzz.h"

#include <services/console/service.h>

#define CLIENTS   2u
#define HONEST    0u
#define HOSTILE   1u
#define TEXT_MAX  (1u << 15)
#define MOVES_MAX 20000u

static struct {
    uint8_t *region[CLIENTS], *control;
    struct ring_producer output;
    struct ring_consumer input;
    uint8_t written[TEXT_MAX], typed[TEXT_MAX], got[TEXT_MAX], shown[4 * TEXT_MAX];
    uint32_t written_count, typed_count, typed_read, got_count, shown_count;
    uint64_t now_ticks;
    bool is_plain; /* the stronger half of the oracle holds still */
} world;

static struct service service;

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

static void wake_client(void *context, unsigned client)
{
    (void)context;
    FUZZ_CHECK(client < CLIENTS);
}

static void wake_root(void *context)
{
    (void)context;
}

static uint64_t time_ticks(void *context)
{
    (void)context;
    return world.now_ticks;
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
        while (service_move(&service)) {
            client_reads();
            FUZZ_CHECK(++moves < MOVES_MAX);
        }
        client_reads();
        if (service_sleep(&service, &deadline) && deadline != UINT64_MAX)
            world.now_ticks = deadline > world.now_ticks ? deadline : world.now_ticks;
    }
    if (!world.is_plain)
        return;
    uint32_t room = 0;
    FUZZ_CHECK(ring_room(&world.output, &room) == OK && room == CONSOLE_OUTPUT_BYTES);
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

/* Changes words of the hostile client's region, mostly of its ring headers. */
static void step_hostile(struct fuzz_input *in)
{
    uint8_t *region = world.region[HOSTILE];
    uint32_t at =
        (fuzz_pick(in, 2) ? CONSOLE_OUTPUT_SHARED : CONSOLE_INPUT_SHARED) + (fuzz_u8(in) & 0x7cu);
    uint32_t value = (uint32_t)fuzz_number(in);

    if (fuzz_pick(in, 8) == 0)
        at = (uint32_t)fuzz_bytes(in, 2) % CONSOLE_REGION_BYTES & ~3u;
    memcpy(region + at, &value, sizeof value);
}

static void step_level(struct fuzz_input *in)
{
    struct console_levels *levels = (void *)(world.control + CONSOLE_CONTROL_LEVELS);
    unsigned client = fuzz_pick(in, CLIENTS);
    uint32_t level = fuzz_pick(in, 4) == 0 ? (uint32_t)fuzz_number(in) : fuzz_pick(in, 3);

    levels->guest[client] = level;
    if (client == HONEST)
        world.is_plain = false;
}

static void step_record(struct fuzz_input *in)
{
    struct console_record record = {.kind = (uint8_t)fuzz_pick(in, 6)};
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
    FUZZ_CHECK(ring_producer_attach(
                   &down,
                   (struct ring_shared *)(void *)(world.control + CONSOLE_CONTROL_DOWN_SHARED),
                   world.control + CONSOLE_CONTROL_DOWN_DATA, CONSOLE_CONTROL_DOWN_RECORDS,
                   sizeof record) == OK);
    FUZZ_CHECK(ring_write(&down, &record, 1, &done) == OK);
}

/* The hostile client attaches anew. */
static void step_attach(void)
{
    struct ring_producer output;
    uint8_t *region = world.region[HOSTILE];

    FUZZ_CHECK(ring_producer_attach(&output, (void *)(region + CONSOLE_OUTPUT_SHARED),
                                    region + CONSOLE_OUTPUT_DATA, CONSOLE_OUTPUT_BYTES, 1) == OK);
}

static void set_up(struct uart *uart, const struct service_ops *ops)
{
    static struct console_start start;

    start = (struct console_start){.version = CONSOLE_START_VERSION, .client_count = CLIENTS};
    for (unsigned i = 0; i < CLIENTS; i++) {
        world.region[i] = aligned_alloc(64, CONSOLE_REGION_BYTES);
        FUZZ_CHECK(world.region[i] != NULL);
        memset(world.region[i], 0, CONSOLE_REGION_BYTES);
        start.client[i].region_address = (uintptr_t)world.region[i];
        strcpy(start.client[i].name, i == HONEST ? "honest" : "hostile");
    }
    world.control = aligned_alloc(64, CONSOLE_CONTROL_BYTES);
    FUZZ_CHECK(world.control != NULL);
    memset(world.control, 0, CONSOLE_CONTROL_BYTES);
    start.control_address = (uintptr_t)world.control;
    uint8_t *region = world.region[HONEST];
    FUZZ_CHECK(ring_producer_attach(&world.output, (void *)(region + CONSOLE_OUTPUT_SHARED),
                                    region + CONSOLE_OUTPUT_DATA, CONSOLE_OUTPUT_BYTES, 1) == OK);
    FUZZ_CHECK(ring_consumer_attach(&world.input, (void *)(region + CONSOLE_INPUT_SHARED),
                                    region + CONSOLE_INPUT_DATA, CONSOLE_INPUT_BYTES, 1) == OK);
    FUZZ_CHECK(service_init(&service, &start, uart, ops) == OK);
    uart_init(uart);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    struct uart uart = {.read = chip_read, .write = chip_write};
    const struct service_ops ops = {.wake_client = wake_client,
                                    .wake_root = wake_root,
                                    .time_ticks = time_ticks,
                                    .timebase_hz = 10000000};
    static void (*const step[])(struct fuzz_input *) = {step_write,   step_type,   step_hostile,
                                                        step_hostile, step_record, step_level};

    world.written_count = world.typed_count = world.typed_read = 0;
    world.got_count = world.shown_count = 0;
    world.now_ticks = 0;
    world.is_plain = true;
    set_up(&uart, &ops);
    while (service_move(&service))
        ;
    world.shown_count = 0; /* the terminal was reset */
    while (in.left > 0) {
        unsigned form = fuzz_u8(&in);
        if (form >= 240)
            step_attach();
        else
            step[form % 6](&in);
        if (form & 0x80)
            rest();
    }
    rest();
    for (unsigned i = 0; i < CLIENTS; i++)
        free(world.region[i]);
    free(world.control);
    return 0;
}
