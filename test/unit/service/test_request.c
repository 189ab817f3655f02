/* SPDX-License-Identifier: BSD-2-Clause */
/* libs/service: requests and replies, hostile clients, and requests that kill the service. */
#include <string.h>

#include <test/unit/service/suites.h>
#include <test/unit/service/world.h>

static void setup(void)
{
    world_reset();
    for (uint32_t i = 0; i < WORLD_CLIENTS; i++) {
        world_offer(i, 1);
        world_client_attach(i);
    }
    world_begin();
    ck_assert(world_run(0));
    for (uint32_t i = 0; i < WORLD_CLIENTS; i++)
        world.client[i].wakes = 0; /* of the attach */
}

static void expect_reply(uint32_t client, uint32_t value)
{
    struct world_record reply;

    ck_assert(world_hear(client, &reply));
    ck_assert(!reply.is_error);
    ck_assert_uint_eq(reply.value, value);
}

static void expect_silence(uint32_t client)
{
    struct world_record reply;

    ck_assert(!world_hear(client, &reply));
}

START_TEST(test_request_each_is_answered_in_order)
{
    /* Many more requests than the rings hold, of two clients, each answered once. */
    for (uint32_t n = 0; n < 10 * WORLD_RECORDS; n++) {
        world_ask(0, n);
        world_ask(1, n + 1000);
        ck_assert(world_run(0));
        expect_reply(0, 3 * n);
        expect_reply(1, 3 * (n + 1000));
        expect_silence(0);
    }
    ck_assert_uint_eq(world.answered, 20 * WORLD_RECORDS);
}
END_TEST

START_TEST(test_request_wakes_the_client_that_waits)
{
    /* One signal for a batch, to the client that asked for it, and none to another. */
    ck_assert(ring_consumer_sleep(&world.client[0].replies));
    for (uint32_t n = 0; n < WORLD_RECORDS; n++)
        world_ask(0, n);
    world_ask(1, 1);
    ck_assert(world_run(0));
    ck_assert_uint_eq(world.client[0].wakes, 1);
    ck_assert_uint_eq(world.client[1].wakes, 0);
}
END_TEST

START_TEST(test_request_service_asks_for_signals_before_it_sleeps)
{
    /* An idle service has asked for the signal of each client's next request. */
    for (uint32_t i = 0; i < WORLD_CLIENTS; i++) {
        world_ask(i, 1);
        ck_assert(ring_producer_wakes(&world.client[i].requests));
    }
}
END_TEST

START_TEST(test_request_client_that_takes_no_replies_stalls_alone)
{
    /* The other client is served; the first goes on when it has taken a reply and signalled. */
    for (unsigned k = 0; k < 2; k++) {
        for (uint32_t n = 0; n < WORLD_RECORDS; n++)
            world_ask(0, n);
        ck_assert(world_run(0));
    }
    ck_assert_uint_eq(world.answered, WORLD_RECORDS);
    world_ask(1, 4);
    ck_assert(world_run(0));
    expect_reply(1, 12);
    expect_reply(0, 0);
    ck_assert(ring_consumer_wakes(&world.client[0].replies));
    ck_assert(world_run(0));
    ck_assert_uint_eq(world.answered, WORLD_RECORDS + 2);
}
END_TEST

START_TEST(test_request_impossible_index_hurts_its_client_only)
{
    /* Either ring may lie.  The service sleeps, serves the other, and serves the liar again once
       that client has attached anew. */
    for (unsigned which = 0; which < 2; which++) {
        struct ring_shared *shared = &world.client[0].shared[which];
        struct ring_side *side = which == 0 ? &shared->producer : &shared->consumer;
        side->index += 100;
        world_ask(1, 7);
        ck_assert(world_run(0));
        expect_reply(1, 21);
        ck_assert(service_connection_at(&world.service, 0)->is_broken);
        world_client_attach(0);
        world_ask(0, 9);
        ck_assert(world_run(0));
        expect_reply(0, 27);
    }
}
END_TEST

START_TEST(test_request_random_nonsense_in_shared_memory_is_survived)
{
    /* A client writes random words over its rings for a while: each turn ends, the other client is
       served in each, and no reply goes wrong. */
    uint32_t seed = 12345;
    for (uint32_t n = 0; n < 3000; n++) {
        uint32_t *words = (uint32_t *)(void *)world.client[0].shared;
        seed = seed * 1664525 + 1013904223;
        words[(seed >> 8) % (sizeof world.client[0].shared / 4)] = n % 3 ? seed >> 24 : seed;
        world_ask(1, n % 600);
        (void)service_turn(&world.service, seed);
        expect_reply(1, 3 * (n % 600));
        if (n % 50 == 0) {
            world_begin();
            world_client_attach(0);
        }
        ck_assert(world_run(0));
    }
}
END_TEST

START_TEST(test_request_flood_of_one_client_leaves_each_turn_short)
{
    /* A client that writes requests as fast as the service answers does not hold up another: each
       turn ends, and the other client is served in each. */
    for (uint32_t n = 0; n < 20; n++) {
        world.is_flooding = true;
        world_ask(1, n);
        if (n == 0)
            world_ask(0, 1);
        ck_assert(service_turn(&world.service, 0));
        expect_reply(1, 3 * n);
    }
}
END_TEST

START_TEST(test_request_progress_counts_answers)
{
    /* `progress` moves with each answered request, and an idle service is not busy, unless its
       device is: the answers of other requests do not change that. */
    world_ask(0, 1);
    world_ask(0, 2);
    ck_assert(world_run(0));
    ck_assert_uint_eq(world_up()->progress, 2);
    ck_assert_uint_eq(world_up()->busy, 0);
    service_busy(&world.service, 2);
    world_ask(0, 3);
    ck_assert(world_run(0));
    ck_assert_uint_eq(world_up()->busy, 2);
    service_busy(&world.service, 0);
    ck_assert_uint_eq(world_up()->busy, 0);
}
END_TEST

