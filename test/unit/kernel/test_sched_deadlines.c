/* SPDX-License-Identifier: BSD-2-Clause */
/* Deadlines of threads, and the timer that the scheduler arms for them. */
#include <stdlib.h>

#include "sched_world.h"
#include "suites.h"

START_TEST(test_sched_idle_wakes_at_deadline)
{
    /* With no thread ready the hart sleeps until the first deadline, then runs that thread. */
    struct thread *a = world_thread_at(world_thread(5));
    uint32_t word = world_make(OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN);

    leave_to_user();
    world_call(a, CALL_WAIT, word, fake.now + 500);
    uint64_t deadline = fake.now + 500;
    ck_assert_ptr_eq(leave_to_user(), a);
    ck_assert_uint_ge(fake_event_count_of(FAKE_IDLE), 1);
    ck_assert_uint_eq(fake.now, deadline);
    ck_assert_int_eq(world_result(a), ERR_TIMEOUT);
}
END_TEST

START_TEST(test_sched_idle_wakes_for_interrupt)
{
    /* An interrupt that arrives while the hart is idle is served from the idle loop. */
    struct thread *a = world_thread_at(world_thread(5));
    uint32_t word = world_make(OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN);
    uint32_t irq = world_make(OBJ_IRQ, IRQ_BITS_MIN), control = world_empty();

    *world_slot(control) = (struct slot){ .type = OBJ_IRQ_CONTROL, .rights = RIGHTS_ALL };
    leave_to_user();
    ck_assert_int_eq(world_invoke(a, irq, METHOD_IRQ_BIND, control, 10, word, 0), OK);
    world_call(a, CALL_WAIT, word, UINT64_MAX);
    ck_assert_int_eq(fake_leave(&hart), FAKE_LEFT_IDLE);
    fake_irq_raise(10);
    ck_assert_ptr_eq(leave_to_user(), a);
    ck_assert_uint_eq(a->context.x[REG_A1], 1);
}
END_TEST

START_TEST(test_sched_many_deadlines_at_once_all_expire)
{
    /* More waits than one interrupt serves end at the same time, in several interrupts. */
    enum { WAITERS = 3 * TIMER_EXPIRE_MAX };
    uint32_t word = world_make(OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN);
    struct thread *waiter[WAITERS];

    for (uint32_t i = 0; i < WAITERS; i++) {
        waiter[i] = world_thread_at(world_thread(5));
        world_call(waiter[i], CALL_WAIT, word, 5000);
    }
    world_thread(1);
    leave_to_user();
    ck_assert_uint_eq(fake.timer_deadline, 5000);
    tick(5000);
    ck_assert_uint_ne(timer_earliest(&hart.timers), TIMER_NEVER);
    fake_log_clear();
    leave_to_user();
    ck_assert_uint_eq(hart.current->priority, 5);
    for (uint32_t turn = 0; turn < WAITERS && timer_earliest(&hart.timers) != TIMER_NEVER; turn++) {
        fake.now += WORLD_SLICE_TICKS;
        ck_assert_uint_le(fake.timer_deadline, fake.now);
        tick(fake.now);
        leave_to_user();
    }
    for (uint32_t i = 0; i < WAITERS; i++)
        ck_assert_int_eq(world_result(waiter[i]), ERR_TIMEOUT);
    ck_assert_uint_eq(timer_earliest(&hart.timers), TIMER_NEVER);
}
END_TEST

#define START UINT64_C(10000)

/* A thread of `priority` that only waits until `deadline`; time begins at START. */
static struct thread *sleeper(uint8_t priority, uint64_t deadline)
{
    uint32_t word = world_make(OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN);
    struct thread *thread = world_thread_at(world_thread(priority));

    if (fake.now < START)
        fake.now = START;
    world_call(thread, CALL_WAIT, word, deadline);
    ck_assert_uint_eq(thread->state, THREAD_BLOCKED_WAIT);
    return thread;
}

