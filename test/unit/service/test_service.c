/* SPDX-License-Identifier: BSD-2-Clause */
/* libs/service: what the root server sees of a service, and access to a client's memory. */
#include <string.h>

#include <test/unit/service/suites.h>
#include <test/unit/service/world.h>

#define ACCEPTED(generation) control_state(generation, CONTROL_ANSWER_ACCEPTED)
#define REFUSED(generation)  control_state(generation, CONTROL_ANSWER_REFUSED)
#define LEFT(generation)     control_state(generation, CONTROL_ANSWER_LEFT)

static void setup(void)
{
    world_reset();
    world_begin();
}

START_TEST(test_service_init_other_version_is_refused)
{
    /* A region of another version is not touched. */
    static const struct service_ops ops = {0};
    world_down()->version++;
    ck_assert_int_eq(service_init(&world.service, &world.model, &ops, world.down, world.up, 1),
                     ERR_INVALID_ARG);
}
END_TEST

START_TEST(test_service_init_impossible_table_is_refused)
{
    /* A table longer than the protocol's would reach past the region. */
    static const struct service_ops ops = {0};
    world_down()->connection_most = CONTROL_CONNECTIONS_MAX + 1;
    ck_assert_int_eq(service_init(&world.service, &world.model, &ops, world.down, world.up, 1),
                     ERR_INVALID_ARG);
}
END_TEST

START_TEST(test_service_init_incomplete_model_is_refused)
{
    /* on_request without on_poison, without a reply ring, or with records that do not fit. */
    static const struct service_ops ops = {0};
    const struct service_model good = world.model;
    struct service_ring wide[2] = {good.ring[0], good.ring[1]};
    wide[0].record_bytes = SERVICE_RECORD_BYTES + 1;
    for (unsigned i = 0; i < 3; i++) {
        world.model = good;
        if (i == 0)
            world.model.on_poison = NULL;
        else if (i == 1)
            world.model.ring_count = 1;
        else
            world.model.ring = wide;
        ck_assert_int_eq(service_init(&world.service, &world.model, &ops, world.down, world.up, 1),
                         ERR_INVALID_ARG);
    }
}
END_TEST

START_TEST(test_service_offer_is_accepted_once)
{
    /* An offer is answered with its generation, the root server is signalled, and on_connect is
       called once however often the root server signals. */
    world_offer(1, 7);
    ck_assert(world_run(SERVICE_BIT_ROOT));
    ck_assert_uint_eq(world_answer(1), ACCEPTED(7));
    ck_assert_uint_eq(world.root_wakes, 1);
    ck_assert(world_run(SERVICE_BIT_ROOT));
    ck_assert_uint_eq(world.connects, 1);
    ck_assert_uint_eq(world.root_wakes, 1);
    ck_assert_ptr_nonnull(service_connection_at(&world.service, 1));
    ck_assert_ptr_null(service_connection_at(&world.service, 0));
    ck_assert_ptr_null(service_connection_at(&world.service, CONTROL_CONNECTIONS_MAX));
}
END_TEST

START_TEST(test_service_refusal_gives_its_reason)
{
    /* A refused client gets the model's reason, cut to the protocol's length, and no service. */
    char reason[CONTROL_REASON_BYTES + 20];
    memset(reason, 'r', sizeof reason - 1);
    reason[sizeof reason - 1] = 0;
    world.refusal = reason;
    world_offer(0, 1);
    world_client_attach(0);
    world_ask(0, 5);
    ck_assert(world_run(SERVICE_BIT_ROOT));
    ck_assert_uint_eq(world_answer(0), REFUSED(1));
    ck_assert_uint_eq(strlen(world_reason(0)), CONTROL_REASON_BYTES - 1);
    ck_assert_uint_eq(world.answered, 0);
    world_state(0, CONTROL_CONNECTION_LEAVING);
    ck_assert(world_run(SERVICE_BIT_ROOT));
    ck_assert_uint_eq(world_answer(0), LEFT(1));
    ck_assert_uint_eq(world.disconnects, 0);
}
END_TEST

