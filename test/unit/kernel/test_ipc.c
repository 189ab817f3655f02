/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages between living threads. */
#include "suites.h"
#include "world.h"

#define LABEL UINT64_C(0x1234)

struct pair {
    struct thread *client, *server;
    uint32_t endpoint, badged; /* the server's capability; the client's, with badge 77 */
};

static struct pair pair_make(void)
{
    struct pair pair = {
        .client = world_thread_at(world_thread(5)),
        .server = world_thread_at(world_thread(5)),
        .endpoint = world_make(OBJ_ENDPOINT, ENDPOINT_BITS_MIN),
    };
    pair.badged = world_copy(pair.endpoint, RIGHT_WRITE | RIGHT_GRANT, 77);
    return pair;
}

static void receive(struct pair *pair, uint32_t recv_slot)
{
    world_message(pair->server, CALL_RECV, pair->endpoint, 0, 0, recv_slot);
}

static void ck_message(const struct thread *receiver, uint64_t tag, uint64_t badge, uint64_t first)
{
    ck_assert_int_eq(world_result(receiver), OK);
    ck_assert_uint_eq(receiver->context.x[REG_A1], tag);
    ck_assert_uint_eq(receiver->context.x[REG_T2], badge);
    ck_assert(world_words_are(receiver, first));
}

START_TEST(test_ipc_call_receiver_waiting_switches_to_it)
{
    /* A call to a waiting receiver runs it at once, with message and badge, without the queue. */
    struct pair pair = pair_make();

    receive(&pair, 0);
    ck_assert_int_eq(pair.server->state, THREAD_BLOCKED_RECV);
    world_words_set(pair.client, 100);
    world_message(pair.client, CALL_CALL, pair.badged, LABEL | TAG_NOTIFIED | TAG_FAULT, 0, 0);
    ck_assert_ptr_eq(hart.current, pair.server);
    ck_assert_uint_eq(hart.ready.present, 0);
    ck_assert_int_eq(pair.client->state, THREAD_BLOCKED_REPLY);
    ck_message(pair.server, LABEL, 77, 100);
}
END_TEST

START_TEST(test_ipc_call_receiver_comes_later_gets_message)
{
    /* A caller that comes before the receiver waits in the queue, and is received from there. */
    struct pair pair = pair_make();

    world_words_set(pair.client, 100);
    world_message(pair.client, CALL_CALL, pair.badged, LABEL, 0, 0);
    ck_assert_int_eq(pair.client->state, THREAD_BLOCKED_SEND);
    ck_assert_ptr_null(hart.current);
    receive(&pair, 0);
    ck_assert_ptr_eq(hart.current, pair.server);
    ck_message(pair.server, LABEL, 77, 100);
    ck_assert_int_eq(pair.client->state, THREAD_BLOCKED_REPLY);
}
END_TEST

START_TEST(test_ipc_call_lower_receiver_does_not_pass_ready_higher)
{
    /* A receiver of lower priority than a ready thread gets its message, but does not run. */
    struct pair pair = pair_make();
    struct thread *middle;

    thread_suspend(pair.server);
    pair.server->priority = 2;
    ck_assert_int_eq(thread_resume(pair.server), OK);
    receive(&pair, 0);
    middle = world_thread_at(world_thread(4));
    world_message(pair.client, CALL_CALL, pair.badged, LABEL, 0, 0);
    ck_assert_ptr_null(hart.current);
    ck_assert_int_eq(pair.server->state, THREAD_READY);
    ck_assert_ptr_eq(sched_pick(&hart), middle);
}
END_TEST

START_TEST(test_ipc_reply_recv_answers_and_waits)
{
    /* The reply goes to the caller, which runs at once; its badge is 0; the server waits again. */
    struct pair pair = pair_make();

    receive(&pair, 0);
    world_message(pair.client, CALL_CALL, pair.badged, LABEL, 0, 0);
    world_words_set(pair.server, 500);
    world_message(pair.server, CALL_REPLY_RECV, pair.endpoint, LABEL + 1, 0, 0);
    ck_assert_ptr_eq(hart.current, pair.client);
    ck_assert_uint_eq(hart.ready.present, 0);
    ck_message(pair.client, LABEL + 1, 0, 500);
    ck_assert_int_eq(pair.server->state, THREAD_BLOCKED_RECV);
    ck_assert_ptr_null(pair.server->caller);
    ck_assert_ptr_null(pair.client->callee);
}
END_TEST