/* ---- poison --------------------------------------------------------------------------- */

START_TEST(test_request_poison_is_answered_with_an_error_after_the_third_fault)
{
    /* Three faults, then an error for this request alone; all others of both clients are served. */
    struct world_record reply;
    world_ask(0, 1);
    world_ask(0, POISON);
    world_ask(0, 2);
    world_ask(1, 3);
    world_survive();
    ck_assert_uint_eq(world_down()->fault_count, 3);
    ck_assert_uint_eq(world.poisoned, 1);
    expect_reply(0, 3);
    ck_assert(world_hear(0, &reply));
    ck_assert(reply.is_error);
    expect_reply(0, 6);
    expect_reply(1, 9);
    expect_silence(0);
    expect_silence(1);
}
END_TEST

START_TEST(test_request_is_named_only_while_careful)
{
    /* The store for each request is made from the second fault on. */
    for (uint32_t faults = 0; faults < 4; faults++) {
        world_down()->fault_count = faults;
        world_begin();
        world_ask(0, POISON);
        ck_assert(!world_run(0));
        ck_assert_int_eq(world_up()->doing != 0, faults >= CONTROL_FAULTS_CAREFUL);
        world_reset();
        world_offer(0, 1);
        world_client_attach(0);
    }
}
END_TEST

/* A life whose suspect is request `number` of connection `index`. */
static void begin_with_suspect(uint32_t index, uint32_t number)
{
    setup();
    world_down()->fault_count = CONTROL_FAULTS_POISON;
    world_down()->suspect = (uint64_t)number << 32 | (index + 1);
    world_begin();
}

START_TEST(test_request_suspect_alone_gets_an_error)
{
    /* The first request of the named connection, also under a new generation; then no other. */
    struct world_record reply;
    begin_with_suspect(0, 0);
    world_offer(0, 2);
    world_ask(0, 1);
    world_ask(0, 2);
    ck_assert(world_run(0));
    ck_assert_uint_eq(world.poisoned, 1);
    ck_assert(world_hear(0, &reply));
    ck_assert(reply.is_error);
    expect_reply(0, 6);
}
END_TEST

START_TEST(test_request_suspect_is_known_when_its_connection_comes_late)
{
    /* The root server offers the connections of the former life while the new life runs. */
    begin_with_suspect(0, 0);
    uint32_t offer = world_entry(0)->state;
    world_entry(0)->state = 0;
    world_down()->is_table_whole = 0;
    world_ask(0, 1);
    ck_assert(world_run(0));
    world_entry(0)->state = offer;
    world_down()->is_table_whole = 1;
    ck_assert(world_run(SERVICE_BIT_ROOT));
    ck_assert_uint_eq(world.poisoned, 1);
}
END_TEST

START_TEST(test_request_suspect_of_another_client_or_time_is_innocent)
{
    /* Neither another connection's request, nor a later one, nor one of a client that comes when
       the suspect's is gone. */
    for (unsigned i = 0; i < 3; i++) {
        begin_with_suspect(i == 0 ? 1 : 0, i == 1 ? 1 : 0);
        if (i == 2) {
            world_entry(0)->state = 0;
            ck_assert(world_run(0));
            world_offer(0, 9);
        }
        world_ask(0, 5);
        world_ask(0, 6);
        ck_assert(world_run(SERVICE_BIT_ROOT));
        ck_assert_uint_eq(world.poisoned, 0);
        expect_reply(0, 15);
        expect_reply(0, 18);
    }
}
END_TEST

START_TEST(test_request_several_poisons_each_end)
{
    /* Two clients poison the service, one twice; every request has its answer in the end. */
    struct world_record reply;
    uint32_t errors = 0, replies = 0;
    world_ask(0, POISON);
    world_ask(0, POISON);
    world_ask(1, POISON);
    world_ask(1, 1);
    world_survive();
    for (uint32_t i = 0; i < WORLD_CLIENTS; i++)
        for (; world_hear(i, &reply); replies++)
            errors += reply.is_error;
    ck_assert_uint_eq(replies, 4);
    ck_assert_uint_eq(errors, 3);
}
END_TEST

Suite *request_suite(void)
{
    Suite *suite = suite_create("request");
    TCase *tc = tcase_create("request");

    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, test_request_each_is_answered_in_order);
    tcase_add_test(tc, test_request_wakes_the_client_that_waits);
    tcase_add_test(tc, test_request_service_asks_for_signals_before_it_sleeps);
    tcase_add_test(tc, test_request_client_that_takes_no_replies_stalls_alone);
    tcase_add_test(tc, test_request_impossible_index_hurts_its_client_only);
    tcase_add_test(tc, test_request_random_nonsense_in_shared_memory_is_survived);
    tcase_add_test(tc, test_request_flood_of_one_client_leaves_each_turn_short);
    tcase_add_test(tc, test_request_progress_counts_answers);
    tcase_add_test(tc, test_request_poison_is_answered_with_an_error_after_the_third_fault);
    tcase_add_test(tc, test_request_is_named_only_while_careful);
    tcase_add_test(tc, test_request_suspect_alone_gets_an_error);
    tcase_add_test(tc, test_request_suspect_is_known_when_its_connection_comes_late);
    tcase_add_test(tc, test_request_suspect_of_another_client_or_time_is_innocent);
    tcase_add_test(tc, test_request_several_poisons_each_end);
    suite_add_tcase(suite, tc);
    return suite;
}
