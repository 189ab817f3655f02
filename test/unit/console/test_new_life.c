/* SPDX-License-Identifier: BSD-2-Clause */
/* services/console: the next life of the service finds the kept memory of the last. */
#include <string.h>

#include <test/unit/console/suites.h>
#include <test/unit/console/world.h>

START_TEST(test_service_new_life_shows_the_output_of_the_last)
{
    /* The scrollbacks and the client in front are those of the last life. */
    client_writes(BACK, "one\r\ntwo");
    person_types("\x1d"
                 "1");
    world_settle();
    world.chip.sent_count = 0;
    console_begin(false);
    world_settle();
    ck_assert_uint_eq(world.console.mux.front, BACK);
    ck_assert_ptr_nonnull(strstr(world_shown(), "two"));
    ck_assert_ptr_null(strstr(world_shown(), "one"));
    client_writes(BACK, " three");
    world_settle();
    ck_assert_ptr_nonnull(strstr(world_shown(), "two three"));
}
END_TEST

START_TEST(test_service_new_life_shows_what_the_terminal_did_not_take)
{
    /* Output that was taken from the ring and not sent is sent by the next life. */
    world.chip.is_empty = false;
    client_writes(FRONT, "first line\r\nsecond");
    world_settle();
    ck_assert_str_eq(world_shown(), "");
    console_begin(false);
    world.chip.is_empty = true;
    world_settle();
    ck_assert_ptr_nonnull(strstr(world_shown(), "first line\r\nsecond"));
}
END_TEST

START_TEST(test_service_new_life_takes_output_once)
{
    /* A death between the scrollback and the ring doubles no byte and loses none. */
    struct ring_side *side = &world.client[FRONT].shared[CONSOLE_RING_OUTPUT].consumer;
    uint32_t before = side->index;
    client_writes(FRONT, "abc");
    world_settle();
    side->index = before + 1; /* as if the life had ended before the ring was told */
    client_writes(FRONT, "def");
    console_begin(false);
    world_settle();
    ck_assert_ptr_nonnull(strstr(world_shown(), "abcdef"));
    ck_assert_uint_eq(mux_written(&world.console.mux, FRONT), 6);
}
END_TEST

START_TEST(test_service_new_life_passes_keys_once)
{
    /* Keys that the last life took are passed on; those that it passed on are not passed again. */
    person_fills_keyboard();
    size_t typed = strlen(client_reads(FRONT));
    struct ring_side *side = &world.client[FRONT].shared[CONSOLE_RING_INPUT].producer;
    ck_assert_uint_eq(side->index, INPUT_BYTES);
    uint32_t waiting = MUX_TYPED_BYTES - (uint32_t)mux_typed_room(&world.console.mux);
    ck_assert_uint_gt(waiting, 100);
    /* The UART has more. */
    waiting += (uint32_t)(world.chip.received_count - world.chip.received_at);
    side->index += 100; /* as if the life had ended before it stored that these were passed on */
    (void)client_reads(FRONT);
    console_begin(false);
    world_settle();
    ck_assert_uint_eq(typed, INPUT_BYTES);
    ck_assert_uint_eq(side->index, INPUT_BYTES + waiting);
}
END_TEST

START_TEST(test_service_new_life_waits_for_its_clients)
{
    /* The root server makes the connections again while the new life runs: the client in front
       stays there, and no key is lost, neither one that was stored nor one that the UART holds. */
    person_types("\x1d"
                 "1");
    world_settle();
    uint32_t offers[CLIENT_COUNT];
    uint64_t deadline;
    for (unsigned i = 0; i < CLIENT_COUNT; i++) {
        offers[i] = client_entry(i)->state;
        client_entry(i)->state = 0;
    }
    world.kept.typed[0] = 'k';
    world.kept.typed_in = ((uint32_t)world.kept.typed_out + 1) & 0x7fffffff;
    root_region()->is_table_whole = 0;
    person_types("eys");
    console_begin(false);
    world_settle();
    ck_assert(service_sleep(&world.console.service, &deadline));
    ck_assert_uint_eq(world.chip.reg[1], 0); /* the waiting keys do not interrupt */
    for (unsigned i = 0; i < CLIENT_COUNT; i++) {
        client_entry(i)->state = offers[i];
        (void)service_turn(&world.console.service, SERVICE_BIT_ROOT);
        world_settle();
    }
    root_region()->is_table_whole = 1;
    (void)service_turn(&world.console.service, SERVICE_BIT_ROOT);
    world_settle();
    ck_assert_uint_eq(world.console.mux.front, BACK);
    ck_assert_str_eq(client_reads(BACK), "keys");
    ck_assert(service_sleep(&world.console.service, &deadline));
    ck_assert_uint_eq(world.chip.reg[1], 1);
}
END_TEST

