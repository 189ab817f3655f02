/* SPDX-License-Identifier: BSD-2-Clause */
/* services/console: the whole service with real rings, a model of the UART and a clock. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <services/console/console.h>
#include <test/unit/console/chip.h>
#include <test/unit/console/suites.h>

#define HZ           10000000u
#define CLIENT_COUNT 2u
#define FRONT        0u
#define BACK         1u
#define SLOT_ROOT    9u
#define OUTPUT_BYTES CONSOLE_RING_OUTPUT_RECORD_COUNT
#define INPUT_BYTES  CONSOLE_RING_INPUT_RECORD_COUNT

/* The memory that a client shares with the service. */
struct client {
    struct ring_shared shared[CONSOLE_RING_COUNT];
    uint8_t output_data[OUTPUT_BYTES], input_data[INPUT_BYTES];
    struct ring_producer output;
    struct ring_consumer input;
    unsigned wakes;
};

static struct {
    _Alignas(4096) uint8_t down[CONTROL_DOWN_LINES + CONTROL_DOWN_LINE_MAX * 64];
    _Alignas(4096) uint8_t up[CONTROL_UP_LINES + CONTROL_UP_LINE_MAX * 64];
    struct client client[CLIENT_COUNT];
} memory;
static struct mux_kept kept;
static struct ring_producer down;
static struct ring_consumer up;

static struct chip chip;
static struct console console;
static uint64_t now_ticks;
static unsigned root_wakes;

static void signal_slot(void *context, uint32_t slot)
{
    (void)context;
    if (slot == SLOT_ROOT) {
        root_wakes++;
        return;
    }
    ck_assert_uint_lt(slot, CLIENT_COUNT);
    memory.client[slot].wakes++;
}

static uint64_t time_ticks(void *context)
{
    (void)context;
    return now_ticks;
}

#define MARK FILTER_MARK " "

static struct uart uart = {.read = chip_read, .write = chip_write, .context = &chip};
static const struct service_ops ops = {.signal = signal_slot, .time_ticks = time_ticks};

static struct control_down *region_down(void)
{
    return (struct control_down *)(void *)memory.down;
}

static struct control_up *region_up(void)
{
    return (struct control_up *)(void *)memory.up;
}

static struct control_connection *entry_at(unsigned i)
{
    return (struct control_connection *)(void *)(memory.down + CONTROL_DOWN_TABLE) + i;
}

static uint32_t answer_of(unsigned i)
{
    return ((struct control_answer *)(void *)(memory.up + CONTROL_UP_ANSWERS))[i].state &
           CONTROL_STATE_MASK;
}

static void client_attach(unsigned i)
{
    struct client *c = &memory.client[i];

    ck_assert_int_eq(ring_producer_attach(&c->output, &c->shared[CONSOLE_RING_OUTPUT],
                                          c->output_data, OUTPUT_BYTES, 1),
                     OK);
    ck_assert_int_eq(ring_consumer_attach(&c->input, &c->shared[CONSOLE_RING_INPUT], c->input_data,
                                          INPUT_BYTES, 1),
                     OK);
}

static void client_offer(unsigned i)
{
    struct client *c = &memory.client[i];
    struct control_connection *entry = entry_at(i);

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
    ck_assert_int_eq(ring_producer_attach(&down, &region_up()->lines_down,
                                          memory.down + CONTROL_DOWN_LINES, CONTROL_DOWN_LINE_MAX,
                                          sizeof(struct control_line)),
                     OK);
    ck_assert_int_eq(ring_consumer_attach(&up, &region_up()->lines_up, memory.up + CONTROL_UP_LINES,
                                          CONTROL_UP_LINE_MAX, sizeof(struct control_line)),
                     OK);
}

static void settle(void)
{
    for (unsigned turns = 0; service_turn(&console.service, SERVICE_BIT_ROOT); turns++)
        ck_assert_uint_lt(turns, 10000);
}

/* A life of the console; the root server zeroes the up part. */
static void console_begin(bool is_first)
{
    memset(memory.up, 0, sizeof memory.up);
    root_attach();
    console_init(&console, &uart, &kept, HZ, is_first);
    ck_assert_int_eq(
        service_init(&console.service, &console.model, &ops, memory.down, memory.up, SLOT_ROOT),
        OK);
    uart_init(&uart);
}

