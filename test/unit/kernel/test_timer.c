/* SPDX-License-Identifier: BSD-2-Clause */
#include "suites.h"
#include "world.h"

#include <stdlib.h>

#define TIMERS 500u

static struct timer timer[TIMERS];
static struct timer_queue queue;

/* The longest way down the right, and the heap's order and links, of a subtree. */
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
    /* Whatever the order of arming, deadlines come out in order. */
    srand(7);
    for (uint32_t i = 0; i < TIMERS; i++)
        timer_arm(&queue, &timer[i], (uint64_t)rand() % 1000);
    uint64_t last = 0;
    for (uint32_t i = 0; i < TIMERS; i++) {
        struct timer *first = queue.first;
        ck_assert(first->deadline_ticks >= last);
        last = first->deadline_ticks;
        timer_cancel(&queue, first);
    }
    ck_assert_ptr_null(queue.first);
}
END_TEST

START_TEST(test_timer_random_arms_and_cancels_keep_heap)
{
    /* After any arm or cancel the heap is leftist and holds what is armed. */
    uint32_t armed = 0;

    srand(11);
    for (uint32_t step = 0; step < 4000; step++) {
        struct timer *one = &timer[(uint32_t)rand() % TIMERS];
        if (one->is_armed) {
            timer_cancel(&queue, one);
            armed--;
        } else {
            timer_arm(&queue, one, (uint64_t)rand() % 300);
            armed++;
        }
        uint32_t count = 0;
        if (step % 40 == 0) {
            check_subtree(queue.first, NULL, &count);
            ck_assert_uint_eq(count, armed);
        }
    }
}
END_TEST

START_TEST(test_timer_ascending_deadlines_stay_shallow)
{
    /* The way that operations walk is logarithmic even for the worst order. */
    for (uint32_t i = 0; i < TIMERS; i++)
        timer_arm(&queue, &timer[i], i);
    ck_assert_uint_le(queue.first->rank, 9);
}
END_TEST

START_TEST(test_timer_cancel_unarmed_is_harmless)
{
    /* Cancelling what is not armed changes nothing. */
    timer_arm(&queue, &timer[0], 5);
    timer_cancel(&queue, &timer[1]);
    ck_assert_ptr_eq(queue.first, &timer[0]);
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
    return cases;
}
