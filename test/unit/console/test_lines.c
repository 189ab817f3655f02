/* SPDX-License-Identifier: BSD-2-Clause */
/* services/console: the root server's lines on the terminal, and the states of the clients. */
#include <string.h>

#include <test/unit/console/suites.h>
#include <test/unit/console/world.h>

START_TEST(test_service_flush_answers_when_all_is_shown)
{
    /* The answer to a flush waits for the last byte to leave the UART. */
    world.chip.is_empty = false;
    client_writes(FRONT, "last words");
    root_sends((struct control_line){.kind = CONTROL_LINE_FLUSH, .value = 7});
    world_settle();
    ck_assert(!root_is_answered(7));
    world.chip.is_empty = true;
    ck_assert(ring_consumer_sleep(&world.lines_up));
    world_settle();
    service_turn(&world.console.service, SERVICE_BIT_ROOT);
    ck_assert_str_eq(world_shown(), "last words");
    ck_assert(root_is_answered(7));
    ck_assert_uint_eq(world.root_wakes, 1);
}
END_TEST

START_TEST(test_service_ended_client_shows_its_last_words_first)
{
    /* A guest that powered itself off stays in front until all its output is shown. */
    world.chip.is_empty = false;
    client_writes(FRONT, "Power down\r\n");
    root_sets_level(FRONT, CONTROL_CONNECTION_CLIENT_ENDED);
    world_settle();
    ck_assert_uint_eq(world.console.mux.front, FRONT);
    world.chip.is_empty = true;
    world_settle();
    service_turn(&world.console.service, SERVICE_BIT_ROOT);
    ck_assert_uint_eq(world.console.mux.front, BACK);
    world_settle();
    ck_assert_ptr_eq(strstr(world_shown(), "Power down\r\n"), world_shown());
}
END_TEST

START_TEST(test_service_level_holds_however_often_it_changes)
{
    /* The last state of each guest is shown. */
    root_sets_level(BACK, CONTROL_CONNECTION_CLIENT_DEAD);
    root_sets_level(FRONT, CONTROL_CONNECTION_CLIENT_ENDED);
    world_settle();
    ck_assert_uint_eq(world.console.mux.client[FRONT].state, MUX_ENDED);
    ck_assert_uint_eq(world.console.mux.client[BACK].state, MUX_DEAD);
    ck_assert_uint_eq(client_answer(FRONT), CONTROL_ANSWER_LEFT);
    ck_assert_uint_eq(client_answer(BACK), CONTROL_ANSWER_LEFT);
    memset(&world.client[BACK], 0, sizeof world.client[BACK]);
    client_offer(BACK);
    client_entry(BACK)->state = control_state(2, CONTROL_CONNECTION_OFFERED);
    world_settle();
    ck_assert_uint_eq(client_answer(BACK), CONTROL_ANSWER_ACCEPTED);
    ck_assert_uint_eq(world.console.mux.client[BACK].state, MUX_RUNNING);
}
END_TEST

START_TEST(test_service_level_from_before_its_start_counts)
{
    /* A new life finds the ends from before its start, also when the memory is gone already. */
    if (_i == 1)
        client_entry(BACK)->ring[0].shared_address = 0;
    root_sets_level(BACK, CONTROL_CONNECTION_CLIENT_DEAD);
    console_begin(false);
    world_settle();
    world_settle();
    ck_assert_uint_eq(world.console.mux.client[BACK].state, MUX_DEAD);
    ck_assert_str_eq(mux_client_name(&world.console.mux, BACK), "right");
    ck_assert_uint_eq(client_answer(BACK), CONTROL_ANSWER_LEFT);
}
END_TEST

START_TEST(test_service_level_stands_behind_the_lines_about_it)
{
    /* The root server's line about an end is shown before the next guest comes to the front. */
    for (unsigned i = 0; i < 40; i++)
        root_sends(
            (struct control_line){.kind = CONTROL_LINE_TEXT, .length = 5, .text = "why\r\n"});
    root_sets_level(FRONT, CONTROL_CONNECTION_CLIENT_DEAD);
    world_settle();
    world_settle();
    const char *switched = strstr(world_shown(), "right is in front");
    ck_assert_ptr_nonnull(switched);
    ck_assert_ptr_null(strstr(switched, "why"));
}
END_TEST