static void setup(void)
{
    memset(&memory, 0, sizeof memory);
    memset(&kept, 0, sizeof kept);
    region_down()->version = CONTROL_VERSION;
    region_down()->connection_most = CONSOLE_CLIENTS_MAX;
    region_down()->has_lines = 1;
    for (unsigned i = 0; i < CLIENT_COUNT; i++)
        client_offer(i);
    chip.is_empty = true;
    console_begin(true);
    settle(); /* attaches */
    for (unsigned i = 0; i < CLIENT_COUNT; i++)
        memory.client[i].wakes = 0;
    root_wakes = 0;
    ck_assert_uint_eq(chip.sent_count, 0); /* a first service has nothing to reset */
}

/* ---- actions of clients, keyboard and root server ---------------------------------- */

static uint32_t client_writes(unsigned i, const char *text)
{
    uint32_t written = 0;
    ck_assert_int_eq(ring_write(&memory.client[i].output, text, (uint32_t)strlen(text), &written),
                     OK);
    return written;
}

static const char *client_reads(unsigned i)
{
    static char text[INPUT_BYTES + 1];
    uint32_t got = 0;
    ck_assert_int_eq(ring_read(&memory.client[i].input, text, INPUT_BYTES, &got), OK);
    text[got] = 0;
    return text;
}

static void person_types(const char *keys)
{
    size_t count = strlen(keys);
    ck_assert_uint_le(chip.received_count + count, sizeof chip.received);
    memcpy(chip.received + chip.received_count, keys, count);
    chip.received_count += count;
}

static void root_sends(struct control_line record)
{
    uint32_t written = 0;
    ck_assert_int_eq(ring_write(&down, &record, 1, &written), OK);
    ck_assert_uint_eq(written, 1);
}

/* Sets the state without the text that the protocol requires before it. */
static void root_sets_level(unsigned client, uint32_t state)
{
    entry_at(client)->state = control_state(1, state);
}

static bool root_is_answered(uint32_t value)
{
    struct control_line record;
    uint32_t got = 0;
    ck_assert_int_eq(ring_read(&up, &record, 1, &got), OK);
    return got == 1 && record.kind == CONTROL_LINE_FLUSHED && record.value == value;
}

static const char *shown(void)
{
    ck_assert_uint_lt(chip.sent_count, sizeof chip.sent);
    chip.sent[chip.sent_count] = 0;
    return chip.sent;
}

/* Lets the service sleep with every signal requested, as after a quiet while. */
static void sleep_deep(void)
{
    uint64_t deadline;
    for (int i = 0; i < 2; i++) {
        settle();
        ck_assert(service_sleep(&console.service, &deadline));
    }
    ck_assert_uint_eq(deadline, UINT64_MAX);
}

/* ---- the properties ---------------------------------------------------------------- */

START_TEST(test_service_output_of_front_reaches_terminal)
{
    /* The front client's output leaves the UART, whole and in order. */
    client_writes(FRONT, "boot\r\n# ");
    settle();
    ck_assert_str_eq(shown(), "boot\r\n# ");
}
END_TEST

START_TEST(test_service_output_in_background_waits)
{
    /* A background client's output is taken at once, and shown when the client is in front. */
    client_writes(BACK, "hello");
    settle();
    ck_assert_str_eq(shown(), "");
    uint32_t room = 0;
    ck_assert_int_eq(ring_room(&memory.client[BACK].output, &room), OK);
    ck_assert_uint_eq(room, OUTPUT_BYTES);
    person_types("\x1d"
                 "1");
    settle();
    ck_assert_ptr_nonnull(strstr(shown(), "right is in front]\r\nhello"));
}
END_TEST

START_TEST(test_service_full_ring_wakes_its_client_when_taken)
{
    /* A client that waits for room is signalled when there is room; no other client is. */
    static char flood[OUTPUT_BYTES + 1];
    memset(flood, 'x', OUTPUT_BYTES);
    chip.is_empty = false;
    ck_assert_uint_eq(client_writes(FRONT, flood), OUTPUT_BYTES);
    ck_assert(ring_producer_sleep(&memory.client[FRONT].output));
    settle();
    ck_assert_uint_eq(memory.client[FRONT].wakes, 1);
    ck_assert_uint_eq(memory.client[BACK].wakes, 0);
    chip.is_empty = true;
    settle();
    ck_assert_uint_eq(chip.sent_count, OUTPUT_BYTES);
}
END_TEST