START_TEST(test_sched_sleepers_below_the_current_priority_wait_until_they_would_run)
{
    /* Deadlines of threads of lower priority do not interrupt the running thread. */
    struct thread *low[40];

    for (uint32_t i = 0; i < 40; i++)
        low[i] = sleeper(1, START + 1000 + i % 2 * 10);
    struct thread *high = world_thread_at(world_thread(63));
    fake_log_clear();
    ck_assert_ptr_eq(leave_to_user(), high);
    ck_assert_uint_eq(fake.timer_deadline, UINT64_MAX);
    tick(START + 5000); /* the timer fires all the same */
    for (uint32_t i = 0; i < 40; i++)
        ck_assert_uint_eq(low[i]->state, THREAD_BLOCKED_WAIT);
    thread_suspend(high);
    struct thread *first = leave_to_user();
    ck_assert_uint_eq(first->priority, 1);
    ck_assert_int_eq(world_result(first), ERR_TIMEOUT);
}
END_TEST

START_TEST(test_sched_sleeper_above_the_current_priority_takes_over_at_its_deadline)
{
    /* The timer is armed for the earliest deadline; of due threads the highest priority runs. */
    struct thread *a = sleeper(20, START + 2000), *b = sleeper(30, START + 2000);

    sleeper(9, START + 500);
    sleeper(11, START + 700);
    world_thread(10);
    leave_to_user();
    ck_assert_uint_eq(fake.timer_deadline, START + 700);
    tick(START + 2000);
    ck_assert_ptr_eq(leave_to_user(), b);
    thread_suspend(b);
    ck_assert_ptr_eq(leave_to_user(), a);
}
END_TEST

START_TEST(test_sched_sleeper_of_the_current_priority_wakes_at_its_deadline)
{
    /* A sleeper of equal priority preempts at its deadline, if it has a rest of its slice; if not,
     * it runs when the slice ends. */
    struct thread *other = sleeper(5, START + 30);
    struct thread *one = world_thread_at(world_thread(5));

    ck_assert_ptr_eq(leave_to_user(), one);
    ck_assert_uint_eq(fake.timer_deadline, START + 30);
    if (_i != 0)
        sched_forfeit(other);
    tick(START + 30);
    if (_i != 0) {
        ck_assert_ptr_eq(leave_to_user(), one);
        ck_assert_uint_eq(fake.timer_deadline, hart.slice_end_ticks);
        tick(hart.slice_end_ticks);
    }
    ck_assert_ptr_eq(leave_to_user(), other);
    ck_assert_int_eq(world_result(other), ERR_TIMEOUT);
}
END_TEST

START_TEST(test_sched_sleeper_of_the_current_priority_after_the_slice_runs_at_its_deadline)
{
    /* A thread that ran alone for longer than its slice yields to a new equal at once. */
    struct thread *other = sleeper(5, START + 3000);
    struct thread *one = world_thread_at(world_thread(5));

    ck_assert_ptr_eq(leave_to_user(), one);
    ck_assert_uint_eq(fake.timer_deadline, START + 3000);
    tick(START + 3000);
    ck_assert_ptr_eq(leave_to_user(), other);
}
END_TEST

START_TEST(test_sched_timer_is_armed_for_the_earliest_that_could_preempt)
{
    /* For random priorities of a thread and three sleepers, the timer is armed for the earliest
     * deadline of the thread's priority and above, or of all if the hart is idle. */
    uint8_t priority[4];
    uint64_t deadline[3], wanted = UINT64_MAX;

    srand((unsigned)_i + 1);
    for (uint32_t i = 0; i < 4; i++)
        priority[i] = (uint8_t)(rand() % 2 == 0 ? rand() % 64 : 54 + rand() % 10);
    for (uint32_t i = 0; i < 3; i++) {
        deadline[i] = START + 1000 + (uint64_t)rand() % 100;
        sleeper(priority[i], deadline[i]);
    }
    struct thread *one = _i % 4 != 0 ? world_thread_at(world_thread(priority[3])) : NULL;
    for (uint32_t i = 0; i < 3; i++) {
        if (one == NULL || priority[i] >= priority[3])
            wanted = timer_earlier(wanted, deadline[i]);
    }
    if (one != NULL) {
        ck_assert_ptr_eq(leave_to_user(), one);
        ck_assert_uint_eq(fake.timer_deadline, wanted);
    } else {
        leave_to_user();
        ck_assert_uint_eq(fake.now, wanted);
    }
}
END_TEST

