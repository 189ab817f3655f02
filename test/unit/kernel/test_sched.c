/* SPDX-License-Identifier: BSD-2-Clause */
#include "sched_world.h"
#include "suites.h"

START_TEST(test_sched_leave_runs_highest_priority)
{
    /* The first of the highest priority runs, with its VSpace loaded. */
    world_thread(3);
    struct thread *high = world_thread_at(world_thread(63));
    world_thread(3);

    ck_assert_ptr_eq(leave_to_user(), high);
    ck_assert_ptr_eq(hart.vspace, slot_object(&high->place[THREAD_VSPACE]));
    ck_assert_uint_eq(fake_event_count_of(FAKE_VSPACE_LOAD), 1);
}
END_TEST

START_TEST(test_sched_leave_again_keeps_running)
{
    /* Leaving the kernel again without a change loads no space and arms no timer. */
    struct thread *one = world_thread_at(world_thread(3));

    leave_to_user();
    fake_log_clear();
    ck_assert_ptr_eq(leave_to_user(), one);
    ck_assert_uint_eq(fake_event_count_of(FAKE_VSPACE_LOAD), 0);
    ck_assert_uint_eq(fake_event_count_of(FAKE_TIMER_ARM), 0);
}
END_TEST

START_TEST(test_sched_slice_alone_arms_no_timer)
{
    /* For a thread that is alone at its priority no slice timer is armed. */
    world_thread(5);
    world_thread(4);
    leave_to_user();
    ck_assert_uint_eq(fake.timer_deadline, UINT64_MAX);
}
END_TEST

START_TEST(test_sched_slice_over_runs_next_of_priority)
{
    /* Threads of equal priority take turns of one slice, each once a round. */
    struct thread *a = world_thread_at(world_thread(5));
    struct thread *b = world_thread_at(world_thread(5));
    struct thread *c = world_thread_at(world_thread(5));
    struct thread *order[] = { a, b, c, a, b, c };

    for (uint32_t i = 0; i < 6; i++) {
        ck_assert_ptr_eq(leave_to_user(), order[i]);
        ck_assert_uint_eq(fake.timer_deadline, fake.now + WORLD_SLICE_TICKS);
        tick(fake.timer_deadline);
    }
}
END_TEST

START_TEST(test_sched_slice_not_over_keeps_running)
{
    /* An interrupt inside a slice does not end it. */
    struct thread *a = world_thread_at(world_thread(5));

    world_thread(5);
    leave_to_user();
    tick(fake.now + WORLD_SLICE_TICKS - 1);
    ck_assert_ptr_eq(leave_to_user(), a);
}
END_TEST

START_TEST(test_sched_outranked_keeps_place_and_rest_of_slice)
{
    /* A thread preempted by a higher priority is first of its own again, for its slice's rest. */
    struct thread *a = world_thread_at(world_thread(5));
    struct thread *b = world_thread_at(world_thread(5));
    uint64_t start = fake.now;

    ck_assert_ptr_eq(leave_to_user(), a);
    fake.now = start + 30;
    struct thread *high = world_thread_at(world_thread(9));
    ck_assert_ptr_eq(leave_to_user(), high);
    fake.now = start + 1000;
    thread_suspend(high);
    ck_assert_ptr_eq(leave_to_user(), a);
    ck_assert_uint_eq(fake.timer_deadline, fake.now + WORLD_SLICE_TICKS - 30);
    tick(fake.timer_deadline);
    ck_assert_ptr_eq(leave_to_user(), b);
}
END_TEST

START_TEST(test_sched_blocked_keeps_rest_of_slice_and_preempts)
{
    /* A thread that blocked wakes with the rest of its slice, preempts its equal, and goes to the
     * end when that rest is used up; the equal continues with its own rest. */
    struct thread *a = world_thread_at(world_thread(5));
    struct thread *b = world_thread_at(world_thread(5));

    ck_assert_ptr_eq(leave_to_user(), a);
    fake.now += 60;
    thread_suspend(a);
    ck_assert_ptr_eq(leave_to_user(), b);
    fake.now += 30;
    ck_assert_int_eq(thread_resume(a), OK);
    ck_assert_ptr_eq(leave_to_user(), a);
    ck_assert_uint_eq(fake.timer_deadline, fake.now + 40);
    tick(fake.timer_deadline);
    ck_assert_ptr_eq(leave_to_user(), b);
    ck_assert_uint_eq(fake.timer_deadline, fake.now + 70);
    tick(fake.timer_deadline);
    ck_assert_ptr_eq(leave_to_user(), a);
    ck_assert_uint_eq(fake.timer_deadline, fake.now + WORLD_SLICE_TICKS);
}
END_TEST

