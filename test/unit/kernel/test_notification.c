/* SPDX-License-Identifier: BSD-2-Clause */
#include "suites.h"
#include "world.h"

static uint32_t word, thread_slot_number;
static struct thread *one, *two;

static void setup(void)
{
    word = world_make(OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN);
    thread_slot_number = world_thread(5);
    one = world_thread_at(thread_slot_number);
    two = world_thread_at(world_thread(5));
}

static enum err signal_badge(uint64_t badge)
{
    return world_call(two, CALL_SIGNAL, world_copy(word, RIGHT_WRITE, badge), 0);
}

START_TEST(test_signal_accumulates_badges_poll_takes_all)
{
    /* Badges are ORed into the word, no badge is bit 0, and poll takes and clears. */
    ck_assert_int_eq(signal_badge(4), OK);
    ck_assert_int_eq(signal_badge(8), OK);
    ck_assert_int_eq(signal_badge(0), OK);
    ck_assert_int_eq(world_call(one, CALL_POLL, word, 0), OK);
    ck_assert_uint_eq(one->context.x[REG_A1], 13);
    ck_assert_int_eq(world_call(one, CALL_POLL, word, 0), OK);
    ck_assert_uint_eq(one->context.x[REG_A1], 0);
}
END_TEST

START_TEST(test_wait_with_bits_returns_at_once)
{
    /* wait takes a word that is not 0 without blocking. */
    signal_badge(6);
    ck_assert_int_eq(world_call(one, CALL_WAIT, word, 0), OK);
    ck_assert_uint_eq(one->context.x[REG_A1], 6);
}
END_TEST

START_TEST(test_wait_is_woken_by_signal)
{
    /* A signal wakes the first waiter, which gets the bits; its deadline is cancelled. */
    world_call(one, CALL_WAIT, word, fake.now + 100);
    ck_assert_int_eq(one->state, THREAD_BLOCKED_WAIT);
    signal_badge(2);
    ck_assert_int_eq(one->state, THREAD_READY);
    ck_assert_int_eq(world_result(one), OK);
    ck_assert_uint_eq(one->context.x[REG_A1], 2);
    ck_assert_uint_eq(timer_earliest(&hart.timers), TIMER_NEVER);
    ck_assert_uint_eq(((struct notification *)world_object(word))->word, 0);
}
END_TEST

START_TEST(test_signal_wakes_one_waiter_in_order)
{
    /* One signal wakes one waiter, the first. */
    struct thread *three = world_thread_at(world_thread(5));

    world_call(one, CALL_WAIT, word, UINT64_MAX);
    world_call(three, CALL_WAIT, word, UINT64_MAX);
    signal_badge(1);
    ck_assert_int_eq(one->state, THREAD_READY);
    ck_assert_int_eq(three->state, THREAD_BLOCKED_WAIT);
}
END_TEST

START_TEST(test_wait_deadline_passes_gives_timeout)
{
    /* A wait ends with TIMEOUT at its deadline, not before; at once if the deadline has passed. */
    uint64_t deadline = fake.now + 100;

    ck_assert_int_eq(world_call(one, CALL_WAIT, word, fake.now), ERR_TIMEOUT);
    world_call(one, CALL_WAIT, word, deadline);
    fake.now = deadline - 1;
    timer_expire(&hart);
    ck_assert_int_eq(one->state, THREAD_BLOCKED_WAIT);
    fake.now = deadline;
    timer_expire(&hart);
    ck_assert_int_eq(one->state, THREAD_READY);
    ck_assert_int_eq(world_result(one), ERR_TIMEOUT);
    signal_badge(1);
    ck_assert_uint_eq(((struct notification *)world_object(word))->word, 1);
}
END_TEST

START_TEST(test_wait_destroyed_notification_gives_cancelled)
{
    /* All waiters of a destroyed notification get CANCELLED. */
    struct thread *three = world_thread_at(world_thread(5));

    world_call(one, CALL_WAIT, word, fake.now + 50);
    world_call(three, CALL_WAIT, word, UINT64_MAX);
    world_destroy(word);
    ck_assert_int_eq(world_result(one), ERR_CANCELLED);
    ck_assert_int_eq(world_result(three), ERR_CANCELLED);
    ck_assert_uint_eq(timer_earliest(&hart.timers), TIMER_NEVER);
}
END_TEST