START_TEST(test_sched_yield_gives_way_to_a_sleeper_of_the_same_priority)
{
    /* A thread that yields in a loop, so that no slice ends, does not delay an equal's deadline. */
    struct thread *other = sleeper(5, START + 30);
    struct thread *one = world_thread_at(world_thread(5));

    ck_assert_ptr_eq(leave_to_user(), one);
    fake.now = START + 40;
    sched_pass_turn(&hart);
    ck_assert_ptr_eq(leave_to_user(), other);
}
END_TEST

START_TEST(test_sched_pairs_that_wake_each_other_do_not_starve_a_sleeper)
{
    /* Between two threads that wake each other a third thread of their priority wakes at its
     * deadline. */
    struct thread *other = sleeper(5, START + 30);
    struct thread *pair[2] = { world_thread_at(world_thread(5)), world_thread_at(world_thread(5)) };
    struct thread *now = leave_to_user();

    for (uint32_t round = 0; round < 4 && now != other; round++) {
        fake.now += 20;
        sched_block(now, THREAD_BLOCKED_REPLY);
        struct thread *next = now == pair[0] ? pair[1] : pair[0];
        if (next->state != THREAD_READY)
            sched_ready(next);
        now = leave_to_user();
    }
    ck_assert_ptr_eq(now, other);
}
END_TEST

START_TEST(test_sched_may_switch_to_lower_priority_only_without_an_earlier_sleeper)
{
    /* For sleepers below the current priority the timer is not armed: a switch to a thread that
     * such a sleeper could take over from has to arm it. */
    struct thread *low = world_thread_at(world_thread(3));
    struct thread *high = world_thread_at(world_thread(9));

    thread_suspend(low);
    ck_assert_ptr_eq(leave_to_user(), high);
    ck_assert(sched_may_switch(&hart, low));
    struct thread *between = sleeper(5, START + 1000);
    ck_assert_ptr_eq(leave_to_user(), high);
    ck_assert(!sched_may_switch(&hart, low));
    thread_suspend(between);
    ck_assert(sched_may_switch(&hart, low));
}
END_TEST
TCase *sched_deadline_cases(void)
{
    TCase *cases = tcase_create("sched-deadlines");

    tcase_add_checked_fixture(cases, world_setup, NULL);
    tcase_add_test(cases, test_sched_idle_wakes_at_deadline);
    tcase_add_test(cases, test_sched_idle_wakes_for_interrupt);
    tcase_add_test(cases, test_sched_many_deadlines_at_once_all_expire);
    tcase_add_test(cases, test_sched_sleepers_below_the_current_priority_wait_until_they_would_run);
    tcase_add_test(cases,
                   test_sched_sleeper_above_the_current_priority_takes_over_at_its_deadline);
    tcase_add_loop_test(cases, test_sched_sleeper_of_the_current_priority_wakes_at_its_deadline, 0,
                        2);
    tcase_add_test(
        cases, test_sched_sleeper_of_the_current_priority_after_the_slice_runs_at_its_deadline);
    tcase_add_loop_test(cases, test_sched_timer_is_armed_for_the_earliest_that_could_preempt, 0,
                        100);
    tcase_add_test(cases, test_sched_yield_gives_way_to_a_sleeper_of_the_same_priority);
    tcase_add_test(cases, test_sched_pairs_that_wake_each_other_do_not_starve_a_sleeper);
    tcase_add_test(cases,
                   test_sched_may_switch_to_lower_priority_only_without_an_earlier_sleeper);
    return cases;
}
