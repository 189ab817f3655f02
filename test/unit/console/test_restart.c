/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * services/console: a life ends before each of its stores to shared or kept memory, each access to
 * a register that sends, and each signal; the next life continues.
 */
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <services/console/console.h>
#include <test/unit/console/chip.h>
#include <test/unit/run.h>

#define HZ        10000000u
#define LINES     6u
#define CUT_NEVER UINT32_MAX

static struct {
    _Alignas(4096) uint8_t down[CONTROL_DOWN_LINES + CONTROL_DOWN_LINE_MAX * 64];
    _Alignas(4096) uint8_t up[CONTROL_UP_LINES + CONTROL_UP_LINE_MAX * 64];
    struct ring_shared shared[CONSOLE_RING_COUNT];
    uint8_t output_data[CONSOLE_RING_OUTPUT_RECORD_COUNT];
    uint8_t input_data[CONSOLE_RING_INPUT_RECORD_COUNT];
    struct mux_kept kept;
} memory;

static struct console console;
static struct chip chip;
static struct ring_producer output;
static struct ring_consumer input;
static uint32_t cut_count, cut_at;
static bool is_cutting;
static jmp_buf end;

void cut_here(void)
{
    if (is_cutting && cut_count++ == cut_at)
        longjmp(end, 1);
}

static void register_write(void *context, unsigned reg, uint8_t value)
{
    cut_here();
    chip_write(context, reg, value);
}

static void signal_slot(void *context, uint32_t slot)
{
    (void)context;
    (void)slot;
    cut_here();
}

static uint64_t time_ticks(void *context)
{
    (void)context;
    return 0;
}

static struct uart uart = {
    .read = chip_read, .write = register_write, .take = chip_take, .context = &chip};
static const struct service_ops ops = {.signal = signal_slot, .time_ticks = time_ticks};

static struct control_down *region_down(void)
{
    return (struct control_down *)(void *)memory.down;
}

static struct control_connection *entry(void)
{
    return (struct control_connection *)(void *)(memory.down + CONTROL_DOWN_TABLE);
}

static void memory_reset(void)
{
    const struct service_ring rings[] = CONSOLE_RINGS;
    uint8_t *data[] = {memory.output_data, memory.input_data};

    memset(&memory, 0, sizeof memory);
    memset(&chip, 0, sizeof chip);
    chip.is_empty = true;
    region_down()->version = CONTROL_VERSION;
    region_down()->connection_most = CONSOLE_CLIENTS_MAX;
    for (unsigned i = 0; i < CONSOLE_RING_COUNT; i++)
        entry()->ring[i] = (struct control_ring){(uintptr_t)&memory.shared[i], (uintptr_t)data[i],
                                                 rings[i].record_bytes, rings[i].record_count};
    strcpy(entry()->client, "guest");
    ck_assert_int_eq(ring_producer_attach(&output, &memory.shared[CONSOLE_RING_OUTPUT],
                                          memory.output_data, sizeof memory.output_data, 1),
                     OK);
    ck_assert_int_eq(ring_consumer_attach(&input, &memory.shared[CONSOLE_RING_INPUT],
                                          memory.input_data, sizeof memory.input_data, 1),
                     OK);
}

/* A later life does not find the client in its table at once. */
static void life_begin(bool is_first)
{
    region_down()->is_table_whole = is_first;
    entry()->state =
        control_state(1, is_first ? CONTROL_CONNECTION_OFFERED : CONTROL_CONNECTION_NONE);
    memset(memory.up, 0, sizeof memory.up);
    console_init(&console, &uart, &memory.kept, HZ, is_first);
    ck_assert_int_eq(
        service_init(&console.service, &console.model, &ops, memory.down, memory.up, 1), OK);
    uart_init(&uart);
}

static void life_turns(uint64_t bits)
{
    for (unsigned turns = 0; service_turn(&console.service, bits); turns++) {
        ck_assert_uint_lt(turns, 10000);
        bits = 0;
    }
}

/* Runs until nothing moves.  False: the life ended first. */
static bool life_run(void)
{
    if (setjmp(end) != 0) {
        is_cutting = false;
        return false;
    }
    is_cutting = true;
    life_turns(0);
    entry()->state = control_state(1, CONTROL_CONNECTION_OFFERED);
    region_down()->is_table_whole = 1;
    life_turns(SERVICE_BIT_ROOT);
    is_cutting = false;
    return true;
}

static void settle(void)
{
    while (!life_run())
        life_begin(false);
}

/* Every line is on the terminal, whole, and after the line before it. */
static void expect_lines(void)
{
    const char *at = chip.sent;

    chip.sent[chip.sent_count] = 0;
    for (unsigned i = 0; i < LINES; i++) {
        char line[32];
        snprintf(line, sizeof line, "line number %u\r\n", i);
        const char *found = strstr(at, line);
        ck_assert_msg(found != NULL, "cut %u: no line %u in %s", cut_at, i, chip.sent);
        at = found + 1;
    }
}

/* The client got each key once, in order. */
static void expect_keys(void)
{
    char got[64];
    uint32_t count = 0;

    ck_assert_int_eq(ring_read(&input, got, sizeof got - 1, &count), OK);
    got[count] = 0;
    ck_assert_msg(strcmp(got, "abcdefghijkl") == 0, "cut %u: keys %s", cut_at, got);
}

/* The client prints lines in two pieces each, and keys are typed beside. */
static void story(void)
{
    unsigned bytes = 0;

    memory_reset();
    cut_count = 0;
    life_begin(true);
    for (unsigned i = 0; i < LINES; i++) {
        char text[32];
        uint32_t written = 0;
        int length = snprintf(text, sizeof text, "line number %u\r\n", i);
        ck_assert_int_eq(ring_write(&output, text, 7, &written), OK);
        memcpy(chip.received + chip.received_count, &"abcdefghijkl"[2 * i], 2);
        chip.received_count += 2;
        settle();
        ck_assert_int_eq(ring_write(&output, text + 7, (uint32_t)length - 7, &written), OK);
        settle();
        bytes += (unsigned)length;
    }
    ck_assert_uint_eq(mux_written(&console.mux, 0), bytes); /* the scrollback has each byte once */
    expect_lines();
}

START_TEST(test_console_restart_at_every_store_loses_nothing)
{
    /* No line and no key is lost, and no key is doubled. */
    for (cut_at = 0;; cut_at++) {
        story();
        expect_keys();
        if (cut_count <= cut_at)
            break;
    }
    ck_assert_uint_gt(cut_at, 200);
    cut_at = CUT_NEVER;
    story();
    expect_keys();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("console-restart");
    TCase *tc = tcase_create("restart");

    tcase_add_test(tc, test_console_restart_at_every_store_loses_nothing);
    tcase_set_timeout(tc, 60);
    suite_add_tcase(suite, tc);
    return run_suites(srunner_create(suite));
}