START_TEST(test_service_other_ring_sizes_are_refused)
{
    /* Rings that differ from the manifest are not attached. */
    for (unsigned i = 0; i < 3; i++) {
        world_offer(0, i + 1);
        if (i == 0)
            world_entry(0)->ring[1].record_count *= 2;
        else if (i == 1)
            world_entry(0)->ring[0].record_bytes = 1;
        else
            world_entry(0)->ring[1].shared_address = 0;
        ck_assert(world_run(SERVICE_BIT_ROOT));
        ck_assert_uint_eq(world_answer(0), REFUSED(i + 1));
    }
    ck_assert_uint_eq(world.connects, 0);
}
END_TEST

START_TEST(test_service_leaving_drops_everything)
{
    /* After LEFT the rings are not touched, though the client goes on writing. */
    world_offer(0, 3);
    world_client_attach(0);
    ck_assert(world_run(SERVICE_BIT_ROOT));
    world_state(0, CONTROL_CONNECTION_LEAVING);
    world_ask(0, 1);
    ck_assert(world_run(SERVICE_BIT_ROOT));
    ck_assert_uint_eq(world_answer(0), LEFT(3));
    ck_assert_uint_eq(world.disconnects, 1);
    struct ring_shared before = world.client[0].shared[0];
    world_ask(0, 2);
    before.producer.index++;
    ck_assert(world_run(~UINT64_C(0)));
    ck_assert_mem_eq(&before, &world.client[0].shared[0], sizeof before);
    ck_assert_uint_eq(world.answered, 0);
}
END_TEST

START_TEST(test_service_end_of_client_is_told_and_left)
{
    /* on_end sees the state; the answer LEFT comes when the model leaves, not before. */
    world.is_patient = true;
    world_offer(0, 1);
    ck_assert(world_run(SERVICE_BIT_ROOT));
    world_state(0, CONTROL_CONNECTION_CLIENT_DEAD);
    ck_assert(world_run(SERVICE_BIT_ROOT));
    ck_assert_uint_eq(world.ends, 1);
    ck_assert_uint_eq(world_answer(0), ACCEPTED(1));
    struct service_connection *c = service_connection_at(&world.service, 0);
    ck_assert_uint_eq(service_client_state(c), CONTROL_CONNECTION_CLIENT_DEAD);
    service_leave(&world.service, c);
    ck_assert_uint_eq(world_answer(0), LEFT(1));
    ck_assert_uint_eq(world.disconnects, 1);
    unsigned wakes = world.root_wakes;
    ck_assert(world_run(0));
    ck_assert_uint_eq(world.root_wakes, wakes + 1);
}
END_TEST

START_TEST(test_service_end_without_on_end_leaves_at_once)
{
    /* A model that does not care about ends lets go of the memory. */
    world.model.on_end = NULL;
    world_offer(0, 1);
    ck_assert(world_run(SERVICE_BIT_ROOT));
    world_state(0, CONTROL_CONNECTION_CLIENT_ENDED);
    ck_assert(world_run(SERVICE_BIT_ROOT));
    ck_assert_uint_eq(world_answer(0), LEFT(1));
}
END_TEST

START_TEST(test_service_memory_taken_back_is_not_attached)
{
    /* A new life that finds an ended client whose memory is gone answers LEFT. */
    world.is_patient = true;
    world_offer(0, 4);
    world_entry(0)->ring[0].shared_address = 0;
    world_state(0, CONTROL_CONNECTION_CLIENT_ENDED);
    ck_assert(world_run(0));
    ck_assert_uint_eq(world_answer(0), LEFT(4));
    ck_assert_uint_eq(world.connects, 0);
    ck_assert_uint_eq(world.ends, 1);
}
END_TEST

START_TEST(test_service_leaving_in_a_new_life_is_answered)
{
    /* A life that ends between LEAVING and LEFT: the next one answers without attaching. */
    world_offer(0, 4);
    world_state(0, CONTROL_CONNECTION_LEAVING);
    ck_assert(world_run(0));
    ck_assert_uint_eq(world_answer(0), LEFT(4));
    ck_assert_uint_eq(world.connects, 0);
}
END_TEST