START_TEST(test_sched_blocked_with_used_up_slice_waits_for_its_turn)
{
    /* A rest below the least counts as none: the thread wakes at the end of the queue as long as an
     * equal that was ready when it blocked has neither used up its slice nor blocked. */
    slice_set(&hart.slice, 20000);
    struct thread *a = world_thread_at(world_thread(5));
    struct thread *b = world_thread_at(world_thread(5));
    struct thread *c = world_thread_at(world_thread(5));

    ck_assert_ptr_eq(leave_to_user(), a);
    fake.now += 20000 - 99;
    thread_suspend(a);
    ck_assert_ptr_eq(leave_to_user(), b);
    tick(fake.timer_deadline);
    ck_assert_ptr_eq(leave_to_user(), c);
    fake.now += 19000;
    ck_assert_int_eq(thread_resume(a), OK);
    ck_assert_ptr_eq(leave_to_user(), c);
    tick(fake.timer_deadline);
    ck_assert_ptr_eq(leave_to_user(), b);
    tick(fake.timer_deadline);
    ck_assert_ptr_eq(leave_to_user(), a);
    ck_assert_uint_eq(fake.timer_deadline, fake.now + 20000);
}
END_TEST

/* `a` blocks with a slice that is used up while `b` is ready, and sees `b` preempted when it wakes:
 * in between `b` ends its turn in one of three ways. */
enum turn_end { TURN_USED_UP_IN_QUEUE, TURN_USED_UP_ALONE, TURN_BLOCKED, TURN_ENDS };

START_TEST(test_sched_blocked_gets_new_slice_after_the_turn_of_each_equal)
{
    /* A thread whose slice is used up preempts with a new slice once each equal that was ready when
     * it blocked has used up its slice, beside others or alone, or has blocked. */
    struct thread *a = world_thread_at(world_thread(5));
    struct thread *b = world_thread_at(world_thread(5));
    struct thread *c = _i == TURN_USED_UP_ALONE ? NULL : world_thread_at(world_thread(5));

    ck_assert_ptr_eq(leave_to_user(), a);
    fake.now += WORLD_SLICE_TICKS;
    thread_suspend(a);
    ck_assert_ptr_eq(leave_to_user(), b);
    if (_i == TURN_BLOCKED) {
        fake.now += 10;
        thread_suspend(b);
        ck_assert_ptr_eq(leave_to_user(), c);
        thread_suspend(c);
        ck_assert_int_eq(thread_resume(b), OK);
        ck_assert_ptr_eq(leave_to_user(), b);
    } else if (_i == TURN_USED_UP_IN_QUEUE) {
        tick(fake.timer_deadline);
        ck_assert_ptr_eq(leave_to_user(), c);
        tick(fake.timer_deadline);
        ck_assert_ptr_eq(leave_to_user(), b);
    } else {
        fake.now += WORLD_SLICE_TICKS;
    }
    ck_assert_int_eq(thread_resume(a), OK);
    ck_assert_ptr_eq(leave_to_user(), a);
    ck_assert_uint_eq(fake.timer_deadline, fake.now + WORLD_SLICE_TICKS);
}
END_TEST

START_TEST(test_sched_woken_together_run_before_the_preempted)
{
    /* Threads that wake in one call run in the order in which they woke, then the thread that they
     * preempted. */
    struct thread *one[4];

    for (uint32_t i = 0; i < 4; i++)
        one[i] = world_thread_at(world_thread(5));
    for (uint32_t i = 0; i < 3; i++) {
        ck_assert_ptr_eq(leave_to_user(), one[i]);
        fake.now += 10;
        thread_suspend(one[i]);
    }
    ck_assert_ptr_eq(leave_to_user(), one[3]);
    for (uint32_t i = 0; i < 3; i++)
        ck_assert_int_eq(thread_resume(one[i]), OK);
    thread_suspend(one[2]); /* the last of them is taken back */
    for (uint32_t i = 0; i < 2; i++) {
        ck_assert_ptr_eq(leave_to_user(), one[i]);
        thread_suspend(one[i]);
    }
    ck_assert_ptr_eq(leave_to_user(), one[3]);
}
END_TEST