START_TEST(test_service_keys_reach_front_and_wake_it)
{
    /* Keys go to the front client alone; a sleeping client is signalled. */
    ck_assert(ring_consumer_sleep(&memory.client[FRONT].input));
    person_types("ls\r");
    settle();
    ck_assert_str_eq(client_reads(FRONT), "ls\r");
    ck_assert_str_eq(client_reads(BACK), "");
    ck_assert_uint_eq(memory.client[FRONT].wakes, 1);
    ck_assert_uint_eq(memory.client[BACK].wakes, 0);
}
END_TEST

/* Types until neither the client's ring nor the service has room for more. */
static void keyboard_fill(void)
{
    char line[65];
    memset(line, 'k', 64);
    line[64] = 0;
    while (chip.received_at == chip.received_count) {
        chip.received_at = chip.received_count = 0;
        person_types(line);
        settle();
    }
}

START_TEST(test_service_unread_keys_hold_keyboard_for_a_second)
{
    /* A client that does not read its keys stops the keyboard for a second; then keys are dropped
       and the escape key works. */
    uint64_t deadline;
    keyboard_fill();
    ck_assert(service_sleep(&console.service, &deadline));
    ck_assert_uint_eq(deadline, now_ticks + HZ);
    ck_assert_uint_eq(chip.reg[1] & 1, 0);
    now_ticks = deadline;
    person_types("\x1d"
                 "1");
    settle();
    ck_assert_uint_eq(chip.received_at, chip.received_count);
    ck_assert_uint_eq(console.mux.front, BACK);
}
END_TEST

START_TEST(test_service_unread_keys_pass_once_read)
{
    /* Keys that wait are not lost when the client reads again. */
    size_t taken = 0;
    keyboard_fill();
    for (size_t got; (got = strlen(client_reads(FRONT))) > 0; settle())
        taken += got;
    ck_assert_uint_eq(chip.received_at, chip.received_count);
    ck_assert_uint_ge(taken, INPUT_BYTES + MUX_TYPED_BYTES);
    ck_assert_uint_eq(taken % 64, 0);
}
END_TEST

START_TEST(test_service_lying_ring_hurts_its_client_only)
{
    /* Impossible indices stop that client, with one message however often it repeats them. */
    _Atomic uint32_t *index = &memory.client[BACK].shared[CONSOLE_RING_OUTPUT].producer.index;
    for (unsigned i = 0; i < 5; i++) {
        *index += OUTPUT_BYTES + 1;
        settle();
        client_attach(BACK);
        settle();
    }
    client_writes(FRONT, "fine");
    settle();
    const char *accusation = strstr(shown(), "right: its output ring makes no sense");
    ck_assert_ptr_nonnull(accusation);
    ck_assert_ptr_null(strstr(accusation + 1, "right: its"));
    ck_assert_ptr_nonnull(strstr(shown(), "fine"));
}
END_TEST

START_TEST(test_service_broken_ring_works_after_attaching_anew)
{
    /* A client that is started anew has a working console again. */
    memory.client[FRONT].shared[CONSOLE_RING_OUTPUT].producer.index += OUTPUT_BYTES + 1;
    settle();
    client_attach(FRONT);
    client_writes(FRONT, "again");
    settle();
    ck_assert_ptr_nonnull(strstr(shown(), "again"));
}
END_TEST

START_TEST(test_service_flush_answers_when_all_is_shown)
{
    /* The answer to a flush waits for the last byte to leave the UART. */
    chip.is_empty = false;
    client_writes(FRONT, "last words");
    root_sends((struct control_line){.kind = CONTROL_LINE_FLUSH, .value = 7});
    settle();
    ck_assert(!root_is_answered(7));
    chip.is_empty = true;
    ck_assert(ring_consumer_sleep(&up));
    settle();
    service_turn(&console.service, SERVICE_BIT_ROOT);
    ck_assert_str_eq(shown(), "last words");
    ck_assert(root_is_answered(7));
    ck_assert_uint_eq(root_wakes, 1);
}
END_TEST