START_TEST(test_service_new_generation_is_another_client)
{
    /* The old client is disconnected and the new one connected, with an answer of its own. */
    world_offer(0, 1);
    ck_assert(world_run(SERVICE_BIT_ROOT));
    world_offer(0, 2);
    ck_assert(world_run(SERVICE_BIT_ROOT));
    ck_assert_uint_eq(world_answer(0), ACCEPTED(2));
    ck_assert_uint_eq(world.connects, 2);
    ck_assert_uint_eq(world.disconnects, 1);
    world_entry(0)->state = 0;
    ck_assert(world_run(SERVICE_BIT_ROOT));
    ck_assert_uint_eq(world.disconnects, 2);
    world_offer(0, 3);
    ck_assert(world_run(SERVICE_BIT_ROOT));
    ck_assert_uint_eq(world_answer(0), ACCEPTED(3));
}
END_TEST

START_TEST(test_service_unknown_state_changes_nothing)
{
    /* A state of a later version is not acted on. */
    world_offer(0, 1);
    ck_assert(world_run(SERVICE_BIT_ROOT));
    world_state(0, 77);
    ck_assert(world_run(SERVICE_BIT_ROOT));
    ck_assert_uint_eq(world_answer(0), ACCEPTED(1));
    ck_assert_uint_eq(world.disconnects, 0);
}
END_TEST

START_TEST(test_service_ping_is_answered_in_each_turn)
{
    /* Also in a turn in which a client keeps the service busy, and without a signal. */
    world_offer(0, 1);
    world_client_attach(0);
    ck_assert(world_run(SERVICE_BIT_ROOT));
    for (uint32_t ping = 1; ping < 4; ping++) {
        world_down()->ping = ping;
        world_ask(0, 1);
        unsigned wakes = world.root_wakes;
        ck_assert(service_turn(&world.service, 0));
        ck_assert_uint_eq(world_up()->pong, ping);
        ck_assert_uint_eq(world.root_wakes, wakes + 1);
    }
}
END_TEST

START_TEST(test_service_flood_of_signals_does_nothing)
{
    /* A client that signals for ever, without a request, costs turns that move nothing. */
    world_offer(0, 1);
    ck_assert(world_run(SERVICE_BIT_ROOT));
    unsigned wakes = world.root_wakes;
    for (unsigned i = 0; i < 1000; i++)
        ck_assert(!service_turn(&world.service, ~UINT64_C(0)));
    ck_assert_uint_eq(world.connects, 1);
    ck_assert_uint_eq(world.root_wakes, wakes);
}
END_TEST

static bool is_moving;
static uint64_t seen_bits;

static bool on_notify(void *context, uint64_t bits)
{
    (void)context;
    seen_bits |= bits;
    return is_moving;
}

static bool on_sleep(void *context, uint64_t *deadline_ticks)
{
    (void)context;
    *deadline_ticks = 12345;
    return !is_moving;
}

START_TEST(test_service_model_moves_and_sleeps)
{
    /* The model sees each signal, keeps the service awake, and sets the deadline. */
    uint64_t deadline = 0;
    world.model.on_notify = on_notify;
    world.model.on_sleep = on_sleep;
    is_moving = true;
    seen_bits = 0;
    ck_assert(service_turn(&world.service, 0x105));
    ck_assert_uint_eq(seen_bits, 0x105);
    ck_assert(!service_sleep(&world.service, &deadline));
    is_moving = false;
    ck_assert(!service_turn(&world.service, 0));
    ck_assert(service_sleep(&world.service, &deadline));
    ck_assert_uint_eq(deadline, 12345);
}
END_TEST

/* ---- a client's memory ---------------------------------------------------------------- */

START_TEST(test_service_region_reads_and_writes_by_the_clients_numbers)
{
    /* The first and the last byte of the region are reached, under the client's own number. */
    uint8_t byte = 0;
    world_offer(0, 1);
    ck_assert(world_run(SERVICE_BIT_ROOT));
    struct service_connection *c = service_connection_at(&world.service, 0);
    world.client[0].region[0] = 11;
    ck_assert_int_eq(service_region_read(&world.service, c, 0, WORLD_REGION_GPA, &byte, 1), OK);
    ck_assert_uint_eq(byte, 11);
    byte = 22;
    ck_assert_int_eq(service_region_write(&world.service, c, 0,
                                          WORLD_REGION_GPA + WORLD_REGION_BYTES - 1, &byte, 1),
                     OK);
    ck_assert_uint_eq(world.client[0].region[WORLD_REGION_BYTES - 1], 22);
}
END_TEST