START_TEST(test_ipc_reply_recv_next_caller_queued_goes_on)
{
    /* If a message waits, reply_recv gives it to the server, which runs on; the caller is ready. */
    struct pair pair = pair_make();
    struct thread *second = world_thread_at(world_thread(5));

    world_message(pair.client, CALL_CALL, pair.badged, 1, 0, 0);
    world_words_set(second, 900);
    world_message(second, CALL_CALL, pair.endpoint, 2, 0, 0);
    receive(&pair, 0);
    ck_assert_uint_eq(pair.server->context.x[REG_A1], 1);
    world_message(pair.server, CALL_REPLY_RECV, pair.endpoint, 0, 0, 0);
    ck_assert_ptr_eq(hart.current, pair.server);
    ck_message(pair.server, 2, 0, 900);
    ck_assert_int_eq(pair.client->state, THREAD_READY);
    ck_assert_ptr_eq(pair.server->caller, second);
}
END_TEST

START_TEST(test_ipc_reply_recv_without_caller_receives)
{
    /* A reply without a caller is dropped. */
    struct pair pair = pair_make();

    world_message(pair.server, CALL_REPLY_RECV, pair.endpoint, 0, 0, 0);
    ck_assert_int_eq(pair.server->state, THREAD_BLOCKED_RECV);
}
END_TEST

START_TEST(test_ipc_senders_are_first_in_first_out)
{
    /* Messages come in the order in which they were sent. */
    struct pair pair = pair_make();
    struct thread *sender[4];

    for (uint64_t i = 0; i < 4; i++) {
        sender[i] = world_thread_at(world_thread((uint8_t)(5 + i)));
        world_message(sender[i], CALL_SEND, pair.endpoint, i, 0, 0);
    }
    for (uint64_t i = 0; i < 4; i++) {
        receive(&pair, 0);
        ck_assert_uint_eq(pair.server->context.x[REG_A1], i);
        ck_assert_int_eq(sender[i]->state, THREAD_READY);
        ck_assert_int_eq(world_result(sender[i]), OK);
    }
}
END_TEST

START_TEST(test_ipc_send_receiver_waiting_keeps_registers)
{
    /* A send has no results: only a0 changes, and the sender goes on. */
    struct pair pair = pair_make();

    receive(&pair, 0);
    world_words_set(pair.client, 100);
    pair.client->context.x[REG_T2] = 4711;
    ck_assert_int_eq(world_message(pair.client, CALL_SEND, pair.badged, LABEL, 0, 0), OK);
    ck_assert_ptr_eq(hart.current, pair.client);
    ck_assert_uint_eq(pair.client->context.x[REG_A1], LABEL);
    ck_assert_uint_eq(pair.client->context.x[REG_T2], 4711);
    ck_message(pair.server, LABEL, 77, 100);
    ck_assert_ptr_null(pair.server->caller);
}
END_TEST

START_TEST(test_ipc_recv_without_reply_cancels_caller)
{
    /* A server that receives again without a reply leaves its caller with CANCELLED. */
    struct pair pair = pair_make();

    receive(&pair, 0);
    world_message(pair.client, CALL_CALL, pair.badged, LABEL, 0, 0);
    receive(&pair, 0);
    ck_assert_int_eq(pair.client->state, THREAD_READY);
    ck_assert_int_eq(world_result(pair.client), ERR_CANCELLED);
    ck_assert_ptr_null(pair.server->caller);
}
END_TEST

START_TEST(test_ipc_wrong_capabilities_are_refused)
{
    /* INVALID_CAP: no Endpoint, or nothing to send; NO_RIGHT: WRITE, READ or GRANT missing. */
    struct pair pair = pair_make();
    uint32_t read = world_copy(pair.endpoint, RIGHT_READ, 0);
    uint32_t write = world_copy(pair.endpoint, RIGHT_WRITE, 0);
    uint32_t word = world_make(OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN);
    const enum call_number sends[] = { CALL_CALL, CALL_SEND };
    const enum call_number receives[] = { CALL_RECV, CALL_REPLY_RECV, CALL_RECV_UNTIL,
                                          CALL_REPLY_RECV_UNTIL };
    struct thread *one = pair.client;

    for (uint32_t i = 0; i < 2; i++) {
        ck_assert_int_eq(world_message(one, sends[i], word, 0, 0, 0), ERR_INVALID_CAP);
        ck_assert_int_eq(world_message(one, sends[i], 0, 0, 0, 0), ERR_INVALID_CAP);
        ck_assert_int_eq(world_message(one, sends[i], read, 0, 0, 0), ERR_NO_RIGHT);
        ck_assert_int_eq(world_message(one, sends[i], pair.badged, TAG_CAP, 250, 0),
                         ERR_INVALID_CAP);
        ck_assert_int_eq(world_message(one, sends[i], write, TAG_CAP, word, 0), ERR_NO_RIGHT);
    }
    for (uint32_t i = 0; i < 4; i++) {
        ck_assert_int_eq(world_message(one, receives[i], word, 0, 0, 0), ERR_INVALID_CAP);
        ck_assert_int_eq(world_message(one, receives[i], write, 0, 0, 0), ERR_NO_RIGHT);
    }
    ck_assert_ptr_eq(hart.current, one);
}
END_TEST