START_TEST(test_service_ended_client_shows_its_last_words_first)
{
    /* A guest that powered itself off stays in front until all its output is shown. */
    chip.is_empty = false;
    client_writes(FRONT, "Power down\r\n");
    root_sets_level(FRONT, CONTROL_CONNECTION_CLIENT_ENDED);
    settle();
    ck_assert_uint_eq(console.mux.front, FRONT);
    chip.is_empty = true;
    settle();
    service_turn(&console.service, SERVICE_BIT_ROOT);
    ck_assert_uint_eq(console.mux.front, BACK);
    settle();
    ck_assert_ptr_eq(strstr(shown(), "Power down\r\n"), shown());
}
END_TEST

START_TEST(test_service_level_holds_however_often_it_changes)
{
    /* The last state of each guest is shown. */
    root_sets_level(BACK, CONTROL_CONNECTION_CLIENT_DEAD);
    root_sets_level(FRONT, CONTROL_CONNECTION_CLIENT_ENDED);
    settle();
    ck_assert_uint_eq(console.mux.client[FRONT].state, MUX_ENDED);
    ck_assert_uint_eq(console.mux.client[BACK].state, MUX_DEAD);
    ck_assert_uint_eq(answer_of(FRONT), CONTROL_ANSWER_LEFT);
    ck_assert_uint_eq(answer_of(BACK), CONTROL_ANSWER_LEFT);
    memset(&memory.client[BACK], 0, sizeof memory.client[BACK]);
    client_offer(BACK);
    entry_at(BACK)->state = control_state(2, CONTROL_CONNECTION_OFFERED);
    settle();
    ck_assert_uint_eq(answer_of(BACK), CONTROL_ANSWER_ACCEPTED);
    ck_assert_uint_eq(console.mux.client[BACK].state, MUX_RUNNING);
}
END_TEST

START_TEST(test_service_level_from_before_its_start_counts)
{
    /* A new life finds the ends from before its start, also when the memory is gone already. */
    if (_i == 1)
        entry_at(BACK)->ring[0].shared_address = 0;
    root_sets_level(BACK, CONTROL_CONNECTION_CLIENT_DEAD);
    console_begin(false);
    settle();
    settle();
    ck_assert_uint_eq(console.mux.client[BACK].state, MUX_DEAD);
    ck_assert_str_eq(mux_client_name(&console.mux, BACK), "right");
    ck_assert_uint_eq(answer_of(BACK), CONTROL_ANSWER_LEFT);
}
END_TEST

START_TEST(test_service_level_stands_behind_the_lines_about_it)
{
    /* The root server's line about an end is shown before the next guest comes to the front. */
    for (unsigned i = 0; i < 40; i++)
        root_sends(
            (struct control_line){.kind = CONTROL_LINE_TEXT, .length = 5, .text = "why\r\n"});
    root_sets_level(FRONT, CONTROL_CONNECTION_CLIENT_DEAD);
    settle();
    settle();
    const char *switched = strstr(shown(), "right is in front");
    ck_assert_ptr_nonnull(switched);
    ck_assert_ptr_null(strstr(switched, "why"));
}
END_TEST

static void root_says(unsigned about, enum control_line_kind kind, const char *text)
{
    struct control_line record = {
        .kind = (uint8_t)kind, .about = (uint8_t)about, .length = (uint8_t)strlen(text)};
    memcpy(record.text, text, record.length);
    root_sends(record);
}

START_TEST(test_service_line_stands_behind_output_of_its_guest)
{
    /* A line about the front guest comes after all of the guest's output, even more than the
       multiplexer holds; a later line without a guest comes after that line. */
    static char words[OUTPUT_BYTES + 1];
    memset(words, 'w', OUTPUT_BYTES);
    chip.is_empty = false;
    ck_assert_uint_eq(client_writes(FRONT, words), OUTPUT_BYTES);
    root_says(FRONT + 1, CONTROL_LINE_TEXT, "left is off\r\n");
    root_says(0, CONTROL_LINE_TEXT, "all are off\r\n");
    settle();
    chip.is_empty = true;
    settle();
    const char *line = strstr(shown(), "left is off\r\n");
    ck_assert_ptr_nonnull(line);
    ck_assert_ptr_null(strchr(line, 'w'));
    ck_assert_uint_eq((size_t)(strrchr(shown(), 'w') - shown()), OUTPUT_BYTES - 1);
    ck_assert_ptr_eq(strstr(line, "all are off\r\n"), line + 13 + strlen(MARK));
}
END_TEST