START_TEST(test_wait_waiter_dies_leaves_queue_and_timer)
{
    /* After a waiter dies, neither a signal nor its deadline has an effect on it. */
    world_call(one, CALL_WAIT, word, fake.now + 50);
    world_destroy(thread_slot_number);
    ck_assert_uint_eq(timer_earliest(&hart.timers), TIMER_NEVER);
    signal_badge(1);
    ck_assert_uint_eq(((struct notification *)world_object(word))->word, 1);
}
END_TEST

START_TEST(test_notification_wrong_capabilities_are_refused)
{
    /* INVALID_CAP: no Notification. NO_RIGHT: signal wants WRITE, wait and poll READ. */
    uint32_t endpoint = world_make(OBJ_ENDPOINT, ENDPOINT_BITS_MIN);
    uint32_t read = world_copy(word, RIGHT_READ, 0), write = world_copy(word, RIGHT_WRITE, 0);

    ck_assert_int_eq(world_call(one, CALL_SIGNAL, endpoint, 0), ERR_INVALID_CAP);
    ck_assert_int_eq(world_call(one, CALL_WAIT, endpoint, 0), ERR_INVALID_CAP);
    ck_assert_int_eq(world_call(one, CALL_POLL, endpoint, 0), ERR_INVALID_CAP);
    ck_assert_int_eq(world_call(one, CALL_SIGNAL, read, 0), ERR_NO_RIGHT);
    ck_assert_int_eq(world_call(one, CALL_WAIT, write, 0), ERR_NO_RIGHT);
    ck_assert_int_eq(world_call(one, CALL_POLL, write, 0), ERR_NO_RIGHT);
}
END_TEST

/* ---- bound to a thread ---------------------------------------------------------------- */

static enum err bind(void)
{
    return world_invoke(two, thread_slot_number, METHOD_THREAD_BIND, word, 0, 0, 0);
}

START_TEST(test_bound_signal_ends_recv)
{
    /* A receive of the bound thread ends with NOTIFIED and the bits, which are taken. */
    uint32_t endpoint = world_make(OBJ_ENDPOINT, ENDPOINT_BITS_MIN);
    const enum call_number receives[] = { CALL_RECV, CALL_REPLY_RECV };

    ck_assert_int_eq(bind(), OK);
    for (uint32_t i = 0; i < 2; i++) {
        world_message(one, receives[i], endpoint, 0, 0, 0);
        ck_assert_int_eq(one->state, THREAD_BLOCKED_RECV);
        signal_badge(8);
        ck_assert_int_eq(one->state, THREAD_READY);
        ck_assert_int_eq(world_result(one), OK);
        ck_assert_uint_eq(one->context.x[REG_A1], TAG_NOTIFIED);
        ck_assert_uint_eq(one->context.x[REG_T2], 8);
        ck_assert_ptr_null(((struct endpoint *)world_object(endpoint))->waiters.first);
        ck_assert_uint_eq(((struct notification *)world_object(word))->word, 0);
    }
}
END_TEST

START_TEST(test_bound_bits_pending_end_recv_at_once)
{
    /* Bits that are set before a receive end it, even if a message waits. */
    uint32_t endpoint = world_make(OBJ_ENDPOINT, ENDPOINT_BITS_MIN);

    bind();
    signal_badge(2);
    world_message(two, CALL_CALL, endpoint, 5, 0, 0);
    world_message(one, CALL_RECV, endpoint, 0, 0, 0);
    ck_assert_uint_eq(one->context.x[REG_A1], TAG_NOTIFIED);
    ck_assert_uint_eq(one->context.x[REG_T2], 2);
    world_message(one, CALL_RECV, endpoint, 0, 0, 0);
    ck_assert_uint_eq(one->context.x[REG_A1], 5);
}
END_TEST

START_TEST(test_bound_reply_goes_though_bits_are_pending)
{
    /* reply_recv delivers the reply also if bits end its receive. */
    uint32_t endpoint = world_make(OBJ_ENDPOINT, ENDPOINT_BITS_MIN);
    struct thread *three = world_thread_at(world_thread(5));

    bind();
    world_message(one, CALL_RECV, endpoint, 0, 0, 0);
    world_message(three, CALL_CALL, endpoint, 5, 0, 0);
    signal_badge(2);
    world_message(one, CALL_REPLY_RECV, endpoint, 6, 0, 0);
    ck_assert_uint_eq(three->context.x[REG_A1], 6);
    ck_assert_int_eq(three->state, THREAD_READY);
    ck_assert_uint_eq(one->context.x[REG_A1], TAG_NOTIFIED);
}
END_TEST

