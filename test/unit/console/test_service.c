/* SPDX-License-Identifier: BSD-2-Clause */
/* services/console: the whole service with real rings, a model of the UART and a clock. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <services/console/service.h>
#include <test/unit/console/chip.h>
#include <test/unit/console/suites.h>

#define HZ           10000000u
#define CLIENT_COUNT 2u
#define FRONT        0u
#define BACK         1u

/* The memory that the two clients and the root server share with the service. */
static uint8_t *region[CLIENT_COUNT], *control;
static struct ring_producer output[CLIENT_COUNT];
static struct ring_consumer input[CLIENT_COUNT];
static struct ring_producer down;
static struct ring_consumer up;

static struct chip chip;
static struct console_start start;
static struct service service;
static uint64_t now_ticks;
static unsigned client_wakes[CLIENT_COUNT], root_wakes;

static void wake_client(void *context, unsigned client)
{
    (void)context;
    ck_assert_uint_lt(client, CLIENT_COUNT);
    client_wakes[client]++;
}

static void wake_root(void *context)
{
    (void)context;
    root_wakes++;
}

static uint64_t time_ticks(void *context)
{
    (void)context;
    return now_ticks;
}

#define MARK FILTER_MARK " "

static struct uart uart = {.read = chip_read, .write = chip_write, .context = &chip};
static const struct service_ops ops = {.wake_client = wake_client,
                                       .wake_root = wake_root,
                                       .time_ticks = time_ticks,
                                       .timebase_hz = HZ};

static struct ring_shared *shared(uint8_t *base, size_t offset)
{
    return (struct ring_shared *)(void *)(base + offset);
}

static void client_attach(unsigned i)
{
    ck_assert_int_eq(ring_producer_attach(&output[i], shared(region[i], CONSOLE_OUTPUT_SHARED),
                                          region[i] + CONSOLE_OUTPUT_DATA, CONSOLE_OUTPUT_BYTES, 1),
                     OK);
    ck_assert_int_eq(ring_consumer_attach(&input[i], shared(region[i], CONSOLE_INPUT_SHARED),
                                          region[i] + CONSOLE_INPUT_DATA, CONSOLE_INPUT_BYTES, 1),
                     OK);
}

static void root_attach(void)
{
    ck_assert_int_eq(ring_producer_attach(&down, shared(control, CONSOLE_CONTROL_DOWN_SHARED),
                                          control + CONSOLE_CONTROL_DOWN_DATA,
                                          CONSOLE_CONTROL_DOWN_RECORDS,
                                          sizeof(struct console_record)),
                     OK);
    ck_assert_int_eq(ring_consumer_attach(&up, shared(control, CONSOLE_CONTROL_UP_SHARED),
                                          control + CONSOLE_CONTROL_UP_DATA,
                                          CONSOLE_CONTROL_UP_RECORDS,
                                          sizeof(struct console_record)),
                     OK);
}

static void setup(void)
{
    start = (struct console_start){.version = CONSOLE_START_VERSION, .client_count = CLIENT_COUNT};
    for (unsigned i = 0; i < CLIENT_COUNT; i++) {
        region[i] = aligned_alloc(64, CONSOLE_REGION_BYTES);
        memset(region[i], 0, CONSOLE_REGION_BYTES);
        start.client[i].region_address = (uintptr_t)region[i];
        strcpy(start.client[i].name, i == FRONT ? "left" : "right");
        client_attach(i);
    }
    control = aligned_alloc(64, CONSOLE_CONTROL_BYTES);
    memset(control, 0, CONSOLE_CONTROL_BYTES);
    start.control_address = (uintptr_t)control;
    root_attach();
    chip.is_empty = true;
    ck_assert_int_eq(service_init(&service, &start, &uart, &ops), OK);
    uart_init(&uart);
    ck_assert(!service_move(&service)); /* a first service has nothing to reset */
}

static void teardown(void)
{
    for (unsigned i = 0; i < CLIENT_COUNT; i++)
        free(region[i]);
    free(control);
}

/* ---- actions of clients, keyboard and root server ---------------------------------- */

static uint32_t client_writes(unsigned i, const char *text)
{
    uint32_t written = 0;
    ck_assert_int_eq(ring_write(&output[i], text, (uint32_t)strlen(text), &written), OK);
    return written;
}