START_TEST(test_service_line_about_a_guest_in_the_back_is_shown_at_once)
{
    /* Before a line about a background guest, the guest's output is moved to its scrollback. */
    client_writes(BACK, "unseen");
    root_says(BACK + 1, CONTROL_LINE_TEXT, "right is off\r\n");
    settle();
    ck_assert_str_eq(shown(), MARK "right is off\r\n");
    ck_assert_uint_eq(mux_written(&console.mux, BACK), 6);
}
END_TEST

START_TEST(test_service_line_is_not_held_up_by_a_lying_guest)
{
    /* A guest with a broken ring, or one that it clears or never stops filling, cannot hold a
       line about itself back from the terminal. */
    static char flood[OUTPUT_BYTES + 1];
    _Atomic uint32_t *index = &memory.client[FRONT].shared[CONSOLE_RING_OUTPUT].producer.index;
    memset(flood, 'f', OUTPUT_BYTES);
    chip.is_empty = false;
    client_writes(FRONT, flood);
    root_says(FRONT + 1, CONTROL_LINE_TEXT, "left is off\r\n");
    settle();
    chip.is_empty = true;
    if (_i == 0)
        *index += OUTPUT_BYTES + 1;
    else if (_i == 1)
        *index -= 8000;
    for (unsigned turns = 0; strstr(shown(), "left is off\r\n") == NULL; turns++) {
        ck_assert_uint_lt(turns, 1000);
        service_turn(&console.service, SERVICE_BIT_ROOT);
        if (_i == 2)
            client_writes(FRONT, flood);
    }
}
END_TEST

START_TEST(test_service_terminal_that_stands_still_leaves_the_ring_empty)
{
    /* The ring is emptied even if the terminal is slow.  Log lines of processes are dropped and
       counted; the root server's own lines are kept. */
    uint32_t room = 0;
    chip.is_empty = false;
    for (unsigned i = 0; i < 3000; i++) {
        root_says(0, CONTROL_LINE_LOG, "a line of some process's log\r\n");
        if (i % 10 == 9)
            root_says(0, CONTROL_LINE_TEXT, "own\r\n");
        settle();
        ck_assert_int_eq(ring_room(&down, &room), OK);
        ck_assert_uint_eq(room, CONTROL_DOWN_LINE_MAX);
    }
    chip.is_empty = true;
    settle();
    root_says(0, CONTROL_LINE_LOG, "log goes on\r\n");
    settle();
    unsigned own = 0;
    for (const char *at = shown(); (at = strstr(at, "own\r\n")) != NULL; at++)
        own++;
    ck_assert_uint_eq(own, 300);
    ck_assert_ptr_nonnull(strstr(shown(), "lines dropped)\r\n" MARK "log goes on\r\n"));
}
END_TEST

START_TEST(test_service_line_without_end_is_broken)
{
    /* Records without a line end still come out as lines. */
    char text[sizeof((struct control_line *)0)->text + 1] = {0};
    memset(text, 'e', sizeof text - 1);
    for (unsigned i = 0; i < 40; i++)
        root_says(0, CONTROL_LINE_TEXT, text);
    settle();
    ck_assert_uint_gt(strlen(shown()), 30 * (sizeof text - 1));
    ck_assert_ptr_nonnull(strstr(shown(), "e\r\n" MARK "e"));
}
END_TEST