START_TEST(test_bound_does_not_end_call)
{
    /* A signal does not end a wait for a reply; the bits stay. */
    uint32_t endpoint = world_make(OBJ_ENDPOINT, ENDPOINT_BITS_MIN);

    bind();
    world_message(one, CALL_CALL, endpoint, 0, 0, 0);
    signal_badge(4);
    ck_assert_int_eq(one->state, THREAD_BLOCKED_SEND);
    ck_assert_uint_eq(((struct notification *)world_object(word))->word, 4);
}
END_TEST

START_TEST(test_bind_with_bits_ends_receive_that_waits)
{
    /* Binding a notification that has bits ends a receive as a signal does. */
    uint32_t endpoint = world_make(OBJ_ENDPOINT, ENDPOINT_BITS_MIN);

    signal_badge(2);
    world_message(one, CALL_RECV, endpoint, 0, 0, 0);
    bind();
    ck_assert_int_eq(one->state, THREAD_READY);
    ck_assert_uint_eq(one->context.x[REG_T2], 2);
}
END_TEST

START_TEST(test_bind_twice_gives_exists)
{
    /* A thread is bound to at most one notification, a notification to at most one thread. */
    uint32_t other = world_make(OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN);
    uint32_t third = world_thread(5);

    ck_assert_int_eq(bind(), OK);
    ck_assert_int_eq(world_invoke(two, thread_slot_number, METHOD_THREAD_BIND, other, 0, 0, 0),
                     ERR_EXISTS);
    ck_assert_int_eq(world_invoke(two, third, METHOD_THREAD_BIND, word, 0, 0, 0), ERR_EXISTS);
}
END_TEST

START_TEST(test_unbind_frees_both)
{
    /* Slot 0 unbinds; without a bound notification the error is NOT_FOUND. */
    ck_assert_int_eq(world_invoke(two, thread_slot_number, METHOD_THREAD_BIND, 0, 0, 0, 0),
                     ERR_NOT_FOUND);
    ck_assert_int_eq(bind(), OK);
    ck_assert_int_eq(world_invoke(two, thread_slot_number, METHOD_THREAD_BIND, 0, 0, 0, 0), OK);
    ck_assert_ptr_null(((struct notification *)world_object(word))->bound);
    ck_assert_int_eq(bind(), OK);
}
END_TEST

START_TEST(test_bound_notification_dies_thread_is_free)
{
    /* Revoking the notification unbinds it. */
    bind();
    world_destroy(word);
    ck_assert_ptr_null(one->notification);
    ck_assert(slot_is_empty(&one->place[THREAD_NOTIFICATION]));
    word = world_make(OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN);
    ck_assert_int_eq(bind(), OK);
}
END_TEST

START_TEST(test_bound_thread_dies_notification_is_free)
{
    /* The death of the thread unbinds it at once, before the thread is taken apart. */
    bind();
    slot_delete(&hart, world_slot(thread_slot_number));
    ck_assert_ptr_null(((struct notification *)world_object(word))->bound);
    signal_badge(1);
}
END_TEST

TCase *notification_cases(void)
{
    TCase *cases = tcase_create("notification");

    tcase_add_checked_fixture(cases, world_setup, NULL);
    tcase_add_checked_fixture(cases, setup, NULL);
    tcase_add_test(cases, test_signal_accumulates_badges_poll_takes_all);
    tcase_add_test(cases, test_wait_with_bits_returns_at_once);
    tcase_add_test(cases, test_wait_is_woken_by_signal);
    tcase_add_test(cases, test_signal_wakes_one_waiter_in_order);
    tcase_add_test(cases, test_wait_deadline_passes_gives_timeout);
    tcase_add_test(cases, test_wait_destroyed_notification_gives_cancelled);
    tcase_add_test(cases, test_wait_waiter_dies_leaves_queue_and_timer);
    tcase_add_test(cases, test_notification_wrong_capabilities_are_refused);
    tcase_add_test(cases, test_bound_signal_ends_recv);
    tcase_add_test(cases, test_bound_bits_pending_end_recv_at_once);
    tcase_add_test(cases, test_bound_reply_goes_though_bits_are_pending);
    tcase_add_test(cases, test_bound_does_not_end_call);
    tcase_add_test(cases, test_bind_with_bits_ends_receive_that_waits);
    tcase_add_test(cases, test_bind_twice_gives_exists);
    tcase_add_test(cases, test_unbind_frees_both);
    tcase_add_test(cases, test_bound_notification_dies_thread_is_free);
    tcase_add_test(cases, test_bound_thread_dies_notification_is_free);
    return cases;
}