START_TEST(test_ipc_untyped_cannot_travel)
{
    /* A capability that cannot be copied cannot be sent. */
    struct pair pair = pair_make();
    uint32_t untyped = world_make(OBJ_UNTYPED, 12);

    ck_assert_int_eq(world_message(pair.client, CALL_SEND, pair.badged, TAG_CAP, untyped, 0),
                     ERR_INVALID_CAP);
}
END_TEST

START_TEST(test_ipc_capability_travels_to_waiting_receiver)
{
    /* The capability arrives as a child of the sender's, with its rights and badge. */
    struct pair pair = pair_make();
    uint32_t word = world_make(OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN);
    uint32_t sent = world_copy(word, RIGHT_WRITE, 9), got = world_empty();

    receive(&pair, got);
    ck_assert_int_eq(world_message(pair.client, CALL_SEND, pair.badged, LABEL | TAG_CAP, sent, 0),
                     OK);
    ck_assert_uint_eq(pair.server->context.x[REG_A1], LABEL | TAG_CAP);
    ck_assert_uint_eq(world_slot(got)->type, OBJ_NOTIFICATION);
    ck_assert_uint_eq(world_slot(got)->rights, RIGHT_WRITE);
    ck_assert_uint_eq(world_slot(got)->word[0], 9);
    ck_assert_ptr_eq(world_slot(sent)->first_child, world_slot(got));
}
END_TEST

START_TEST(test_ipc_capability_travels_from_queued_sender)
{
    /* The capability arrives the same way when the sender waited first. */
    struct pair pair = pair_make();
    uint32_t word = world_make(OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN), got = world_empty();

    world_message(pair.client, CALL_CALL, pair.badged, TAG_CAP, word, 0);
    receive(&pair, got);
    ck_assert_uint_eq(pair.server->context.x[REG_A1], TAG_CAP);
    ck_assert_ptr_eq(world_slot(word)->first_child, world_slot(got));
}
END_TEST

START_TEST(test_ipc_no_receive_slot_message_does_not_go)
{
    /* The sender gets NO_SLOT; the receiver waits on and sees nothing. */
    struct pair pair = pair_make();
    uint32_t word = world_make(OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN);
    const uint32_t full[] = { 0, 1, 100000 };

    for (uint32_t i = 0; i < 3; i++) {
        receive(&pair, full[i]);
        ck_assert_int_eq(world_message(pair.client, CALL_CALL, pair.badged, TAG_CAP, word, 0),
                         ERR_NO_SLOT);
        ck_assert_int_eq(world_message(pair.client, CALL_SEND, pair.badged, TAG_CAP, word, 0),
                         ERR_NO_SLOT);
        ck_assert_int_eq(pair.server->state, THREAD_BLOCKED_RECV);
        ck_assert_ptr_null(pair.server->caller);
        ck_assert_ptr_null(world_slot(word)->first_child);
        thread_suspend(pair.server);
        ck_assert_int_eq(thread_resume(pair.server), OK);
    }
}
END_TEST

START_TEST(test_ipc_queued_sender_without_slot_fails_and_next_is_taken)
{
    /* If a queued message cannot be delivered, its sender gets the error; the next is received. */
    struct pair pair = pair_make();
    struct thread *second = world_thread_at(world_thread(5));
    uint32_t word = world_make(OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN);

    world_message(pair.client, CALL_CALL, pair.badged, TAG_CAP, word, 0);
    world_message(second, CALL_SEND, pair.badged, 42, 0, 0);
    receive(&pair, 0);
    ck_assert_int_eq(world_result(pair.client), ERR_NO_SLOT);
    ck_assert_int_eq(pair.client->state, THREAD_READY);
    receive(&pair, 0); /* the receive gave way to the client, and resumes */
    ck_assert_uint_eq(pair.server->context.x[REG_A1], 42);
}
END_TEST

START_TEST(test_ipc_queued_sender_capability_gone_fails)
{
    /* The sent slot is read at delivery: if it is empty then, the sender gets INVALID_CAP. */
    struct pair pair = pair_make();
    uint32_t word = world_make(OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN), got = world_empty();

    world_message(pair.client, CALL_CALL, pair.badged, TAG_CAP, word, 0);
    slot_delete(&hart, world_slot(word));
    receive(&pair, got);
    receive(&pair, got); /* it gave way to the client, and resumes */
    ck_assert_int_eq(world_result(pair.client), ERR_INVALID_CAP);
    ck_assert_int_eq(pair.server->state, THREAD_BLOCKED_RECV);
}
END_TEST

