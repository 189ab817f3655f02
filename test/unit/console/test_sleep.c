/* SPDX-License-Identifier: BSD-2-Clause */
/* services/console: when the service sleeps, and the signals that it asks for. */
#include <string.h>

#include <test/unit/console/suites.h>
#include <test/unit/console/world.h>

START_TEST(test_service_sleep_asks_for_signals)
{
    /* A sleeping service gets a signal for output of clients and of the root server alike. */
    world_sleep();
    client_writes(FRONT, "a");
    ck_assert(ring_producer_wakes(&world.client[FRONT].output));
    client_writes(BACK, "b");
    ck_assert(ring_producer_wakes(&world.client[BACK].output));
    root_sends((struct control_line){.kind = CONTROL_LINE_TEXT});
    ck_assert(ring_producer_wakes(&world.lines_down));
}
END_TEST

START_TEST(test_service_sleep_after_output_holds_signals_back)
{
    /* After output the next byte needs no signal: the service polls once, a millisecond later. */
    uint64_t deadline;
    world.now_ticks = 5000;
    client_writes(FRONT, "a");
    world_settle();
    ck_assert(service_sleep(&world.console.service, &deadline));
    ck_assert_uint_eq(deadline, world.now_ticks + HZ / 1000);
    client_writes(FRONT, "b");
    ck_assert(!ring_producer_wakes(&world.client[FRONT].output));
    world.now_ticks = deadline;
    world_settle();
    ck_assert_str_eq(world_shown(), "ab");
    world_sleep();
}
END_TEST

START_TEST(test_service_sleep_refuses_when_something_came)
{
    /* Output written between the last poll and the sleep is seen. */
    uint64_t deadline;
    world_sleep();
    world_settle();
    client_writes(BACK, "x");
    ck_assert(!service_sleep(&world.console.service, &deadline));
}
END_TEST

START_TEST(test_service_sleep_wants_transmit_interrupt_only_to_send)
{
    /* The transmit interrupt is on only while bytes wait to be sent. */
    uint64_t deadline;
    world.chip.is_empty = false;
    client_writes(FRONT, "text");
    world_settle();
    ck_assert(service_sleep(&world.console.service, &deadline));
    ck_assert_uint_eq(world.chip.reg[1], 3);
    world.chip.is_empty = true;
    world_settle();
    ck_assert(service_sleep(&world.console.service, &deadline));
    ck_assert_uint_eq(world.chip.reg[1], 1);
}
END_TEST

TCase *sleep_tcase(void)
{
    TCase *tc = tcase_create("sleep");
    tcase_add_checked_fixture(tc, world_setup, NULL);
    tcase_add_test(tc, test_service_sleep_asks_for_signals);
    tcase_add_test(tc, test_service_sleep_after_output_holds_signals_back);
    tcase_add_test(tc, test_service_sleep_refuses_when_something_came);
    tcase_add_test(tc, test_service_sleep_wants_transmit_interrupt_only_to_send);
    return tc;
}
