/* SPDX-License-Identifier: BSD-2-Clause */
/* Receives with a deadline, and the order of messages and signals. */
#include "suites.h"
#include "world.h"

#define LABEL UINT64_C(0x55)

static struct thread *server, *client;
static uint32_t server_slot, endpoint, word;

static const enum call_number receives[] = { CALL_RECV_UNTIL, CALL_REPLY_RECV_UNTIL };

static void setup(void)
{
    server_slot = world_thread(5);
    server = world_thread_at(server_slot);
    client = world_thread_at(world_thread(5));
    endpoint = world_make(OBJ_ENDPOINT, ENDPOINT_BITS_MIN);
    word = world_make(OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN);
    ck_assert_int_eq(
        world_invoke(client, server_slot, METHOD_THREAD_BIND, word, 0, 0, 0), OK);
}

static enum err receive_until(enum call_number call, uint64_t deadline_ticks)
{
    server->context.x[REG_T2] = deadline_ticks;
    return world_message(server, call, endpoint, LABEL, 0, 0);
}

static void signal_bits(uint64_t badge)
{
    ck_assert_int_eq(world_call(client, CALL_SIGNAL, world_copy(word, RIGHT_WRITE, badge), 0), OK);
}

static bool is_signal(uint64_t bits)
{
    return world_result(server) == OK && server->context.x[REG_A1] == TAG_NOTIFIED &&
           server->context.x[REG_T2] == bits;
}

static bool is_message(uint64_t label)
{
    return world_result(server) == OK && server->context.x[REG_A1] == label;
}

static void ck_waits_no_more(void)
{
    ck_assert_int_eq(server->state, THREAD_READY);
    ck_assert_ptr_null(((struct endpoint *)world_object(endpoint))->waiters.first);
    ck_assert_uint_eq(timer_earliest(&hart.timers), TIMER_NEVER);
}

static void client_fault(void)
{
    if (slot_is_empty(&client->place[THREAD_FAULT]))
        slot_embed(&client->place[THREAD_FAULT], world_slot(endpoint), &client->object);
    world_run(client);
    thread_fault(&hart, 5, 0);
}

START_TEST(test_receive_until_deadline_passes_gives_timeout)
{
    /* A receive ends with TIMEOUT at its deadline and not before, and leaves the endpoint. */
    uint64_t deadline = fake.now + 100;

    receive_until(receives[_i], deadline);
    ck_assert_int_eq(server->state, THREAD_BLOCKED_RECV_UNTIL);
    fake.now = deadline - 1;
    timer_expire(&hart);
    ck_assert_int_eq(server->state, THREAD_BLOCKED_RECV_UNTIL);
    fake.now = deadline;
    timer_expire(&hart);
    ck_assert_int_eq(world_result(server), ERR_TIMEOUT);
    ck_waits_no_more();
}
END_TEST

START_TEST(test_receive_until_deadline_passed_takes_what_is_there)
{
    /* A deadline that has passed gives TIMEOUT at once; a signal or a message there is taken. */
    ck_assert_int_eq(receive_until(receives[_i], fake.now), ERR_TIMEOUT);
    ck_assert_int_eq(receive_until(receives[_i], 0), ERR_TIMEOUT);
    ck_assert_int_eq(server->state, THREAD_READY);
    signal_bits(4);
    receive_until(receives[_i], 0);
    ck_assert(is_signal(4));
    world_message(client, CALL_CALL, endpoint, 9, 0, 0);
    receive_until(receives[_i], 0);
    ck_assert(is_message(9));
    ck_assert_ptr_eq(server->caller, client);
}
END_TEST

START_TEST(test_receive_until_never_is_a_receive_without_deadline)
{
    /* All ones never time out: the fast path may serve such a receiver. */
    receive_until(receives[_i], UINT64_MAX);
    ck_assert_int_eq(server->state, THREAD_BLOCKED_RECV);
    ck_assert_uint_eq(timer_earliest(&hart.timers), TIMER_NEVER);
}
END_TEST

START_TEST(test_receive_until_ends_and_cancels_its_deadline)
{
    /* However a receive with a deadline ends, the deadline is gone, and the queue too. */
    for (uint32_t way = 0; way < 5; way++) {
        receive_until(receives[_i], fake.now + 100);
        if (way == 0)
            world_message(client, CALL_SEND, endpoint, 3, 0, 0);
        else if (way == 1)
            signal_bits(2);
        else if (way == 2)
            client_fault();
        else if (way == 3)
            thread_suspend(server);
        else
            world_destroy(endpoint);
        if (way == 3)
            ck_assert_int_eq(thread_resume(server), OK);
        if (way == 0 || way == 1)
            ck_assert(way == 0 ? is_message(3) : is_signal(2));
        if (way == 3 || way == 4)
            ck_assert_int_eq(world_result(server), ERR_CANCELLED);
        ck_assert_int_eq(server->state, THREAD_READY);
        ck_assert_uint_eq(timer_earliest(&hart.timers), TIMER_NEVER);
        if (way == 2) {
            thread_suspend(client);
            ck_assert_int_eq(thread_resume(client), OK);
        }
    }
}
END_TEST

