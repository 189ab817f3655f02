/* SPDX-License-Identifier: BSD-2-Clause */
#include "world.h"

#include <string.h>

struct world world;

static void world_signal(void *context, uint32_t slot)
{
    (void)context;
    if (slot == SLOT_ROOT) {
        world.root_wakes++;
        return;
    }
    ck_assert_uint_lt(slot, CLIENT_COUNT);
    world.client[slot].wakes++;
}

static uint64_t world_time_ticks(void *context)
{
    (void)context;
    return world.now_ticks;
}

static struct uart uart = {
    .read = chip_read, .write = chip_write, .take = chip_take, .context = &world.chip};
static const struct service_ops ops = {.signal = world_signal, .time_ticks = world_time_ticks};

struct control_down *root_region(void)
{
    return (struct control_down *)(void *)world.down;
}

static struct control_up *world_up(void)
{
    return (struct control_up *)(void *)world.up;
}

struct control_connection *client_entry(unsigned i)
{
    return (struct control_connection *)(void *)(world.down + CONTROL_DOWN_TABLE) + i;
}

uint32_t client_answer(unsigned i)
{
    return ((struct control_answer *)(void *)(world.up + CONTROL_UP_ANSWERS))[i].state &
           CONTROL_STATE_MASK;
}

void client_attach(unsigned i)
{
    struct client *c = &world.client[i];

    ck_assert_int_eq(ring_producer_attach(&c->output, &c->shared[CONSOLE_RING_OUTPUT],
                                          c->output_data, OUTPUT_BYTES, 1),
                     OK);
    ck_assert_int_eq(ring_consumer_attach(&c->input, &c->shared[CONSOLE_RING_INPUT], c->input_data,
                                          INPUT_BYTES, 1),
                     OK);
}

void client_offer(unsigned i)
{
    struct client *c = &world.client[i];
    struct control_connection *entry = client_entry(i);

    entry->wake_slot = i;
    entry->ring[CONSOLE_RING_OUTPUT] =
        (struct control_ring){.shared_address = (uintptr_t)&c->shared[CONSOLE_RING_OUTPUT],
                              .data_address = (uintptr_t)c->output_data,
                              .record_bytes = 1,
                              .record_count = OUTPUT_BYTES};
    entry->ring[CONSOLE_RING_INPUT] =
        (struct control_ring){.shared_address = (uintptr_t)&c->shared[CONSOLE_RING_INPUT],
                              .data_address = (uintptr_t)c->input_data,
                              .record_bytes = 1,
                              .record_count = INPUT_BYTES};
    strcpy(entry->client, i == FRONT ? "left" : "right");
    entry->state = control_state(1, CONTROL_CONNECTION_OFFERED);
    client_attach(i);
}

static void root_attach(void)
{
    ck_assert_int_eq(ring_producer_attach(&world.lines_down, &world_up()->lines_down,
                                          world.down + CONTROL_DOWN_LINES, CONTROL_DOWN_LINE_MAX,
                                          sizeof(struct control_line)),
                     OK);
    ck_assert_int_eq(ring_consumer_attach(&world.lines_up, &world_up()->lines_up,
                                          world.up + CONTROL_UP_LINES, CONTROL_UP_LINE_MAX,
                                          sizeof(struct control_line)),
                     OK);
}

void world_settle(void)
{
    for (unsigned turns = 0; service_turn(&world.console.service, SERVICE_BIT_ROOT); turns++)
        ck_assert_uint_lt(turns, 10000);
}

void console_begin(bool is_first)
{
    memset(world.up, 0, sizeof world.up);
    root_attach();
    console_init(&world.console, &uart, &world.kept, HZ, is_first);
    ck_assert_int_eq(service_init(&world.console.service, &world.console.model, &ops, world.down,
                                  world.up, SLOT_ROOT),
                     OK);
    uart_init(&uart);
}

void world_setup(void)
{
    memset(&world, 0, sizeof world);
    root_region()->version = CONTROL_VERSION;
    root_region()->connection_most = CONSOLE_CLIENTS_MAX;
    root_region()->is_table_whole = 1;
    root_region()->has_lines = 1;
    for (unsigned i = 0; i < CLIENT_COUNT; i++)
        client_offer(i);
    world.chip.is_empty = true;
    console_begin(true);
    world_settle(); /* attaches */
    for (unsigned i = 0; i < CLIENT_COUNT; i++)
        world.client[i].wakes = 0;
    world.root_wakes = 0;
    ck_assert_uint_eq(world.chip.sent_count, 0); /* a first service has nothing to reset */
}

uint32_t client_writes(unsigned i, const char *text)
{
    uint32_t written = 0;
    ck_assert_int_eq(ring_write(&world.client[i].output, text, (uint32_t)strlen(text), &written),
                     OK);
    return written;
}

const char *client_reads(unsigned i)
{
    static char text[INPUT_BYTES + 1];
    uint32_t got = 0;
    ck_assert_int_eq(ring_read(&world.client[i].input, text, INPUT_BYTES, &got), OK);
    text[got] = 0;
    return text;
}

void person_types(const char *keys)
{
    size_t count = strlen(keys);
    ck_assert_uint_le(world.chip.received_count + count, sizeof world.chip.received);
    memcpy(world.chip.received + world.chip.received_count, keys, count);
    world.chip.received_count += count;
}

void person_fills_keyboard(void)
{
    char line[65];
    memset(line, 'k', 64);
    line[64] = 0;
    while (world.chip.received_at == world.chip.received_count) {
        world.chip.received_at = world.chip.received_count = 0;
        person_types(line);
        world_settle();
    }
}

void root_sends(struct control_line record)
{
    uint32_t written = 0;
    ck_assert_int_eq(ring_write(&world.lines_down, &record, 1, &written), OK);
    ck_assert_uint_eq(written, 1);
}

void root_says(unsigned about, enum control_line_kind kind, const char *text)
{
    struct control_line record = {
        .kind = (uint8_t)kind, .about = (uint8_t)about, .length = (uint8_t)strlen(text)};
    memcpy(record.text, text, record.length);
    root_sends(record);
}

void root_sets_level(unsigned client, uint32_t state)
{
    client_entry(client)->state = control_state(1, state);
}

bool root_is_answered(uint32_t value)
{
    struct control_line record;
    uint32_t got = 0;
    ck_assert_int_eq(ring_read(&world.lines_up, &record, 1, &got), OK);
    return got == 1 && record.kind == CONTROL_LINE_FLUSHED && record.value == value;
}

const char *world_shown(void)
{
    ck_assert_uint_lt(world.chip.sent_count, sizeof world.chip.sent);
    world.chip.sent[world.chip.sent_count] = 0;
    return world.chip.sent;
}

void world_sleep(void)
{
    uint64_t deadline;
    for (int i = 0; i < 2; i++) {
        world_settle();
        ck_assert(service_sleep(&world.console.service, &deadline));
    }
    ck_assert_uint_eq(deadline, UINT64_MAX);
}