START_TEST(test_service_region_outside_is_refused)
{
    /* Every range that leaves the region, also by wrapping round, and every region that is none. */
    uint8_t bytes[8] = {0};
    const uint64_t offsets[] = {0,
                                WORLD_REGION_GPA - 1,
                                WORLD_REGION_GPA + WORLD_REGION_BYTES - 7,
                                WORLD_REGION_GPA + WORLD_REGION_BYTES + 1,
                                UINT64_MAX,
                                UINT64_MAX - 7};
    world_offer(0, 1);
    ck_assert(world_run(SERVICE_BIT_ROOT));
    struct service_connection *c = service_connection_at(&world.service, 0);
    for (unsigned i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
        ck_assert_int_eq(service_region_read(&world.service, c, 0, offsets[i], bytes, 8),
                         ERR_RANGE);
        ck_assert_int_eq(service_region_write(&world.service, c, 0, offsets[i], bytes, 8),
                         ERR_RANGE);
    }
    const uint32_t regions[] = {1, CONTROL_REGIONS_MAX, UINT32_MAX};
    for (unsigned i = 0; i < 3; i++)
        ck_assert_int_eq(
            service_region_read(&world.service, c, regions[i], WORLD_REGION_GPA, bytes, 1),
            ERR_RANGE);
    ck_assert_int_eq(service_region_read(&world.service, c, 0, WORLD_REGION_GPA, bytes, SIZE_MAX),
                     ERR_RANGE);
}
END_TEST

START_TEST(test_service_region_that_vanished_is_an_error)
{
    /* Memory that is taken away, before or after LEAVING is seen, costs an error and no life. */
    uint8_t byte = 0;
    world_offer(0, 1);
    ck_assert(world_run(SERVICE_BIT_ROOT));
    struct service_connection *c = service_connection_at(&world.service, 0);
    world.client[0].is_region_gone = true;
    ck_assert_int_eq(service_region_read(&world.service, c, 0, WORLD_REGION_GPA, &byte, 1),
                     ERR_PEER_DIED);
    ck_assert_int_eq(service_region_write(&world.service, c, 0, WORLD_REGION_GPA, &byte, 1),
                     ERR_PEER_DIED);
    world.client[0].is_region_gone = false;
    world_state(0, CONTROL_CONNECTION_LEAVING);
    ck_assert(world_run(SERVICE_BIT_ROOT));
    ck_assert_int_eq(service_region_read(&world.service, c, 0, WORLD_REGION_GPA, &byte, 1),
                     ERR_RANGE);
}
END_TEST

Suite *protocol_suite(void)
{
    Suite *suite = suite_create("service");
    TCase *tc = tcase_create("protocol");

    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, test_service_init_other_version_is_refused);
    tcase_add_test(tc, test_service_init_impossible_table_is_refused);
    tcase_add_test(tc, test_service_init_incomplete_model_is_refused);
    tcase_add_test(tc, test_service_offer_is_accepted_once);
    tcase_add_test(tc, test_service_refusal_gives_its_reason);
    tcase_add_test(tc, test_service_other_ring_sizes_are_refused);
    tcase_add_test(tc, test_service_leaving_drops_everything);
    tcase_add_test(tc, test_service_end_of_client_is_told_and_left);
    tcase_add_test(tc, test_service_end_without_on_end_leaves_at_once);
    tcase_add_test(tc, test_service_memory_taken_back_is_not_attached);
    tcase_add_test(tc, test_service_leaving_in_a_new_life_is_answered);
    tcase_add_test(tc, test_service_new_generation_is_another_client);
    tcase_add_test(tc, test_service_unknown_state_changes_nothing);
    tcase_add_test(tc, test_service_ping_is_answered_in_each_turn);
    tcase_add_test(tc, test_service_flood_of_signals_does_nothing);
    tcase_add_test(tc, test_service_model_moves_and_sleeps);
    tcase_add_test(tc, test_service_region_reads_and_writes_by_the_clients_numbers);
    tcase_add_test(tc, test_service_region_outside_is_refused);
    tcase_add_test(tc, test_service_region_that_vanished_is_an_error);
    suite_add_tcase(suite, tc);
    return suite;
}
