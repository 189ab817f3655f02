/* SPDX-License-Identifier: BSD-2-Clause */
/* Lives, pings and progress: which process hangs. */
#include "link_world.h"

#include <string.h>

START_TEST(test_up_rewrites_all_of_the_region)
{
    /* Whatever an earlier life wrote is gone, and used states and poison words are there. */
    link_used(&link_, 3, CONTROL_USED_AWAY);
    memset(up, 0x77, sizeof up);
    ck_assert_uint_eq(link_doing(&link_), UINT64_C(0x7777777777777777));
    link_down(&link_);
    link_used(&link_, 4, CONTROL_USED_RETIRED);
    link_up(&link_, 3, 0x1234, now_ticks);
    for (unsigned i = 0; i < sizeof up; i++)
        ck_assert_uint_eq(up[i], 0);
    ck_assert_uint_eq(world_down()->version, CONTROL_VERSION);
    ck_assert_uint_eq(world_down()->connection_most, 64);
    ck_assert_uint_eq(world_down()->fault_count, 3);
    ck_assert_uint_eq(world_down()->suspect, 0x1234);
    ck_assert_uint_eq(world_down()->used_state[3], CONTROL_USED_AWAY);
    ck_assert_uint_eq(world_down()->used_state[4], CONTROL_USED_RETIRED);
    ck_assert_uint_eq(world_down()->used_state[0], CONTROL_USED_NONE);
    ck_assert_uint_eq(world_table()[63].state, 0);
}
END_TEST

START_TEST(test_look_answered_pings_go_on)
{
    /* A process that answers lives, and is pinged once in each ping time. */
    world_run(now_ticks + 100 * PING, world_live_pong);
    ck_assert_ptr_null(world_fault());
    ck_assert_uint_gt(world_down()->ping, 85);
    ck_assert_uint_le(world_down()->ping, 101);
    ck_assert_uint_eq(signals, world_down()->ping);
}
END_TEST

START_TEST(test_look_unanswered_ping_is_a_hang)
{
    /* A process that stops to answer counts as hung after its ping time, not earlier. */
    world_run(now_ticks + 10 * PING, world_live_pong);
    uint64_t from = now_ticks;
    world_run(now_ticks + 10 * PING, NULL);
    ck_assert_str_eq(world_fault(), "does not answer");
    ck_assert_uint_ge(now_ticks - from, PING);
    ck_assert_uint_le(now_ticks - from, 2 * PING + PING / 5);
    ck_assert_uint_eq(link_deadline(&link_), POLICY_NEVER);
}
END_TEST

START_TEST(test_look_old_pong_is_no_answer)
{
    /* Only the newest number answers; a hostile pong of any other value does not. */
    world_up()->pong = 1;
    world_run(now_ticks + PING, NULL);
    ck_assert_ptr_null(world_fault());
    world_up()->pong = (uint32_t)-1;
    world_run(now_ticks + 3 * PING, NULL);
    ck_assert_str_eq(world_fault(), "does not answer");
}
END_TEST

START_TEST(test_look_process_has_the_whole_time_once_its_service_is_back)
{
    /* However long the service was away, the process is not judged for the time before. */
    link_used(&link_, 5, CONTROL_USED_AWAY);
    world_up()->waits_for = 1 + 5;
    world_run(now_ticks + PING + PING / 10 * (uint64_t)_i, NULL);
    link_used(&link_, 5, CONTROL_USED_UP);
    world_up()->waits_for = 0;
    world_run(now_ticks + PING / 10 * 8, NULL);
    ck_assert_ptr_null(world_fault());
    world_run(now_ticks + PING, NULL);
    ck_assert_str_eq(world_fault(), "does not answer");
}
END_TEST

START_TEST(test_look_waiting_for_a_service_that_is_away_is_no_hang)
{
    /* waits_for excuses a process only while that very service is away. */
    link_used(&link_, 5, CONTROL_USED_AWAY);
    link_used(&link_, 6, CONTROL_USED_UP);
    world_up()->waits_for = 1 + 5;
    world_run(now_ticks + 50 * PING, NULL);
    ck_assert_ptr_null(world_fault());
    if (_i == 0)
        link_used(&link_, 5, CONTROL_USED_UP);
    else
        world_up()->waits_for = (uint32_t[]){0, 1 + 6, 0, 17, UINT32_MAX}[_i];
    world_run(now_ticks + 3 * PING, NULL);
    ck_assert_str_eq(world_fault(), "does not answer");
}
END_TEST

static unsigned lives;

static void live_busy_without_progress(void)
{
    world_live_pong();
    world_up()->busy = 2;
}

static void live_busy_with_progress(void)
{
    live_busy_without_progress();
    world_up()->progress += lives++ % 3 == 0;
}

static void live_busy_now_and_then(void)
{
    world_live_pong();
    world_up()->busy = lives++ % 4 != 0;
}

START_TEST(test_look_busy_without_progress_is_a_hang)
{
    /* Requests in flight and no progress in the manifest's time: a hang.  Not if progress is made,
       if there is nothing to do, or if the manifest has no such time. */
    world_begin(5 * PING);
    uint64_t from = now_ticks;
    world_run(now_ticks + 60 * PING, live_busy_with_progress);
    world_run(now_ticks + 60 * PING, live_busy_now_and_then);
    ck_assert_ptr_null(world_fault());
    ck_assert_uint_ge(now_ticks - from, 120 * PING);
    from = now_ticks;
    world_run(now_ticks + 60 * PING, live_busy_without_progress);
    ck_assert_str_eq(world_fault(), "makes no progress");
    ck_assert_uint_ge(now_ticks - from, 5 * PING - PING / 2);
    ck_assert_uint_le(now_ticks - from, 8 * PING);
    world_begin(0);
    world_run(now_ticks + 60 * PING, live_busy_without_progress);
    ck_assert_ptr_null(world_fault());
}
END_TEST

START_TEST(test_look_stop_of_the_machine_is_one_look)
{
    /* A process that had no chance to run is not considered dead, however much time has passed. */
    lines_write(&lines, "news\n", 5);
    link_look(&link_, now_ticks);
    for (unsigned i = 1; i < POLICY_LOOKS; i++) {
        now_ticks += 1000 * PING;
        for (unsigned k = 0; k < 100; k++) {
            link_look(&link_, now_ticks);
            lines_look(&lines, now_ticks);
        }
    }
    ck_assert_ptr_null(world_fault());
}
END_TEST

void link_ping_cases(TCase *tc)
{
    tcase_add_test(tc, test_up_rewrites_all_of_the_region);
    tcase_add_test(tc, test_look_answered_pings_go_on);
    tcase_add_test(tc, test_look_unanswered_ping_is_a_hang);
    tcase_add_test(tc, test_look_old_pong_is_no_answer);
    tcase_add_loop_test(tc, test_look_process_has_the_whole_time_once_its_service_is_back, 0, 10);
    tcase_add_loop_test(tc, test_look_waiting_for_a_service_that_is_away_is_no_hang, 0, 5);
    tcase_add_test(tc, test_look_busy_without_progress_is_a_hang);
    tcase_add_test(tc, test_look_stop_of_the_machine_is_one_look);
}