START_TEST(test_service_control_nonsense_is_ignored)
{
    /* Records with an invalid length or kind, and invalid levels, change nothing. */
    struct control_line record = {.kind = CONTROL_LINE_TEXT, .length = 255};
    memset(record.text, 'n', sizeof record.text);
    record.text[sizeof record.text - 1] = '\n';
    root_sends(record);
    root_sets_level(FRONT, CONTROL_CONNECTION_LEAVING + 1);
    root_sets_level(BACK, CONTROL_STATE_MASK);
    root_sends((struct control_line){.kind = 250});
    settle();
    ck_assert_uint_eq(strlen(shown()), strlen(MARK) + sizeof record.text + 1); /* \r\n for \n */
    ck_assert_uint_eq(console.mux.client[FRONT].state, MUX_RUNNING);
    ck_assert_uint_eq(console.mux.client[BACK].state, MUX_RUNNING);
    ck_assert_uint_eq(console.mux.front, FRONT);
}
END_TEST

START_TEST(test_service_sleep_asks_for_signals)
{
    /* A sleeping service gets a signal for output of clients and of the root server alike. */
    sleep_deep();
    client_writes(FRONT, "a");
    ck_assert(ring_producer_wakes(&memory.client[FRONT].output));
    client_writes(BACK, "b");
    ck_assert(ring_producer_wakes(&memory.client[BACK].output));
    root_sends((struct control_line){.kind = CONTROL_LINE_TEXT});
    ck_assert(ring_producer_wakes(&down));
}
END_TEST

START_TEST(test_service_sleep_after_output_holds_signals_back)
{
    /* After output the next byte needs no signal: the service polls once, a millisecond later. */
    uint64_t deadline;
    now_ticks = 5000;
    client_writes(FRONT, "a");
    settle();
    ck_assert(service_sleep(&console.service, &deadline));
    ck_assert_uint_eq(deadline, now_ticks + HZ / 1000);
    client_writes(FRONT, "b");
    ck_assert(!ring_producer_wakes(&memory.client[FRONT].output));
    now_ticks = deadline;
    settle();
    ck_assert_str_eq(shown(), "ab");
    sleep_deep();
}
END_TEST

START_TEST(test_service_sleep_refuses_when_something_came)
{
    /* Output written between the last poll and the sleep is seen. */
    uint64_t deadline;
    sleep_deep();
    settle();
    client_writes(BACK, "x");
    ck_assert(!service_sleep(&console.service, &deadline));
}
END_TEST

START_TEST(test_service_sleep_wants_transmit_interrupt_only_to_send)
{
    /* The transmit interrupt is on only while bytes wait to be sent. */
    uint64_t deadline;
    chip.is_empty = false;
    client_writes(FRONT, "text");
    settle();
    ck_assert(service_sleep(&console.service, &deadline));
    ck_assert_uint_eq(chip.reg[1], 3);
    chip.is_empty = true;
    settle();
    ck_assert(service_sleep(&console.service, &deadline));
    ck_assert_uint_eq(chip.reg[1], 1);
}
END_TEST

START_TEST(test_service_client_without_a_key_is_refused)
{
    /* No key brings a 17th client to the front. */
    region_down()->connection_most = CONTROL_CONNECTIONS_MAX;
    console_begin(false);
    *entry_at(CONSOLE_CLIENTS_MAX) = *entry_at(FRONT);
    settle();
    ck_assert_uint_eq(answer_of(CONSOLE_CLIENTS_MAX), CONTROL_ANSWER_REFUSED);
}
END_TEST

START_TEST(test_service_client_that_leaves_is_not_listed)
{
    /* A client that is taken away makes room in front, and its number names no client. */
    entry_at(FRONT)->state = control_state(1, CONTROL_CONNECTION_LEAVING);
    settle();
    ck_assert_uint_eq(answer_of(FRONT), CONTROL_ANSWER_LEFT);
    ck_assert_ptr_nonnull(strstr(shown(), "1 right is in front]"));
    person_types("\x1d"
                 "0\x1d?");
    settle();
    ck_assert_ptr_nonnull(strstr(shown(), "there is no such guest"));
    ck_assert_ptr_null(strstr(shown(), "left"));
}
END_TEST

/* ---- a new life ---------------------------------------------------------------------- */

