/* SPDX-License-Identifier: BSD-2-Clause */
#include "suites.h"
#include "world.h"

#include <stdlib.h>

#define TIMERS 500u

static struct timer timer[TIMERS];
static struct timer_queue queue;

/* Checks order and links of a subtree, and returns the length of its right spine. */
static uint32_t check_subtree(const struct timer *one, const struct timer *parent, uint32_t *count)
{
    if (one == NULL)
        return 0;
    ck_assert_ptr_eq(one->parent, parent);
    if (parent != NULL)
        ck_assert(one->deadline_ticks >= parent->deadline_ticks);
    uint32_t left = check_subtree(one->left, one, count);
    uint32_t right = check_subtree(one->right, one, count);
    ck_assert(left >= right);
    ck_assert_uint_eq(one->rank, right + 1);
    (*count)++;
    return right + 1;
}

START_TEST(test_timer_first_is_earliest)
{
    /* In whatever order timers are armed, they expire in the order of their deadlines. */
    srand(7);
    for (uint32_t i = 0; i < TIMERS; i++)
        timer_arm(&queue, &timer[i], 7, (uint64_t)rand() % 1000);
    uint64_t last = 0;
    for (uint32_t i = 0; i < TIMERS; i++) {
        struct timer *first = queue.heap[7];
        ck_assert(first->deadline_ticks >= last);
        last = first->deadline_ticks;
        timer_cancel(&queue, first);
    }
    ck_assert_ptr_null(queue.heap[7]);
}
END_TEST

START_TEST(test_timer_random_arms_and_cancels_keep_heap)
{
    /* After any arm or cancel the heaps are leftist and hold exactly the armed timers. */
    uint32_t armed = 0;

    srand(11);
    for (uint32_t step = 0; step < 4000; step++) {
        struct timer *one = &timer[(uint32_t)rand() % TIMERS];
        if (one->is_armed) {
            timer_cancel(&queue, one);
            armed--;
        } else {
            timer_arm(&queue, one, (uint8_t)(rand() % 3 * 20), (uint64_t)rand() % 300);
            armed++;
        }
        uint32_t count = 0;
        if (step % 40 == 0) {
            for (uint32_t p = 0; p < TIMER_PRIORITIES; p++)
                check_subtree(queue.heap[p], NULL, &count);
            ck_assert_uint_eq(count, armed);
        }
    }
}
END_TEST

START_TEST(test_timer_ascending_deadlines_stay_shallow)
{
    /* The path that operations walk is logarithmic even for the worst order. */
    for (uint32_t i = 0; i < TIMERS; i++)
        timer_arm(&queue, &timer[i], 0, i);
    ck_assert_uint_le(queue.heap[0]->rank, 9);
}
END_TEST

START_TEST(test_timer_cancel_unarmed_is_harmless)
{
    /* Cancelling a timer that is not armed changes nothing. */
    timer_arm(&queue, &timer[0], 0, 5);
    timer_cancel(&queue, &timer[1]);
    ck_assert_ptr_eq(queue.heap[0], &timer[0]);
}
END_TEST

/* The same queries, answered by a scan of all timers. */
static uint64_t scan_earliest_from(int floor)
{
    uint64_t earliest = TIMER_NEVER;

    for (uint32_t i = 0; i < TIMERS; i++) {
        if (timer[i].is_armed && timer[i].priority >= floor &&
            timer[i].deadline_ticks < earliest)
            earliest = timer[i].deadline_ticks;
    }
    return earliest;
}

static int scan_due_priority(uint64_t now)
{
    int highest = -1;

    for (uint32_t i = 0; i < TIMERS; i++) {
        if (timer[i].is_armed && timer[i].deadline_ticks <= now && timer[i].priority > highest)
            highest = timer[i].priority;
    }
    return highest;
}

static void check_questions(void)
{
    uint8_t priority = (uint8_t)(rand() % 64);
    uint64_t now = (uint64_t)rand() % 320;
    int due = scan_due_priority(now);
    const struct timer *found = timer_due(&queue, now, priority);

    ck_assert_uint_eq(timer_earliest(&queue), scan_earliest_from(0));
    ck_assert_uint_eq(timer_earliest_from(&queue, priority), scan_earliest_from(priority));
    if (timer_earliest_is_from(&queue, priority))
        ck_assert_uint_eq(timer_earliest(&queue), scan_earliest_from(priority));
    ck_assert((found != NULL) == (due >= priority));
    if (found != NULL)
        ck_assert(found->priority == due && found == queue.heap[due]);
}

START_TEST(test_timer_questions_across_priorities_agree_with_a_scan)
{
    /* Earliest of all, earliest from a priority on, most urgent due timer: as by a scan. */
    srand(13);
    for (uint32_t step = 0; step < 6000; step++) {
        struct timer *one = &timer[(uint32_t)rand() % (step % 600 < 300 ? 4 : TIMERS)];
        if (one->is_armed)
            timer_cancel(&queue, one);
        else
            timer_arm(&queue, one, (uint8_t)(rand() % 64), (uint64_t)rand() % 300);
        check_questions();
    }
}
END_TEST

TCase *timer_cases(void)
{
    TCase *cases = tcase_create("timer");

    tcase_add_checked_fixture(cases, world_setup, NULL);
    tcase_add_test(cases, test_timer_first_is_earliest);
    tcase_add_test(cases, test_timer_random_arms_and_cancels_keep_heap);
    tcase_add_test(cases, test_timer_ascending_deadlines_stay_shallow);
    tcase_add_test(cases, test_timer_cancel_unarmed_is_harmless);
    tcase_add_test(cases, test_timer_questions_across_priorities_agree_with_a_scan);
    return cases;
}
