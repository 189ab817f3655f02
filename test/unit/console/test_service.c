/* SPDX-License-Identifier: BSD-2-Clause */
/* services/console: what clients and the keyboard send, and who gets what. */
#include <string.h>

#include <test/unit/console/suites.h>
#include <test/unit/console/world.h>

START_TEST(test_service_output_of_front_reaches_terminal)
{
    /* The front client's output leaves the UART, whole and in order. */
    client_writes(FRONT, "boot\r\n# ");
    world_settle();
    ck_assert_str_eq(world_shown(), "boot\r\n# ");
}
END_TEST

START_TEST(test_service_output_in_background_waits)
{
    /* A background client's output is taken at once, and shown when the client is in front. */
    client_writes(BACK, "hello");
    world_settle();
    ck_assert_str_eq(world_shown(), "");
    uint32_t room = 0;
    ck_assert_int_eq(ring_room(&world.client[BACK].output, &room), OK);
    ck_assert_uint_eq(room, OUTPUT_BYTES);
    person_types("\x1d"
                 "1");
    world_settle();
    ck_assert_ptr_nonnull(strstr(world_shown(), "right is in front]\r\nhello"));
}
END_TEST

START_TEST(test_service_full_ring_wakes_its_client_when_taken)
{
    /* A client that waits for room is signalled when there is room; no other client is. */
    static char flood[OUTPUT_BYTES + 1];
    memset(flood, 'x', OUTPUT_BYTES);
    world.chip.is_empty = false;
    ck_assert_uint_eq(client_writes(FRONT, flood), OUTPUT_BYTES);
    ck_assert(ring_producer_sleep(&world.client[FRONT].output));
    world_settle();
    ck_assert_uint_eq(world.client[FRONT].wakes, 1);
    ck_assert_uint_eq(world.client[BACK].wakes, 0);
    world.chip.is_empty = true;
    world_settle();
    ck_assert_uint_eq(world.chip.sent_count, OUTPUT_BYTES);
}
END_TEST

START_TEST(test_service_keys_reach_front_and_wake_it)
{
    /* Keys go to the front client alone; a sleeping client is signalled. */
    ck_assert(ring_consumer_sleep(&world.client[FRONT].input));
    person_types("ls\r");
    world_settle();
    ck_assert_str_eq(client_reads(FRONT), "ls\r");
    ck_assert_str_eq(client_reads(BACK), "");
    ck_assert_uint_eq(world.client[FRONT].wakes, 1);
    ck_assert_uint_eq(world.client[BACK].wakes, 0);
}
END_TEST

START_TEST(test_service_unread_keys_hold_keyboard_for_a_second)
{
    /* A client that does not read its keys stops the keyboard for a second; then keys are dropped
       and the escape key works. */
    uint64_t deadline;
    person_fills_keyboard();
    ck_assert(service_sleep(&world.console.service, &deadline));
    ck_assert_uint_eq(deadline, world.now_ticks + HZ);
    ck_assert_uint_eq(world.chip.reg[1] & 1, 0);
    world.now_ticks = deadline;
    person_types("\x1d"
                 "1");
    world_settle();
    ck_assert_uint_eq(world.chip.received_at, world.chip.received_count);
    ck_assert_uint_eq(world.console.mux.front, BACK);
}
END_TEST

START_TEST(test_service_unread_keys_pass_once_read)
{
    /* Keys that wait are not lost when the client reads again. */
    size_t taken = 0;
    person_fills_keyboard();
    for (size_t got; (got = strlen(client_reads(FRONT))) > 0; world_settle())
        taken += got;
    ck_assert_uint_eq(world.chip.received_at, world.chip.received_count);
    ck_assert_uint_ge(taken, INPUT_BYTES + MUX_TYPED_BYTES);
    ck_assert_uint_eq(taken % 64, 0);
}
END_TEST