static const char *client_reads(unsigned i)
{
    static char text[CONSOLE_INPUT_BYTES + 1];
    uint32_t got = 0;
    ck_assert_int_eq(ring_read(&input[i], text, CONSOLE_INPUT_BYTES, &got), OK);
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

static void root_sends(struct console_record record)
{
    uint32_t written = 0;
    ck_assert_int_eq(ring_write(&down, &record, 1, &written), OK);
    ck_assert_uint_eq(written, 1);
}

/* Sets the state without the text that the protocol requires before it. */
static void root_sets_level(unsigned client, uint32_t state)
{
    struct console_levels *levels = (void *)(control + CONSOLE_CONTROL_LEVELS);
    levels->guest[client] = state;
}

static bool root_is_answered(uint32_t value)
{
    struct console_record record;
    uint32_t got = 0;
    ck_assert_int_eq(ring_read(&up, &record, 1, &got), OK);
    return got == 1 && record.kind == CONSOLE_RECORD_FLUSHED && record.value == value;
}

static void settle(void)
{
    for (unsigned turns = 0; service_move(&service); turns++)
        ck_assert_uint_lt(turns, 10000);
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
        ck_assert(service_sleep(&service, &deadline));
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
    ck_assert_int_eq(ring_room(&output[BACK], &room), OK);
    ck_assert_uint_eq(room, CONSOLE_OUTPUT_BYTES);
    person_types("\x1d"
                 "1");
    settle();
    ck_assert_ptr_nonnull(strstr(shown(), "right is in front]\r\nhello"));
}
END_TEST

START_TEST(test_service_full_ring_wakes_its_client_when_taken)
{
    /* A client that waits for room is signalled when there is room; no other client is. */
    static char flood[CONSOLE_OUTPUT_BYTES + 1];
    memset(flood, 'x', CONSOLE_OUTPUT_BYTES);
    chip.is_empty = false;
    ck_assert_uint_eq(client_writes(FRONT, flood), CONSOLE_OUTPUT_BYTES);
    ck_assert(ring_producer_sleep(&output[FRONT]));
    settle();
    ck_assert_uint_eq(client_wakes[FRONT], 1);
    ck_assert_uint_eq(client_wakes[BACK], 0);
    chip.is_empty = true;
    settle();
    ck_assert_uint_eq(chip.sent_count, CONSOLE_OUTPUT_BYTES);
}
END_TEST

START_TEST(test_service_keys_reach_front_and_wake_it)
{
    /* Keys go to the front client alone; a sleeping client is signalled. */
    ck_assert(ring_consumer_sleep(&input[FRONT]));
    person_types("ls\r");
    settle();
    ck_assert_str_eq(client_reads(FRONT), "ls\r");
    ck_assert_str_eq(client_reads(BACK), "");
    ck_assert_uint_eq(client_wakes[FRONT], 1);
    ck_assert_uint_eq(client_wakes[BACK], 0);
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
    ck_assert(service_sleep(&service, &deadline));
    ck_assert_uint_eq(deadline, now_ticks + HZ);
    ck_assert_uint_eq(chip.reg[1] & 1, 0);
    now_ticks = deadline;
    person_types("\x1d"
                 "1");
    settle();
    ck_assert_uint_eq(chip.received_at, chip.received_count);
    ck_assert_uint_eq(service.mux.front, BACK);
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
    ck_assert_uint_ge(taken, CONSOLE_INPUT_BYTES + MUX_TYPED_BYTES);
    ck_assert_uint_eq(taken % 64, 0);
}
END_TEST

START_TEST(test_service_lying_ring_hurts_its_client_only)
{
    /* Impossible indices stop that client, with one message however often it repeats them. */
    _Atomic uint32_t *index = &shared(region[BACK], CONSOLE_OUTPUT_SHARED)->producer.index;
    for (unsigned i = 0; i < 5; i++) {
        *index += CONSOLE_OUTPUT_BYTES + 1;
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
    shared(region[FRONT], CONSOLE_OUTPUT_SHARED)->producer.index += CONSOLE_OUTPUT_BYTES + 1;
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
    root_sends((struct console_record){.kind = CONSOLE_RECORD_FLUSH, .value = 7});
    settle();
    ck_assert(!root_is_answered(7));
    chip.is_empty = true;
    ck_assert(ring_consumer_sleep(&up));
    settle();
    service_move(&service);
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
    root_sets_level(FRONT, CONSOLE_STATE_ENDED);
    settle();
    ck_assert_uint_eq(service.mux.front, FRONT);
    chip.is_empty = true;
    settle();
    service_move(&service);
    ck_assert_uint_eq(service.mux.front, BACK);
    settle();
    ck_assert_ptr_eq(strstr(shown(), "Power down\r\n"), shown());
}
END_TEST

START_TEST(test_service_level_holds_however_often_it_changes)
{
    /* The last state of each guest is shown. */
    root_sets_level(BACK, CONSOLE_STATE_DEAD);
    root_sets_level(FRONT, CONSOLE_STATE_ENDED);
    settle();
    ck_assert_uint_eq(service.mux.client[FRONT].state, MUX_ENDED);
    ck_assert_uint_eq(service.mux.client[BACK].state, MUX_DEAD);
    root_sets_level(BACK, CONSOLE_STATE_RUNNING);
    settle();
    ck_assert_uint_eq(service.mux.client[BACK].state, MUX_RUNNING);
}
END_TEST

START_TEST(test_service_level_from_before_its_start_counts)
{
    /* A service that is started anew finds the state changes from before its start. */
    root_sets_level(BACK, CONSOLE_STATE_DEAD);
    ck_assert_int_eq(service_init(&service, &start, &uart, &ops), OK);
    settle();
    ck_assert_uint_eq(service.mux.client[BACK].state, MUX_DEAD);
}
END_TEST

START_TEST(test_service_level_stands_behind_the_lines_about_it)
{
    /* The root server's line about an end is shown before the next guest comes to the front. */
    for (unsigned i = 0; i < 40; i++)
        root_sends(
            (struct console_record){.kind = CONSOLE_RECORD_TEXT, .length = 5, .text = "why\r\n"});
    root_sets_level(FRONT, CONSOLE_STATE_DEAD);
    settle();
    settle();
    const char *switched = strstr(shown(), "right is in front");
    ck_assert_ptr_nonnull(switched);
    ck_assert_ptr_null(strstr(switched, "why"));
}
END_TEST

static void root_says(unsigned about, enum console_record_kind kind, const char *text)
{
    struct console_record record = {
        .kind = (uint8_t)kind, .about = (uint8_t)about, .length = (uint8_t)strlen(text)};
    memcpy(record.text, text, record.length);
    root_sends(record);
}

START_TEST(test_service_line_stands_behind_output_of_its_guest)
{
    /* A line about the front guest comes after all of the guest's output, even more than the
       multiplexer holds; a later line without a guest comes after that line. */
    static char words[CONSOLE_OUTPUT_BYTES + 1];
    memset(words, 'w', CONSOLE_OUTPUT_BYTES);
    chip.is_empty = false;
    ck_assert_uint_eq(client_writes(FRONT, words), CONSOLE_OUTPUT_BYTES);
    root_says(FRONT + 1, CONSOLE_RECORD_TEXT, "left is off\r\n");
    root_says(0, CONSOLE_RECORD_TEXT, "all are off\r\n");
    settle();
    chip.is_empty = true;
    settle();
    const char *line = strstr(shown(), "left is off\r\n");
    ck_assert_ptr_nonnull(line);
    ck_assert_ptr_null(strchr(line, 'w'));
    ck_assert_uint_eq((size_t)(strrchr(shown(), 'w') - shown()), CONSOLE_OUTPUT_BYTES - 1);
    ck_assert_ptr_eq(strstr(line, "all are off\r\n"), line + 13 + strlen(MARK));
}
END_TEST

START_TEST(test_service_line_about_a_guest_in_the_back_is_shown_at_once)
{
    /* Before a line about a background guest, the guest's output is moved to its scrollback. */
    client_writes(BACK, "unseen");
    root_says(BACK + 1, CONSOLE_RECORD_TEXT, "right is off\r\n");
    settle();
    ck_assert_str_eq(shown(), MARK "right is off\r\n");
    ck_assert_uint_eq(service.mux.client[BACK].written, 6);
}
END_TEST

START_TEST(test_service_line_is_not_held_up_by_a_lying_guest)
{
    /* A guest with a broken ring, or one that it clears or never stops filling, cannot hold a
       line about itself back from the terminal. */
    static char flood[CONSOLE_OUTPUT_BYTES + 1];
    _Atomic uint32_t *index = &shared(region[FRONT], CONSOLE_OUTPUT_SHARED)->producer.index;
    memset(flood, 'f', CONSOLE_OUTPUT_BYTES);
    chip.is_empty = false;
    client_writes(FRONT, flood);
    root_says(FRONT + 1, CONSOLE_RECORD_TEXT, "left is off\r\n");
    settle();
    chip.is_empty = true;
    if (_i == 0)
        *index += CONSOLE_OUTPUT_BYTES + 1;
    else if (_i == 1)
        *index -= 8000;
    for (unsigned turns = 0; strstr(shown(), "left is off\r\n") == NULL; turns++) {
        ck_assert_uint_lt(turns, 1000);
        service_move(&service);
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
        root_says(0, CONSOLE_RECORD_LOG, "a line of some process's log\r\n");
        if (i % 10 == 9)
            root_says(0, CONSOLE_RECORD_TEXT, "own\r\n");
        settle();
        ck_assert_int_eq(ring_room(&down, &room), OK);
        ck_assert_uint_eq(room, CONSOLE_CONTROL_DOWN_RECORDS);
    }
    chip.is_empty = true;
    settle();
    root_says(0, CONSOLE_RECORD_LOG, "log goes on\r\n");
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
    char text[sizeof((struct console_record *)0)->text + 1] = {0};
    memset(text, 'e', sizeof text - 1);
    for (unsigned i = 0; i < 40; i++)
        root_says(0, CONSOLE_RECORD_TEXT, text);
    settle();
    ck_assert_uint_gt(strlen(shown()), 30 * (sizeof text - 1));
    ck_assert_ptr_nonnull(strstr(shown(), "e\r\n" MARK "e"));
}
END_TEST

START_TEST(test_service_control_nonsense_is_ignored)
{
    /* Records with an invalid length or kind, and invalid levels, change nothing. */
    struct console_record record = {.kind = CONSOLE_RECORD_TEXT, .length = 255};
    memset(record.text, 'n', sizeof record.text);
    record.text[sizeof record.text - 1] = '\n';
    root_sends(record);
    root_sets_level(FRONT, CONSOLE_STATE_DEAD + 1);
    root_sets_level(BACK, UINT32_MAX);
    root_sends((struct console_record){.kind = 250});
    settle();
    ck_assert_uint_eq(strlen(shown()), strlen(MARK) + sizeof record.text + 1); /* \r\n for \n */
    ck_assert_uint_eq(service.mux.client[FRONT].state, MUX_RUNNING);
    ck_assert_uint_eq(service.mux.client[BACK].state, MUX_RUNNING);
    ck_assert_uint_eq(service.mux.front, FRONT);
}
END_TEST

START_TEST(test_service_sleep_asks_for_signals)
{
    /* A sleeping service gets a signal for output of clients and of the root server alike. */
    sleep_deep();
    client_writes(FRONT, "a");
    ck_assert(ring_producer_wakes(&output[FRONT]));
    client_writes(BACK, "b");
    ck_assert(ring_producer_wakes(&output[BACK]));
    root_sends((struct console_record){.kind = CONSOLE_RECORD_TEXT});
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
    ck_assert(service_sleep(&service, &deadline));
    ck_assert_uint_eq(deadline, now_ticks + HZ / 1000);
    client_writes(FRONT, "b");
    ck_assert(!ring_producer_wakes(&output[FRONT]));
    now_ticks = deadline;
    settle();
    ck_assert_str_eq(shown(), "ab");
    sleep_deep();
}
END_TEST

START_TEST(test_service_sleep_refuses_when_something_came)
{
    /* Output written between the last poll and the sleep is seen. */
    uint64_t deadline = 1;
    sleep_deep();
    settle();
    client_writes(BACK, "x");
    ck_assert(!service_sleep(&service, &deadline));
    ck_assert_uint_eq(deadline, 1);
}
END_TEST

START_TEST(test_service_sleep_wants_transmit_interrupt_only_to_send)
{
    /* The transmit interrupt is on only while bytes wait to be sent. */
    uint64_t deadline;
    chip.is_empty = false;
    client_writes(FRONT, "text");
    settle();
    ck_assert(service_sleep(&service, &deadline));
    ck_assert_uint_eq(chip.reg[1], 3);
    chip.is_empty = true;
    settle();
    ck_assert(service_sleep(&service, &deadline));
    ck_assert_uint_eq(chip.reg[1], 1);
}
END_TEST

START_TEST(test_service_init_refuses_bad_record)
{
    /* A start record of another version, or with too many clients, is refused. */
    start.version++;
    ck_assert_int_eq(service_init(&service, &start, &uart, &ops), ERR_INVALID_ARG);
    start.version--;
    start.client_count = CLIENTS_MAX + 1;
    ck_assert_int_eq(service_init(&service, &start, &uart, &ops), ERR_INVALID_ARG);
}
END_TEST

START_TEST(test_service_without_clients_shows_the_log)
{
    /* Without guests the terminal works, and keys do no harm. */
    uint64_t deadline;
    start.client_count = 0;
    ck_assert_int_eq(service_init(&service, &start, &uart, &ops), OK);
    root_sends((struct console_record){.kind = CONSOLE_RECORD_TEXT, .length = 4, .text = "hi\r\n"});
    person_types("abc\x1d"
                 "1\x1dn");
    settle();
    ck_assert_ptr_nonnull(strstr(shown(), "hi\r\n"));
    ck_assert(service_sleep(&service, &deadline));
}
END_TEST

Suite *service_suite(void)
{
    Suite *suite = suite_create("service");
    TCase *tc = tcase_create("service");
    tcase_add_checked_fixture(tc, setup, teardown);
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
    tcase_add_test(tc, test_service_level_from_before_its_start_counts);
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
    tcase_add_test(tc, test_service_init_refuses_bad_record);
    tcase_add_test(tc, test_service_without_clients_shows_the_log);
    suite_add_tcase(suite, tc);
    return suite;
}
