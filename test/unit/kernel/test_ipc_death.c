/* SPDX-License-Identifier: BSD-2-Clause */
/* Either side of a message dies, in each state; and faults, which are sent as messages. */
#include "suites.h"
#include "world.h"

#define CAUSE_LOAD_PAGE UINT64_C(13)

static uint32_t endpoint, client_slot, server_slot;
static struct thread *client, *server;

static void pair_make(void)
{
    endpoint = world_make(OBJ_ENDPOINT, ENDPOINT_BITS_MIN);
    client_slot = world_thread(5);
    server_slot = world_thread(5);
    client = world_thread_at(client_slot);
    server = world_thread_at(server_slot);
}

static void call(void)
{
    world_message(client, CALL_CALL, endpoint, 1, 0, 0);
}

static void receive(void)
{
    world_message(server, CALL_RECV, endpoint, 0, 0, 0);
}

START_TEST(test_death_of_server_with_caller_gives_peer_died)
{
    /* When a server dies, its caller gets CANCELLED, and goes on. */
    pair_make();
    receive();
    call();
    world_destroy(server_slot);
    ck_assert_int_eq(client->state, THREAD_READY);
    ck_assert_int_eq(world_result(client), ERR_PEER_DIED);
    ck_assert_ptr_null(client->callee);
}
END_TEST

START_TEST(test_death_of_waiting_server_leaves_queue)
{
    /* After a waiting receiver dies, the next call does not find it. */
    pair_make();
    receive();
    world_destroy(server_slot);
    call();
    ck_assert_int_eq(client->state, THREAD_BLOCKED_SEND);
}
END_TEST

START_TEST(test_death_of_queued_caller_leaves_queue)
{
    /* A sender that dies in the queue sends nothing. */
    pair_make();
    call();
    world_destroy(client_slot);
    receive();
    ck_assert_int_eq(server->state, THREAD_BLOCKED_RECV);
}
END_TEST

START_TEST(test_death_of_caller_held_drops_reply)
{
    /* The reply to a dead caller is dropped. */
    pair_make();
    receive();
    call();
    world_destroy(client_slot);
    ck_assert_ptr_null(server->caller);
    world_message(server, CALL_REPLY_RECV, endpoint, 0, 0, 0);
    ck_assert_int_eq(server->state, THREAD_BLOCKED_RECV);
}
END_TEST

START_TEST(test_death_of_endpoint_cancels_all_waiters)
{
    /* When an endpoint is destroyed, its callers, senders and receivers get CANCELLED. */
    pair_make();
    call();
    world_message(server, CALL_SEND, endpoint, 0, 0, 0);
    world_destroy(endpoint);
    ck_assert_int_eq(world_result(client), ERR_CANCELLED);
    ck_assert_int_eq(world_result(server), ERR_CANCELLED);
    ck_assert_int_eq(client->state, THREAD_READY);

    endpoint = world_make(OBJ_ENDPOINT, ENDPOINT_BITS_MIN);
    receive();
    world_message(client, CALL_REPLY_RECV, endpoint, 0, 0, 0);
    world_destroy(endpoint);
    ck_assert_int_eq(world_result(client), ERR_CANCELLED);
    ck_assert_int_eq(world_result(server), ERR_CANCELLED);
}
END_TEST

START_TEST(test_death_of_endpoint_leaves_caller_with_its_server)
{
    /* A server can answer a call that it received, even after the endpoint is destroyed. */
    uint32_t other;

    pair_make();
    receive();
    call();
    world_destroy(endpoint);
    ck_assert_int_eq(client->state, THREAD_BLOCKED_REPLY);
    other = world_make(OBJ_ENDPOINT, ENDPOINT_BITS_MIN);
    world_message(server, CALL_REPLY_RECV, other, 3, 0, 0);
    ck_assert_int_eq(world_result(client), OK);
    ck_assert_uint_eq(client->context.x[REG_A1], 3);
}
END_TEST

START_TEST(test_suspend_in_each_ipc_state_cancels)
{
    /* Suspending a thread in a call ends the call; after resume the call returns CANCELLED. */
    pair_make();
    call();
    thread_suspend(client);
    ck_assert_int_eq(world_result(client), ERR_CANCELLED);
    ck_assert_ptr_null(((struct endpoint *)world_object(endpoint))->waiters.first);
    ck_assert_int_eq(thread_resume(client), OK);

    receive();
    call();
    thread_suspend(client);
    ck_assert_int_eq(world_result(client), ERR_CANCELLED);
    ck_assert_ptr_null(server->caller);
    ck_assert_int_eq(thread_resume(client), OK);

    receive();
    thread_suspend(server);
    ck_assert_int_eq(world_result(server), ERR_CANCELLED);
}
END_TEST

START_TEST(test_suspend_of_server_cancels_its_caller)
{
    /* When a server is suspended, its caller gets CANCELLED. */
    pair_make();
    receive();
    call();
    thread_suspend(server);
    ck_assert_int_eq(client->state, THREAD_READY);
    ck_assert_int_eq(world_result(client), ERR_CANCELLED);
}
END_TEST

/* ---- faults ----------------------------------------------------------------------- */

/* Sets the client's fault endpoint, with badge 55. */
static void handler_set(void)
{
    uint32_t badged;

    pair_make();
    badged = world_copy(endpoint, RIGHT_WRITE, 55);
    slot_embed(&client->place[THREAD_FAULT], world_slot(badged), &client->object);
}