START_TEST(test_service_lying_ring_hurts_its_client_only)
{
    /* Impossible indices stop that client, with one message however often it repeats them. */
    _Atomic uint32_t *index = &world.client[BACK].shared[CONSOLE_RING_OUTPUT].producer.index;
    for (unsigned i = 0; i < 5; i++) {
        *index += OUTPUT_BYTES + 1;
        world_settle();
        client_attach(BACK);
        world_settle();
    }
    client_writes(FRONT, "fine");
    world_settle();
    const char *accusation = strstr(world_shown(), "right: its output ring makes no sense");
    ck_assert_ptr_nonnull(accusation);
    ck_assert_ptr_null(strstr(accusation + 1, "right: its"));
    ck_assert_ptr_nonnull(strstr(world_shown(), "fine"));
}
END_TEST

START_TEST(test_service_broken_ring_works_after_attaching_anew)
{
    /* A client that is started anew has a working console again. */
    world.client[FRONT].shared[CONSOLE_RING_OUTPUT].producer.index += OUTPUT_BYTES + 1;
    world_settle();
    client_attach(FRONT);
    client_writes(FRONT, "again");
    world_settle();
    ck_assert_ptr_nonnull(strstr(world_shown(), "again"));
}
END_TEST

START_TEST(test_service_client_without_a_key_is_refused)
{
    /* No key brings a 17th client to the front. */
    root_region()->connection_most = CONTROL_CONNECTIONS_MAX;
    console_begin(false);
    *client_entry(CONSOLE_CLIENTS_MAX) = *client_entry(FRONT);
    world_settle();
    ck_assert_uint_eq(client_answer(CONSOLE_CLIENTS_MAX), CONTROL_ANSWER_REFUSED);
}
END_TEST

START_TEST(test_service_client_that_leaves_is_not_listed)
{
    /* A client that is taken away makes room in front, and its number names no client. */
    client_entry(FRONT)->state = control_state(1, CONTROL_CONNECTION_LEAVING);
    world_settle();
    ck_assert_uint_eq(client_answer(FRONT), CONTROL_ANSWER_LEFT);
    ck_assert_ptr_nonnull(strstr(world_shown(), "1 right is in front]"));
    person_types("\x1d"
                 "0\x1d?");
    world_settle();
    ck_assert_ptr_nonnull(strstr(world_shown(), "there is no such guest"));
    ck_assert_ptr_null(strstr(world_shown(), "left"));
}
END_TEST

START_TEST(test_service_without_clients_shows_the_log)
{
    /* Without guests the terminal works, and keys do no harm. */
    uint64_t deadline;
    for (unsigned i = 0; i < CLIENT_COUNT; i++)
        client_entry(i)->state = 0;
    console_begin(true);
    root_sends((struct control_line){.kind = CONTROL_LINE_TEXT, .length = 4, .text = "hi\r\n"});
    person_types("abc\x1d"
                 "1\x1dn");
    world_settle();
    ck_assert_ptr_nonnull(strstr(world_shown(), "hi\r\n"));
    ck_assert(service_sleep(&world.console.service, &deadline));
}
END_TEST

TCase *service_tcase(void)
{
    TCase *tc = tcase_create("service");
    tcase_add_checked_fixture(tc, world_setup, NULL);
    tcase_add_test(tc, test_service_output_of_front_reaches_terminal);
    tcase_add_test(tc, test_service_output_in_background_waits);
    tcase_add_test(tc, test_service_full_ring_wakes_its_client_when_taken);
    tcase_add_test(tc, test_service_keys_reach_front_and_wake_it);
    tcase_add_test(tc, test_service_unread_keys_hold_keyboard_for_a_second);
    tcase_add_test(tc, test_service_unread_keys_pass_once_read);
    tcase_add_test(tc, test_service_lying_ring_hurts_its_client_only);
    tcase_add_test(tc, test_service_broken_ring_works_after_attaching_anew);
    tcase_add_test(tc, test_service_client_without_a_key_is_refused);
    tcase_add_test(tc, test_service_client_that_leaves_is_not_listed);
    tcase_add_test(tc, test_service_without_clients_shows_the_log);
    return tc;
}