START_TEST(test_service_line_stands_behind_output_of_its_guest)
{
    /* A line about the front guest comes after all of the guest's output, even more than the
       multiplexer holds; a later line without a guest comes after that line. */
    static char words[OUTPUT_BYTES + 1];
    memset(words, 'w', OUTPUT_BYTES);
    world.chip.is_empty = false;
    ck_assert_uint_eq(client_writes(FRONT, words), OUTPUT_BYTES);
    root_says(FRONT + 1, CONTROL_LINE_TEXT, "left is off\r\n");
    root_says(0, CONTROL_LINE_TEXT, "all are off\r\n");
    world_settle();
    world.chip.is_empty = true;
    world_settle();
    const char *line = strstr(world_shown(), "left is off\r\n");
    ck_assert_ptr_nonnull(line);
    ck_assert_ptr_null(strchr(line, 'w'));
    ck_assert_uint_eq((size_t)(strrchr(world_shown(), 'w') - world_shown()), OUTPUT_BYTES - 1);
    ck_assert_ptr_eq(strstr(line, "all are off\r\n"), line + 13 + strlen(MARK));
}
END_TEST

START_TEST(test_service_line_about_a_guest_in_the_back_is_shown_at_once)
{
    /* Before a line about a background guest, the guest's output is moved to its scrollback. */
    client_writes(BACK, "unseen");
    root_says(BACK + 1, CONTROL_LINE_TEXT, "right is off\r\n");
    world_settle();
    ck_assert_str_eq(world_shown(), MARK "right is off\r\n");
    ck_assert_uint_eq(mux_written(&world.console.mux, BACK), 6);
}
END_TEST

START_TEST(test_service_line_is_not_held_up_by_a_lying_guest)
{
    /* A guest with a broken ring, or one that it clears or never stops filling, cannot hold a
       line about itself back from the terminal. */
    static char flood[OUTPUT_BYTES + 1];
    _Atomic uint32_t *index = &world.client[FRONT].shared[CONSOLE_RING_OUTPUT].producer.index;
    memset(flood, 'f', OUTPUT_BYTES);
    world.chip.is_empty = false;
    client_writes(FRONT, flood);
    root_says(FRONT + 1, CONTROL_LINE_TEXT, "left is off\r\n");
    world_settle();
    world.chip.is_empty = true;
    if (_i == 0)
        *index += OUTPUT_BYTES + 1;
    else if (_i == 1)
        *index -= 8000;
    for (unsigned turns = 0; strstr(world_shown(), "left is off\r\n") == NULL; turns++) {
        ck_assert_uint_lt(turns, 1000);
        service_turn(&world.console.service, SERVICE_BIT_ROOT);
        if (_i == 2)
            client_writes(FRONT, flood);
    }
}
END_TEST

START_TEST(test_service_terminal_that_stands_still_leaves_the_ring_empty)
{
    /* The ring is emptied even if the terminal is slow.  Log lines of processes are dropped and
       counted; the root server's own lines are world.kept. */
    uint32_t room = 0;
    world.chip.is_empty = false;
    for (unsigned i = 0; i < 3000; i++) {
        root_says(0, CONTROL_LINE_LOG, "a line of some process's log\r\n");
        if (i % 10 == 9)
            root_says(0, CONTROL_LINE_TEXT, "own\r\n");
        world_settle();
        ck_assert_int_eq(ring_room(&world.lines_down, &room), OK);
        ck_assert_uint_eq(room, CONTROL_DOWN_LINE_MAX);
    }
    world.chip.is_empty = true;
    world_settle();
    root_says(0, CONTROL_LINE_LOG, "log goes on\r\n");
    world_settle();
    unsigned own = 0;
    for (const char *at = world_shown(); (at = strstr(at, "own\r\n")) != NULL; at++)
        own++;
    ck_assert_uint_eq(own, 300);
    ck_assert_ptr_nonnull(strstr(world_shown(), "lines dropped)\r\n" MARK "log goes on\r\n"));
}
END_TEST

START_TEST(test_service_line_without_end_is_broken)
{
    /* Records without a line end still come out as lines. */
    char text[sizeof((struct control_line *)0)->text + 1] = {0};
    memset(text, 'e', sizeof text - 1);
    for (unsigned i = 0; i < 40; i++)
        root_says(0, CONTROL_LINE_TEXT, text);
    world_settle();
    ck_assert_uint_gt(strlen(world_shown()), 30 * (sizeof text - 1));
    ck_assert_ptr_nonnull(strstr(world_shown(), "e\r\n" MARK "e"));
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
    world_settle();
    /* The terminal gets \r\n for \n. */
    ck_assert_uint_eq(strlen(world_shown()), strlen(MARK) + sizeof record.text + 1);
    ck_assert_uint_eq(world.console.mux.client[FRONT].state, MUX_RUNNING);
    ck_assert_uint_eq(world.console.mux.client[BACK].state, MUX_RUNNING);
    ck_assert_uint_eq(world.console.mux.front, FRONT);
}
END_TEST

TCase *lines_tcase(void)
{
    TCase *tc = tcase_create("lines");
    tcase_add_checked_fixture(tc, world_setup, NULL);
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
    return tc;
}