START_TEST(test_service_new_life_shows_the_output_of_the_last)
{
    /* The scrollbacks and the client in front are those of the last life. */
    client_writes(BACK, "one\r\ntwo");
    person_types("\x1d"
                 "1");
    settle();
    chip.sent_count = 0;
    console_begin(false);
    settle();
    ck_assert_uint_eq(console.mux.front, BACK);
    ck_assert_ptr_nonnull(strstr(shown(), "two"));
    ck_assert_ptr_null(strstr(shown(), "one"));
    client_writes(BACK, " three");
    settle();
    ck_assert_ptr_nonnull(strstr(shown(), "two three"));
}
END_TEST

START_TEST(test_service_new_life_shows_what_the_terminal_did_not_take)
{
    /* Output that was taken from the ring and not sent is sent by the next life. */
    chip.is_empty = false;
    client_writes(FRONT, "first line\r\nsecond");
    settle();
    ck_assert_str_eq(shown(), "");
    console_begin(false);
    chip.is_empty = true;
    settle();
    ck_assert_ptr_nonnull(strstr(shown(), "first line\r\nsecond"));
}
END_TEST

START_TEST(test_service_new_life_takes_output_once)
{
    /* A death between the scrollback and the ring doubles no byte and loses none. */
    struct ring_side *side = &memory.client[FRONT].shared[CONSOLE_RING_OUTPUT].consumer;
    uint32_t before = side->index;
    client_writes(FRONT, "abc");
    settle();
    side->index = before + 1; /* as if the life had ended before the ring was told */
    client_writes(FRONT, "def");
    console_begin(false);
    settle();
    ck_assert_ptr_nonnull(strstr(shown(), "abcdef"));
    ck_assert_uint_eq(mux_written(&console.mux, FRONT), 6);
}
END_TEST

START_TEST(test_service_new_life_passes_keys_once)
{
    /* Keys that the last life took are passed on; those that it passed on are not passed again. */
    keyboard_fill();
    size_t typed = strlen(client_reads(FRONT));
    struct ring_side *side = &memory.client[FRONT].shared[CONSOLE_RING_INPUT].producer;
    ck_assert_uint_eq(side->index, INPUT_BYTES);
    uint32_t waiting = MUX_TYPED_BYTES - (uint32_t)mux_typed_room(&console.mux);
    ck_assert_uint_gt(waiting, 100);
    waiting += (uint32_t)(chip.received_count - chip.received_at); /* the UART has more */
    side->index += 100; /* as if the life had ended before it stored that these were passed on */
    (void)client_reads(FRONT);
    console_begin(false);
    settle();
    ck_assert_uint_eq(typed, INPUT_BYTES);
    ck_assert_uint_eq(side->index, INPUT_BYTES + waiting);
}
END_TEST

START_TEST(test_service_new_life_goes_on_after_the_escape_key)
{
    /* A death between the escape key and the next key loses neither. */
    person_types("\x1d");
    settle();
    console_begin(false);
    settle();
    person_types("1");
    settle();
    ck_assert_uint_eq(console.mux.front, BACK);
    ck_assert_str_eq(client_reads(FRONT), "");
}
END_TEST

START_TEST(test_service_keys_of_a_client_that_is_gone_are_dropped)
{
    /* Keys for the client that was in front are not passed to another. */
    person_types("\x1d"
                 "1");
    settle();
    chip.received_at = chip.received_count = 0;
    ck_assert_uint_eq(console.mux.front, BACK);
    kept.typed[0] = 'k';
    kept.typed_in = ((uint32_t)kept.typed_out + 1) & 0x7fffffff;
    entry_at(BACK)->state = 0;
    console_begin(false);
    settle();
    ck_assert_uint_eq(console.mux.front, FRONT);
    ck_assert_str_eq(client_reads(FRONT), "");
}
END_TEST

START_TEST(test_service_kept_nonsense_is_survived)
{
    /* Whatever the kept memory holds, all that follows is shown, whole and in order. */
    uint32_t seed = 99 + (uint32_t)_i;
    uint8_t *bytes = (uint8_t *)&kept;
    for (size_t i = sizeof kept.version; i < sizeof kept; i++) {
        seed = seed * 1664525 + 1013904223;
        bytes[i] = _i % 2 ? (uint8_t)(seed >> 24) : (uint8_t)(_i % 4 < 2 ? 0 : 0xff);
    }
    if (_i >= 4) /* the names fit, the indices do not */
        for (unsigned i = 0; i < CLIENT_COUNT; i++)
            memcpy(kept.client[i].name, entry_at(i)->client, NAME_BYTES);
    console_begin(false);
    settle();
    chip.sent_count = 0;
    client_writes(FRONT, "good output\r\n");
    person_types("\x1d"
                 "1\x1d"
                 "0ok");
    settle();
    ck_assert_ptr_nonnull(strstr(shown(), "good output"));
    ck_assert_ptr_nonnull(strstr(client_reads(FRONT), "ok"));
}
END_TEST