static void fault(void)
{
    client->context.pc = 0x4000;
    client->context.x[REG_SP] = 0x5000;
    client->context.x[REG_RA] = 0x6000;
    client->context.x[REG_A0] = 0x7000;
    world_run(client);
    thread_fault(&hart, CAUSE_LOAD_PAGE, 0xdead);
}

static void ck_fault_message(void)
{
    const uint64_t *x = server->context.x, *word = &x[REG_A2];

    ck_assert_int_eq(world_result(server), OK);
    ck_assert_uint_eq(x[REG_A1], TAG_FAULT);
    ck_assert_uint_eq(x[REG_T2], 55);
    ck_assert_uint_eq(word[FAULT_CAUSE], CAUSE_LOAD_PAGE);
    ck_assert_uint_eq(word[FAULT_TVAL], 0xdead);
    ck_assert_uint_eq(word[FAULT_PC], 0x4000);
    ck_assert_uint_eq(word[FAULT_SP], 0x5000);
    ck_assert_uint_eq(word[FAULT_RA], 0x6000);
    ck_assert_int_eq(client->state, THREAD_BLOCKED_REPLY);
}

START_TEST(test_fault_goes_to_waiting_handler)
{
    /* The handler gets cause, address and registers, with the badge of the fault endpoint. */
    handler_set();
    receive();
    fault();
    ck_assert_ptr_eq(hart.current, server);
    ck_fault_message();
}
END_TEST

START_TEST(test_fault_waits_for_handler)
{
    /* The handler gets the same message if it receives after the fault. */
    handler_set();
    fault();
    ck_assert_int_eq(client->state, THREAD_BLOCKED_SEND);
    receive();
    ck_fault_message();
}
END_TEST

START_TEST(test_fault_reply_resumes_at_pc)
{
    /* A reply lets the thread go on where it faulted, its registers as they were. */
    handler_set();
    receive();
    fault();
    world_words_set(server, 1);
    world_message(server, CALL_REPLY_RECV, endpoint, 0, 0, 0);
    ck_assert_ptr_eq(hart.current, client);
    ck_assert_uint_eq(client->context.pc, 0x4000);
    ck_assert_uint_eq(client->context.x[REG_A0], 0x7000);
    ck_assert(!client->is_fault);
}
END_TEST

START_TEST(test_fault_without_handler_stops_thread)
{
    /* Without a fault endpoint the thread stops, and thread_info gives the cause. */
    pair_make();
    fault();
    ck_assert_int_eq(client->state, THREAD_FAULTED);
    ck_assert_ptr_null(hart.current);
    ck_assert_int_eq(world_invoke(server, client_slot, METHOD_THREAD_INFO, 0, 0, 0, 0), OK);
    ck_assert_uint_eq(server->context.x[REG_A1], THREAD_STATE_FAULTED);
}
END_TEST

START_TEST(test_fault_not_answered_stops_thread)
{
    /* If the handler receives again, or is suspended, without a reply: state FAULTED. */
    handler_set();
    receive();
    fault();
    receive();
    ck_assert_int_eq(client->state, THREAD_FAULTED);

    thread_suspend(client);
    ck_assert_int_eq(client->state, THREAD_SUSPENDED);
    ck_assert_int_eq(thread_resume(client), OK);
    fault();
    thread_suspend(server);
    ck_assert_int_eq(client->state, THREAD_FAULTED);

    thread_suspend(client);
    ck_assert_int_eq(thread_resume(client), OK);
    fault();
    world_destroy(endpoint);
    ck_assert_int_eq(client->state, THREAD_FAULTED);
}
END_TEST

START_TEST(test_fault_of_thread_with_dead_server_stops_it)
{
    /* If the handler dies after it received the fault: state FAULTED. */
    handler_set();
    receive();
    fault();
    world_destroy(server_slot);
    ck_assert_int_eq(client->state, THREAD_FAULTED);
}
END_TEST

START_TEST(test_fault_suspended_then_resumed_tries_again)
{
    /* Suspending a faulted thread changes no register; resumed, it retries the instruction. */
    handler_set();
    fault();
    thread_suspend(client);
    ck_assert_int_eq(thread_resume(client), OK);
    ck_assert_uint_eq(client->context.x[REG_A0], 0x7000);
    ck_assert_uint_eq(client->context.pc, 0x4000);
}
END_TEST

TCase *ipc_death_cases(void)
{
    TCase *cases = tcase_create("ipc-death");

    tcase_add_checked_fixture(cases, world_setup, NULL);
    tcase_add_test(cases, test_death_of_server_with_caller_gives_peer_died);
    tcase_add_test(cases, test_death_of_waiting_server_leaves_queue);
    tcase_add_test(cases, test_death_of_queued_caller_leaves_queue);
    tcase_add_test(cases, test_death_of_caller_held_drops_reply);
    tcase_add_test(cases, test_death_of_endpoint_cancels_all_waiters);
    tcase_add_test(cases, test_death_of_endpoint_leaves_caller_with_its_server);
    tcase_add_test(cases, test_suspend_in_each_ipc_state_cancels);
    tcase_add_test(cases, test_suspend_of_server_cancels_its_caller);
    tcase_add_test(cases, test_fault_goes_to_waiting_handler);
    tcase_add_test(cases, test_fault_waits_for_handler);
    tcase_add_test(cases, test_fault_reply_resumes_at_pc);
    tcase_add_test(cases, test_fault_without_handler_stops_thread);
    tcase_add_test(cases, test_fault_not_answered_stops_thread);
    tcase_add_test(cases, test_fault_of_thread_with_dead_server_stops_it);
    tcase_add_test(cases, test_fault_suspended_then_resumed_tries_again);
    return cases;
}