START_TEST(test_sched_preempting_thread_pays_the_preempted)
{
    /* Who wakes and preempts an equal pays for the interruption out of its rest. */
    slice_set(&hart.slice, 20000);
    struct thread *a = world_thread_at(world_thread(5));
    struct thread *b = world_thread_at(world_thread(5));

    ck_assert_ptr_eq(leave_to_user(), a);
    fake.now += 5000;
    thread_suspend(a);
    ck_assert_ptr_eq(leave_to_user(), b);
    fake.now += 7000;
    ck_assert_int_eq(thread_resume(a), OK);
    ck_assert_ptr_eq(leave_to_user(), a);
    ck_assert_uint_eq(hart.slice_end_ticks, fake.now + 15000 - 10);
    thread_suspend(a);
    ck_assert_ptr_eq(leave_to_user(), b);
    ck_assert_uint_eq(hart.slice_end_ticks, fake.now + 13000 + 10);
}
END_TEST

START_TEST(test_sched_new_and_configured_threads_wait_for_their_turn)
{
    /* No thread runs before its equals because it is new, or because it had another priority. */
    uint32_t slot = world_thread(5);
    struct thread *a = world_thread_at(world_thread(5)), *b = world_thread_at(slot);
    uint32_t cnode = world_make(OBJ_CNODE, CNODE_BITS_MIN);
    uint32_t vspace = world_make(OBJ_VSPACE, VSPACE_BITS_MIN);

    ck_assert_ptr_eq(leave_to_user(), b);
    fake.now += 10;
    thread_suspend(b); /* it keeps a rest */
    ck_assert_ptr_eq(leave_to_user(), a);
    ck_assert_int_eq(world_invoke(a, slot, METHOD_THREAD_CONFIGURE, cnode, vspace, 0, 5), OK);
    ck_assert_int_eq(thread_resume(b), OK);
    world_thread(5);
    ck_assert_ptr_eq(leave_to_user(), a);
    tick(hart.slice_end_ticks);
    ck_assert_ptr_eq(leave_to_user(), b);
}
END_TEST

START_TEST(test_sched_long_call_that_wakes_equals_gives_way)
{
    /* A long call gives way to an equal with a rest that it woke, and for other equals the timer is
     * armed for the end of the slice at once. */
    struct thread *a = world_thread_at(world_thread(5));
    struct thread *b = world_thread_at(world_thread(5));

    ck_assert_ptr_eq(leave_to_user(), a);
    fake.now += _i == 0 ? 10 : WORLD_SLICE_TICKS;
    thread_suspend(a);
    ck_assert_ptr_eq(leave_to_user(), b);
    ck_assert_uint_eq(fake.timer_deadline, UINT64_MAX);
    ck_assert(!sched_must_give_way(&hart));
    ck_assert_int_eq(thread_resume(a), OK);
    ck_assert_int_eq(sched_must_give_way(&hart), _i == 0);
    if (_i != 0)
        ck_assert_uint_eq(fake.timer_deadline, hart.slice_end_ticks);
}
END_TEST

START_TEST(test_sched_message_exchanges_slices)
{
    /* By a direct switch the receiver goes on with the sender's slice, and the sender takes the
     * rest of the receiver; a server that then waits for something else loses nothing to its
     * caller. */
    struct thread *client = world_thread_at(world_thread(5));
    struct thread *server = world_thread_at(world_thread(5));
    struct thread *other = world_thread_at(world_thread(5));

    ck_assert_ptr_eq(leave_to_user(), client);
    thread_suspend(client);
    ck_assert_ptr_eq(leave_to_user(), server);
    fake.now += 60;
    sched_block(server, THREAD_BLOCKED_RECV);
    ck_assert_int_eq(thread_resume(client), OK);
    ck_assert_ptr_eq(leave_to_user(), client);
    fake.now += 30;
    if (_i == 0) {
        sched_block(client, THREAD_BLOCKED_REPLY);
        sched_handoff(&hart, client, server);
    } else {
        ck_assert(sched_may_switch(&hart, server));
        sched_switch(&hart, THREAD_BLOCKED_REPLY, server);
    }
    ck_assert_ptr_eq(leave_to_user(), server);
    ck_assert_uint_eq(hart.slice_end_ticks, fake.now + 70);
    ck_assert_uint_eq(client->slice_left_ticks, 40);
    fake.now += 20;
    sched_block(server, THREAD_BLOCKED_WAIT);
    ck_assert_uint_eq(server->slice_left_ticks, 50);
    ck_assert_ptr_eq(leave_to_user(), other);
}
END_TEST