START_TEST(test_service_without_clients_shows_the_log)
{
    /* Without guests the terminal works, and keys do no harm. */
    uint64_t deadline;
    for (unsigned i = 0; i < CLIENT_COUNT; i++)
        entry_at(i)->state = 0;
    console_begin(true);
    root_sends((struct control_line){.kind = CONTROL_LINE_TEXT, .length = 4, .text = "hi\r\n"});
    person_types("abc\x1d"
                 "1\x1dn");
    settle();
    ck_assert_ptr_nonnull(strstr(shown(), "hi\r\n"));
    ck_assert(service_sleep(&console.service, &deadline));
}
END_TEST

Suite *service_suite(void)
{
    Suite *suite = suite_create("service");
    TCase *tc = tcase_create("service");
    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, test_service_output_of_front_reaches_terminal);
    tcase_add_test(tc, test_service_output_in_background_waits);
    tcase_add_test(tc, test_service_full_ring_wakes_its_client_when_taken);
    tcase_add_test(tc, test_service_keys_reach_front_and_wake_it);
    tcase_add_test(tc, test_service_unread_keys_hold_keyboard_for_a_second);
    tcase_add_test(tc, test_service_unread_keys_pass_once_read);
    tcase_add_test(tc, test_service_lying_ring_hurts_its_client_only);
    tcase_add_test(tc, test_service_broken_ring_works_after_attaching_anew);
    tcase_add_test(tc, test_service_flush_answers_when_all_is_shown);
    tcase_add_test(tc, test_service_ended_client_shows_its_last_words_first);
    tcase_add_test(tc, test_service_level_holds_however_often_it_changes);
    tcase_add_loop_test(tc, test_service_level_from_before_its_start_counts, 0, 2);
    tcase_add_test(tc, test_service_level_stands_behind_the_lines_about_it);
    tcase_add_test(tc, test_service_line_stands_behind_output_of_its_guest);
    tcase_add_test(tc, test_service_line_about_a_guest_in_the_back_is_shown_at_once);
    tcase_add_loop_test(tc, test_service_line_is_not_held_up_by_a_lying_guest, 0, 3);
    tcase_add_test(tc, test_service_terminal_that_stands_still_leaves_the_ring_empty);
    tcase_add_test(tc, test_service_line_without_end_is_broken);
    tcase_add_test(tc, test_service_control_nonsense_is_ignored);
    tcase_add_test(tc, test_service_sleep_asks_for_signals);
    tcase_add_test(tc, test_service_sleep_after_output_holds_signals_back);
    tcase_add_test(tc, test_service_sleep_refuses_when_something_came);
    tcase_add_test(tc, test_service_sleep_wants_transmit_interrupt_only_to_send);
    tcase_add_test(tc, test_service_client_without_a_key_is_refused);
    tcase_add_test(tc, test_service_client_that_leaves_is_not_listed);
    tcase_add_test(tc, test_service_new_life_shows_the_output_of_the_last);
    tcase_add_test(tc, test_service_new_life_shows_what_the_terminal_did_not_take);
    tcase_add_test(tc, test_service_new_life_takes_output_once);
    tcase_add_test(tc, test_service_new_life_passes_keys_once);
    tcase_add_test(tc, test_service_new_life_goes_on_after_the_escape_key);
    tcase_add_test(tc, test_service_keys_of_a_client_that_is_gone_are_dropped);
    tcase_add_loop_test(tc, test_service_kept_nonsense_is_survived, 0, 12);
    tcase_add_test(tc, test_service_without_clients_shows_the_log);
    suite_add_tcase(suite, tc);
    return suite;
}