START_TEST(test_service_new_life_drops_the_key_of_a_fault)
{
    /* The key in the latch goes on after an ordered end; after a fault the key may be the cause. */
    for (unsigned faults = 0; faults < 2; faults++) {
        *mux_latch(&world.console.mux) = mux_latch_tag(&world.console.mux) | 'k';
        root_region()->fault_count = faults;
        console_begin(false);
        world_settle();
        ck_assert_str_eq(client_reads(FRONT), faults == 0 ? "k" : "");
    }
}
END_TEST

START_TEST(test_service_new_life_goes_on_after_the_escape_key)
{
    /* A death between the escape key and the next key loses neither. */
    person_types("\x1d");
    world_settle();
    console_begin(false);
    world_settle();
    person_types("1");
    world_settle();
    ck_assert_uint_eq(world.console.mux.front, BACK);
    ck_assert_str_eq(client_reads(FRONT), "");
}
END_TEST

START_TEST(test_service_keys_of_a_client_that_is_gone_are_dropped)
{
    /* Keys for the client that was in front are not passed to another. */
    person_types("\x1d"
                 "1");
    world_settle();
    world.chip.received_at = world.chip.received_count = 0;
    ck_assert_uint_eq(world.console.mux.front, BACK);
    world.kept.typed[0] = 'k';
    world.kept.typed_in = ((uint32_t)world.kept.typed_out + 1) & 0x7fffffff;
    client_entry(BACK)->state = 0;
    console_begin(false);
    world_settle();
    ck_assert_uint_eq(world.console.mux.front, FRONT);
    ck_assert_str_eq(client_reads(FRONT), "");
}
END_TEST

START_TEST(test_service_kept_nonsense_is_survived)
{
    /* Whatever the world.kept memory holds, all that follows is shown, whole and in order. */
    uint32_t seed = 99 + (uint32_t)_i;
    uint8_t *bytes = (uint8_t *)&world.kept;
    for (size_t i = sizeof world.kept.version; i < sizeof world.kept; i++) {
        seed = seed * 1664525 + 1013904223;
        bytes[i] = _i % 2 ? (uint8_t)(seed >> 24) : (uint8_t)(_i % 4 < 2 ? 0 : 0xff);
    }
    if (_i >= 4) /* the names fit, the indices do not */
        for (unsigned i = 0; i < CLIENT_COUNT; i++)
            memcpy(world.kept.client[i].name, client_entry(i)->client, NAME_BYTES);
    console_begin(false);
    world_settle();
    world.chip.sent_count = 0;
    client_writes(FRONT, "good output\r\n");
    person_types("\x1d"
                 "1\x1d"
                 "0ok");
    world_settle();
    ck_assert_ptr_nonnull(strstr(world_shown(), "good output"));
    ck_assert_ptr_nonnull(strstr(client_reads(FRONT), "ok"));
}
END_TEST

TCase *new_life_tcase(void)
{
    TCase *tc = tcase_create("new-life");
    tcase_add_checked_fixture(tc, world_setup, NULL);
    tcase_add_test(tc, test_service_new_life_shows_the_output_of_the_last);
    tcase_add_test(tc, test_service_new_life_shows_what_the_terminal_did_not_take);
    tcase_add_test(tc, test_service_new_life_takes_output_once);
    tcase_add_test(tc, test_service_new_life_passes_keys_once);
    tcase_add_test(tc, test_service_new_life_waits_for_its_clients);
    tcase_add_test(tc, test_service_new_life_drops_the_key_of_a_fault);
    tcase_add_test(tc, test_service_new_life_goes_on_after_the_escape_key);
    tcase_add_test(tc, test_service_keys_of_a_client_that_is_gone_are_dropped);
    tcase_add_loop_test(tc, test_service_kept_nonsense_is_survived, 0, 12);
    return tc;
}