START_TEST(test_receive_until_receiver_dies_leaves_queue_and_timer)
{
    /* After the receiver dies, neither its deadline nor a message has an effect on it. */
    receive_until(receives[_i], fake.now + 100);
    world_destroy(server_slot);
    ck_assert_ptr_null(((struct endpoint *)world_object(endpoint))->waiters.first);
    ck_assert_uint_eq(timer_earliest(&hart.timers), TIMER_NEVER);
}
END_TEST

START_TEST(test_reply_recv_until_replies_before_its_timeout)
{
    /* The caller gets its reply even if the receive times out at once. */
    world_message(client, CALL_CALL, endpoint, 9, 0, 0);
    receive_until(CALL_RECV_UNTIL, 0);
    ck_assert(is_message(9));
    ck_assert_int_eq(receive_until(CALL_REPLY_RECV_UNTIL, 0), ERR_TIMEOUT);
    ck_assert_int_eq(world_result(client), OK);
    ck_assert_uint_eq(client->context.x[REG_A1], LABEL);
    ck_assert_int_eq(client->state, THREAD_READY);
    ck_assert_ptr_null(server->caller);
}
END_TEST

START_TEST(test_recv_until_without_reply_cancels_caller)
{
    /* As recv does; also if it then times out. */
    world_message(client, CALL_CALL, endpoint, 9, 0, 0);
    receive_until(CALL_RECV_UNTIL, 0);
    ck_assert_int_eq(receive_until(CALL_RECV_UNTIL, 0), ERR_TIMEOUT);
    ck_assert_int_eq(world_result(client), ERR_CANCELLED);
}
END_TEST

START_TEST(test_call_to_receiver_with_deadline_takes_the_slow_path)
{
    /* The fast path knows no deadlines: it leaves such a receiver to the slow path, which cancels
     * the deadline and switches to the receiver. */
    receive_until(CALL_RECV_UNTIL, fake.now + 100);
    world_run(client);
    client->context.x[REG_A7] = CALL_CALL;
    client->context.x[REG_A0] = endpoint;
    client->context.x[REG_A1] = LABEL;
    ck_assert_ptr_null(ipc_fast(&hart));
    world_message(client, CALL_CALL, endpoint, LABEL, 0, 0);
    ck_assert_ptr_eq(hart.current, server);
    ck_waits_no_more();
}
END_TEST

START_TEST(test_receive_signal_and_message_alternate)
{
    /* With a signal and senders there at each receive, signals and messages come by turns. */
    struct thread *sender[4];

    for (uint64_t i = 0; i < 4; i++) {
        sender[i] = world_thread_at(world_thread(5));
        world_message(sender[i], CALL_SEND, endpoint, i, 0, 0);
    }
    for (uint64_t i = 0; i < 4; i++) {
        signal_bits(8);
        receive_until(CALL_RECV_UNTIL, 0);
        ck_assert(is_signal(8));
        signal_bits(8);
        receive_until(CALL_RECV_UNTIL, 0);
        ck_assert(is_message(i));
    }
    receive_until(CALL_RECV_UNTIL, 0);
    ck_assert(is_signal(8));
}
END_TEST

START_TEST(test_receive_failing_senders_do_not_keep_a_signal_out)
{
    /* A message that cannot be delivered has had its turn: the signal comes next, although more
     * senders wait. */
    uint32_t sent = world_make(OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN);

    for (uint64_t i = 0; i < 4; i++)
        world_message(world_thread_at(world_thread(4)), CALL_SEND, endpoint, TAG_CAP, sent, 0);
    signal_bits(8);
    receive_until(CALL_RECV_UNTIL, 0);
    ck_assert(is_signal(8));
    signal_bits(16);
    receive_until(CALL_RECV_UNTIL, 0);
    ck_assert(is_signal(16));
    ck_assert_ptr_nonnull(endpoint_first(world_object(endpoint), THREAD_BLOCKED_SEND));
}
END_TEST

TCase *ipc_until_cases(void)
{
    TCase *cases = tcase_create("ipc-until");

    tcase_add_checked_fixture(cases, world_setup, NULL);
    tcase_add_checked_fixture(cases, setup, NULL);
    tcase_add_loop_test(cases, test_receive_until_deadline_passes_gives_timeout, 0, 2);
    tcase_add_loop_test(cases, test_receive_until_deadline_passed_takes_what_is_there, 0, 2);
    tcase_add_loop_test(cases, test_receive_until_never_is_a_receive_without_deadline, 0, 2);
    tcase_add_loop_test(cases, test_receive_until_ends_and_cancels_its_deadline, 0, 2);
    tcase_add_loop_test(cases, test_receive_until_receiver_dies_leaves_queue_and_timer, 0, 2);
    tcase_add_test(cases, test_reply_recv_until_replies_before_its_timeout);
    tcase_add_test(cases, test_recv_until_without_reply_cancels_caller);
    tcase_add_test(cases, test_call_to_receiver_with_deadline_takes_the_slow_path);
    tcase_add_test(cases, test_receive_signal_and_message_alternate);
    tcase_add_test(cases, test_receive_failing_senders_do_not_keep_a_signal_out);
    return cases;
}
