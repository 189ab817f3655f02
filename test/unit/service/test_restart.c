/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libs/service: a life ends before each of its stores to shared memory and each of its signals,
 * and in a second run before each pair of them; the next life continues.
 */
#include <test/unit/service/suites.h>
#include <test/unit/service/world.h>

#define ROUNDS 3u

/* Runs lives until one sleeps: the first two end at the given stores, if they come so far.  As the
 * root server, tells every answered offer from one that is not. */
static void world_run_cut(const uint32_t cut[2], uint32_t *life)
{
    for (;;) {
        if (*life > 0 && !world.is_cutting)
            world_begin();
        world.cut_at = *life < 2 ? cut[*life] : WORLD_CUT_NEVER;
        if (world_run(SERVICE_BIT_ROOT))
            return;
        (*life)++;
        world.cut_count = 0;
    }
}

static void expect_replies(uint32_t client, uint32_t *heard, uint32_t count)
{
    struct world_record reply;

    while (*heard < count && world_hear(client, &reply)) {
        ck_assert_uint_eq(reply.value, 3 * *heard);
        ck_assert(!reply.is_error);
        (*heard)++;
    }
    ck_assert_uint_eq(*heard, count);
    ck_assert(!world_hear(client, &reply));
}

/* Two clients connect, ask and are answered; one ends, one is taken back and offered again. */
static void world_story(const uint32_t cut[2])
{
    uint32_t life = 0, heard[WORLD_CLIENTS] = {0}, asked = 0;

    world_reset();
    world_begin();
    for (uint32_t i = 0; i < WORLD_CLIENTS; i++) {
        world_offer(i, 1);
        world_client_attach(i);
    }
    for (uint32_t round = 0; round < ROUNDS; round++) {
        for (uint32_t k = 0; k < 2; k++, asked++)
            for (uint32_t i = 0; i < WORLD_CLIENTS; i++)
                world_ask(i, asked);
        world_run_cut(cut, &life);
        for (uint32_t i = 0; i < WORLD_CLIENTS; i++) {
            ck_assert_uint_eq(world_answer(i), control_state(1, CONTROL_ANSWER_ACCEPTED));
            expect_replies(i, &heard[i], asked);
        }
        world_down()->ping = round + 1;
        world_run_cut(cut, &life);
        ck_assert_uint_eq(world_up()->pong, round + 1);
    }
    world_state(0, CONTROL_CONNECTION_LEAVING);
    world_state(1, CONTROL_CONNECTION_CLIENT_DEAD);
    world_run_cut(cut, &life);
    ck_assert_uint_eq(world_answer(0), control_state(1, CONTROL_ANSWER_LEFT));
    ck_assert_uint_eq(world_answer(1), control_state(1, CONTROL_ANSWER_LEFT));
    world_offer(0, 2);
    world_ask(0, asked);
    world_run_cut(cut, &life);
    ck_assert_uint_eq(world_answer(0), control_state(2, CONTROL_ANSWER_ACCEPTED));
    expect_replies(0, &heard[0], asked + 1);
    ck_assert_uint_ge(world.root_wakes, 4);
}

/* Runs the story with a cut at each place.  The number of places. */
static uint32_t world_story_cut_everywhere(uint32_t second)
{
    for (uint32_t at = 0;; at++) {
        world_story((const uint32_t[]){at, second});
        if (world.cut_at == at && world.cut_count <= at)
            return at;
    }
}

START_TEST(test_restart_at_every_store_loses_and_doubles_nothing)
{
    /* Each request is answered once and in order, each offer accepted, each ping answered. */
    uint32_t places = world_story_cut_everywhere(WORLD_CUT_NEVER);
    ck_assert_uint_ge(places, 60);
}
END_TEST

START_TEST(test_restart_at_every_pair_of_stores_loses_and_doubles_nothing)
{
    /* The second life ends too, at each of its first stores. */
    for (uint32_t second = 0; second < 40; second++)
        (void)world_story_cut_everywhere(second);
}
END_TEST

START_TEST(test_restart_signals_the_client_that_waits)
{
    /* A client that sleeps for a reply is signalled by some life, wherever the first ends. */
    for (uint32_t at = 0; at < 40; at++) {
        uint32_t life = 0;
        world_reset();
        world_begin();
        world_offer(0, 1);
        world_client_attach(0);
        ck_assert(ring_consumer_sleep(&world.client[0].replies));
        world_ask(0, 1);
        world_run_cut((const uint32_t[]){at, WORLD_CUT_NEVER}, &life);
        ck_assert_uint_ge(world.client[0].wakes, 1);
    }
}
END_TEST

Suite *restart_suite(void)
{
    Suite *suite = suite_create("restart");
    TCase *tc = tcase_create("restart");

    tcase_add_test(tc, test_restart_at_every_store_loses_and_doubles_nothing);
    tcase_add_test(tc, test_restart_at_every_pair_of_stores_loses_and_doubles_nothing);
    tcase_add_test(tc, test_restart_signals_the_client_that_waits);
    tcase_set_timeout(tc, 60);
    suite_add_tcase(suite, tc);
    return suite;
}