START_TEST(test_sched_yield_runs_next_of_priority)
{
    /* yield goes behind threads of equal priority, not behind lower ones. */
    struct thread *a = world_thread_at(world_thread(5));
    struct thread *b = world_thread_at(world_thread(5));

    world_thread(4);
    ck_assert_ptr_eq(leave_to_user(), a);
    ck_assert_int_eq(world_call(a, CALL_YIELD, 0, 0), OK);
    ck_assert_ptr_eq(leave_to_user(), b);
    ck_assert_int_eq(world_call(b, CALL_YIELD, 0, 0), OK);
    ck_assert_ptr_eq(leave_to_user(), a);
}
END_TEST

START_TEST(test_sched_runtime_has_the_kernels_work_between_two_threads)
{
    /* What the kernel does after a thread blocked or yielded is charged to the next thread; what
     * passes while the hart is idle is charged to none. */
    struct thread *a = world_thread_at(world_thread(5)), *b = world_thread_at(world_thread(4));

    leave_to_user();
    fake.now += 10;
    if (_i == 0)
        sched_pass_turn(&hart);
    thread_suspend(a);
    fake.now += 3;
    ck_assert_ptr_eq(leave_to_user(), b);
    fake.now += 20;
    ck_assert_uint_eq(sched_runtime(a), 10);
    ck_assert_uint_eq(sched_runtime(b), 23);
    uint32_t word = world_make(OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN);
    world_call(b, CALL_WAIT, word, fake.now + 1000);
    fake.now += 4;
    ck_assert_ptr_eq(leave_to_user(), b);
    ck_assert_uint_eq(sched_runtime(b), 23);
}
END_TEST

START_TEST(test_sched_runtime_counts_running_only)
{
    /* Time is charged to the running thread, up to the moment of the query. */
    struct thread *a = world_thread_at(world_thread(5));
    struct thread *b = world_thread_at(world_thread(6));

    ck_assert_ptr_eq(leave_to_user(), b);
    fake.now += 40;
    ck_assert_uint_eq(sched_runtime(b), 40);
    thread_suspend(b);
    ck_assert_ptr_eq(leave_to_user(), a);
    fake.now += 7;
    ck_assert_uint_eq(sched_runtime(a), 7);
    ck_assert_uint_eq(sched_runtime(b), 40);
}
END_TEST
TCase *sched_cases(void)
{
    TCase *cases = tcase_create("sched");

    tcase_add_checked_fixture(cases, world_setup, NULL);
    tcase_add_test(cases, test_sched_leave_runs_highest_priority);
    tcase_add_test(cases, test_sched_leave_again_keeps_running);
    tcase_add_test(cases, test_sched_slice_alone_arms_no_timer);
    tcase_add_test(cases, test_sched_slice_over_runs_next_of_priority);
    tcase_add_test(cases, test_sched_slice_not_over_keeps_running);
    tcase_add_test(cases, test_sched_outranked_keeps_place_and_rest_of_slice);
    tcase_add_test(cases, test_sched_blocked_keeps_rest_of_slice_and_preempts);
    tcase_add_test(cases, test_sched_blocked_with_used_up_slice_waits_for_its_turn);
    tcase_add_loop_test(cases, test_sched_blocked_gets_new_slice_after_the_turn_of_each_equal, 0,
                        TURN_ENDS);
    tcase_add_test(cases, test_sched_woken_together_run_before_the_preempted);
    tcase_add_test(cases, test_sched_preempting_thread_pays_the_preempted);
    tcase_add_test(cases, test_sched_new_and_configured_threads_wait_for_their_turn);
    tcase_add_loop_test(cases, test_sched_long_call_that_wakes_equals_gives_way, 0, 2);
    tcase_add_loop_test(cases, test_sched_message_exchanges_slices, 0, 2);
    tcase_add_test(cases, test_sched_yield_runs_next_of_priority);
    tcase_add_loop_test(cases, test_sched_runtime_has_the_kernels_work_between_two_threads, 0, 2);
    tcase_add_test(cases, test_sched_runtime_counts_running_only);
    return cases;
}