START_TEST(test_ipc_many_failing_senders_are_preemptible)
{
    /* A receive can be preempted between two failing senders, and resumes. */
    struct pair pair = pair_make();
    struct thread *sender[8];
    uint32_t word = world_make(OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN);

    for (uint32_t i = 0; i < 8; i++) {
        sender[i] = world_thread_at(world_thread(5));
        world_message(sender[i], CALL_SEND, pair.badged, TAG_CAP, word, 0);
    }
    fake.is_preempting = true;
    uint64_t pc = pair.server->context.pc, tries = 0;
    do {
        receive(&pair, 0);
        tries++;
    } while (pair.server->context.pc == pc);
    ck_assert_uint_eq(tries, 9);
    ck_assert_int_eq(pair.server->state, THREAD_BLOCKED_RECV);
    for (uint32_t i = 0; i < 8; i++)
        ck_assert_int_eq(world_result(sender[i]), ERR_NO_SLOT);
}
END_TEST

/* Answers a call with a reply that carries `send_slot`, through an endpoint with `rights`. */
static uint64_t reply_with_cap(struct pair *pair, uint8_t rights, uint32_t send_slot, uint32_t got)
{
    uint32_t mine = world_copy(pair->endpoint, rights, 0);

    receive(pair, 0);
    world_message(pair->client, CALL_CALL, pair->badged, LABEL, 0, got);
    world_message(pair->server, CALL_REPLY_RECV, mine, LABEL | TAG_CAP, send_slot, 0);
    ck_assert_int_eq(world_result(pair->client), OK);
    thread_suspend(pair->server);
    ck_assert_int_eq(thread_resume(pair->server), OK);
    return pair->client->context.x[REG_A1];
}

START_TEST(test_ipc_reply_carries_capability)
{
    /* A reply through an endpoint with GRANT brings a capability into the caller's slot. */
    struct pair pair = pair_make();
    uint32_t word = world_make(OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN), got = world_empty();

    ck_assert_uint_eq(reply_with_cap(&pair, RIGHTS_ALL, word, got), LABEL | TAG_CAP);
    ck_assert_ptr_eq(world_slot(word)->first_child, world_slot(got));
}
END_TEST

START_TEST(test_ipc_reply_capability_that_cannot_go_stays)
{
    /* Without GRANT, slot or capability the reply carries no capability, and its tag tells it. */
    struct pair pair = pair_make();
    uint32_t word = world_make(OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN), got = world_empty();

    ck_assert_uint_eq(reply_with_cap(&pair, RIGHT_READ, word, got), LABEL);
    ck_assert_uint_eq(reply_with_cap(&pair, RIGHTS_ALL, word, 1), LABEL);
    ck_assert_uint_eq(reply_with_cap(&pair, RIGHTS_ALL, 250, got), LABEL);
    ck_assert(slot_is_empty(world_slot(got)));
}
END_TEST

TCase *ipc_cases(void)
{
    TCase *cases = tcase_create("ipc");

    tcase_add_checked_fixture(cases, world_setup, NULL);
    tcase_add_test(cases, test_ipc_call_receiver_waiting_switches_to_it);
    tcase_add_test(cases, test_ipc_call_receiver_comes_later_gets_message);
    tcase_add_test(cases, test_ipc_call_lower_receiver_does_not_pass_ready_higher);
    tcase_add_test(cases, test_ipc_reply_recv_answers_and_waits);
    tcase_add_test(cases, test_ipc_reply_recv_next_caller_queued_goes_on);
    tcase_add_test(cases, test_ipc_reply_recv_without_caller_receives);
    tcase_add_test(cases, test_ipc_senders_are_first_in_first_out);
    tcase_add_test(cases, test_ipc_send_receiver_waiting_keeps_registers);
    tcase_add_test(cases, test_ipc_recv_without_reply_cancels_caller);
    tcase_add_test(cases, test_ipc_wrong_capabilities_are_refused);
    tcase_add_test(cases, test_ipc_untyped_cannot_travel);
    tcase_add_test(cases, test_ipc_capability_travels_to_waiting_receiver);
    tcase_add_test(cases, test_ipc_capability_travels_from_queued_sender);
    tcase_add_test(cases, test_ipc_no_receive_slot_message_does_not_go);
    tcase_add_test(cases, test_ipc_queued_sender_without_slot_fails_and_next_is_taken);
    tcase_add_test(cases, test_ipc_queued_sender_capability_gone_fails);
    tcase_add_test(cases, test_ipc_many_failing_senders_are_preemptible);
    tcase_add_test(cases, test_ipc_reply_carries_capability);
    tcase_add_test(cases, test_ipc_reply_capability_that_cannot_go_stays);
    return cases;
}
