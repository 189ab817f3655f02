/* SPDX-License-Identifier: BSD-2-Clause */
/* Served connections: offers, answers and ends, and shared memory that holds anything. */
#include "link_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct control_connection sample = {.wake_slot = 77,
                                                 .ring_count = 1,
                                                 .ring = {{.shared_address = 0x1000}},
                                                 .client = "left",
                                                 .info_address = 0x2000,
                                                 .info_bytes = 4096};

static void world_answer(unsigned index, uint32_t generation, uint32_t state, const char *reason)
{
    snprintf(world_answers()[index].reason, CONTROL_REASON_BYTES, "%s", reason);
    world_answers()[index].state = control_state(generation, state);
}

START_TEST(test_offer_is_answered_for_its_generation_only)
{
    /* An answer counts for the generation that it names, and for no other offer. */
    char reason[CONTROL_REASON_BYTES];
    link_entry_offer(&link_, 7, &sample, CONTROL_CONNECTION_OFFERED, now_ticks);
    ck_assert_uint_eq(world_table()[7].state, control_state(1, CONTROL_CONNECTION_OFFERED));
    ck_assert_uint_eq(world_table()[7].wake_slot, 77);
    ck_assert_str_eq(world_table()[7].client, "left");
    ck_assert_uint_eq(signals, 1);
    ck_assert_int_eq(link_answer(&link_, 7, reason), CONTROL_ANSWER_NONE);
    world_answer(7, 1, CONTROL_ANSWER_ACCEPTED, "");
    ck_assert_int_eq(link_answer(&link_, 7, reason), CONTROL_ANSWER_ACCEPTED);
    link_entry_offer(&link_, 7, &sample, CONTROL_CONNECTION_OFFERED, now_ticks);
    ck_assert_int_eq(link_answer(&link_, 7, reason), CONTROL_ANSWER_NONE);
    world_answer(7, 2, 77, "");
    ck_assert_int_eq(link_answer(&link_, 7, reason), CONTROL_ANSWER_NONE);
    world_answer(7, 2, CONTROL_ANSWER_REFUSED, "no such \x1b[2J disk");
    ck_assert_int_eq(link_answer(&link_, 7, reason), CONTROL_ANSWER_REFUSED);
    ck_assert_str_eq(reason, "no such ?[2J disk");
    ck_assert_int_eq(link_answer(&link_, 8, reason), CONTROL_ANSWER_NONE);
}
END_TEST

START_TEST(test_answer_hostile_reason_ends_in_its_field)
{
    /* A reason without a zero byte is cut at the field's end. */
    char reason[CONTROL_REASON_BYTES];
    link_entry_offer(&link_, 0, &sample, CONTROL_CONNECTION_OFFERED, now_ticks);
    memset(world_answers(), 'x', 4096);
    world_answers()[0].state = control_state(1, CONTROL_ANSWER_REFUSED);
    ck_assert_int_eq(link_answer(&link_, 0, reason), CONTROL_ANSWER_REFUSED);
    ck_assert_uint_eq(strlen(reason), CONTROL_REASON_BYTES - 1);
}
END_TEST

START_TEST(test_offer_states_keep_the_generation_until_left)
{
    /* The client's end and LEAVING are news of the same connection; strip takes its memory. */
    char reason[CONTROL_REASON_BYTES];
    link_entry_state(&link_, 7, CONTROL_CONNECTION_CLIENT_DEAD, now_ticks);
    ck_assert_uint_eq(world_table()[7].state, 0);
    link_entry_offer(&link_, 7, &sample, CONTROL_CONNECTION_OFFERED, now_ticks);
    world_answer(7, 1, CONTROL_ANSWER_ACCEPTED, "");
    link_entry_state(&link_, 7, CONTROL_CONNECTION_CLIENT_ENDED, now_ticks);
    ck_assert_uint_eq(world_table()[7].state, control_state(1, CONTROL_CONNECTION_CLIENT_ENDED));
    ck_assert_int_eq(link_answer(&link_, 7, reason), CONTROL_ANSWER_ACCEPTED);
    world_answer(7, 1, CONTROL_ANSWER_LEFT, "");
    ck_assert_int_eq(link_answer(&link_, 7, reason), CONTROL_ANSWER_LEFT);
    link_entry_strip(&link_, 7);
    ck_assert_uint_eq(world_table()[7].ring[0].shared_address, 0);
    ck_assert_uint_eq(world_table()[7].info_address, 0);
    ck_assert_uint_eq(world_table()[7].wake_slot, 0);
    ck_assert_str_eq(world_table()[7].client, "left");
}
END_TEST

static void live_and_leave(void)
{
    world_live_pong();
    world_answer(7, 1, CONTROL_ANSWER_LEFT, "");
}

START_TEST(test_look_unanswered_offer_or_leaving_is_a_hang)
{
    /* OFFERED wants any answer, LEAVING wants LEFT, each within the ping time. */
    link_entry_offer(&link_, 7, &sample, CONTROL_CONNECTION_OFFERED, now_ticks);
    if (_i == 0) {
        world_run(now_ticks + 3 * PING, world_live_pong);
        ck_assert_str_eq(world_fault(), "does not answer an offer");
        return;
    }
    world_answer(7, 1, CONTROL_ANSWER_ACCEPTED, "");
    world_run(now_ticks + 3 * PING, world_live_pong);
    ck_assert_ptr_null(world_fault());
    link_entry_state(&link_, 7, CONTROL_CONNECTION_LEAVING, now_ticks);
    world_run(now_ticks + 3 * PING, _i == 1 ? world_live_pong : live_and_leave);
    if (_i == 1)
        ck_assert_str_eq(world_fault(), "does not leave a connection");
    else
        ck_assert_ptr_null(world_fault());
}
END_TEST

START_TEST(test_look_client_end_without_answer_is_followed_by_leaving)
{
    /* A service works off a dead client's rings for LINK_LEAVE_PINGS ping times.  Then it must
       leave within its ping time, or its progress time if that is longer. */
    const uint64_t leave = now_ticks + LINK_LEAVE_PINGS * PING;
    link_.times.progress_ticks = _i == 0 ? 0 : 5 * PING;
    link_entry_offer(&link_, 7, &sample, CONTROL_CONNECTION_CLIENT_DEAD, now_ticks);
    world_answer(7, 1, CONTROL_ANSWER_ACCEPTED, "");
    world_run(leave - PING, world_live_pong);
    ck_assert_uint_eq(world_table()[7].state, control_state(1, CONTROL_CONNECTION_CLIENT_DEAD));
    ck_assert(!link_entry_is_leaving(&link_, 7));
    world_run(leave + PING / 2, world_live_pong);
    ck_assert_uint_eq(world_table()[7].state, control_state(1, CONTROL_CONNECTION_LEAVING));
    ck_assert_ptr_null(world_fault());
    ck_assert(link_entry_is_leaving(&link_, 7));
    world_run(leave + (_i == 0 ? 2 : 4) * PING, world_live_pong);
    if (_i == 1)
        ck_assert_ptr_null(world_fault());
    world_run(leave + 7 * PING, world_live_pong);
    ck_assert_str_eq(world_fault(), "does not leave a connection");
}
END_TEST

START_TEST(test_look_client_end_with_answer_is_over)
{
    /* After LEFT, or a refusal before the client's end, nothing more is asked. */
    link_entry_offer(&link_, 7, &sample, CONTROL_CONNECTION_OFFERED, now_ticks);
    world_answer(7, 1, _i == 0 ? CONTROL_ANSWER_LEFT : CONTROL_ANSWER_REFUSED, "");
    link_entry_state(&link_, 7, CONTROL_CONNECTION_CLIENT_ENDED, now_ticks);
    world_run(now_ticks + 3 * LINK_LEAVE_PINGS * PING, world_live_pong);
    ck_assert_ptr_null(world_fault());
    ck_assert_uint_eq(world_table()[7].state, control_state(1, CONTROL_CONNECTION_CLIENT_ENDED));
}
END_TEST

START_TEST(test_look_any_words_in_shared_memory_cost_the_process_only)
{
    /* Whatever the process writes to its part at any time, each call ends, the down part stays the
       root server's, and only the root server's text is printed. */
    uint32_t *word = (void *)up;
    unsigned deaths = 0;
    char reason[CONTROL_REASON_BYTES];
    srand(7);
    for (unsigned round = 0; round < 20000; round++) {
        unsigned at = rand() % 4 == 0 ? (unsigned)rand() % (sizeof up / 4) : (unsigned)rand() % 96;
        word[at] = rand() % 2 ? (uint32_t)rand() : (uint32_t)rand() % 1024;
        lines_write(&lines, "own\n", 4);
        now_ticks += (uint64_t)rand() % (PING / 5);
        link_look(&link_, now_ticks);
        lines_look(&lines, now_ticks);
        (void)link_answer(&link_, (unsigned)rand() % 64, reason);
        if (rand() % 50 == 0)
            (void)lines_flush(&lines);
        ck_assert_uint_eq(strspn(klog_text, "\r\nwarren: o"), klog_bytes);
        memset(klog_text, 0, klog_bytes);
        klog_bytes = 0;
        if (world_fault() == NULL)
            continue;
        deaths++;
        link_down(&link_);
        lines_down(&lines);
        memset(klog_text, 0, klog_bytes);
        klog_bytes = 0;
        link_up(&link_, 0, 0, now_ticks);
        ck_assert_int_eq(lines_up(&lines, &link_), OK);
        link_entry_offer(&link_, 3, &sample, CONTROL_CONNECTION_OFFERED, now_ticks);
        ck_assert_mem_eq(world_table()[3].client, sample.client, sizeof sample.client);
    }
    ck_assert_uint_gt(deaths, 100);
}
END_TEST

void link_offers_cases(TCase *tc)
{
    tcase_add_test(tc, test_offer_is_answered_for_its_generation_only);
    tcase_add_test(tc, test_answer_hostile_reason_ends_in_its_field);
    tcase_add_test(tc, test_offer_states_keep_the_generation_until_left);
    tcase_add_loop_test(tc, test_look_unanswered_offer_or_leaving_is_a_hang, 0, 3);
    tcase_add_loop_test(tc, test_look_client_end_without_answer_is_followed_by_leaving, 0, 2);
    tcase_add_loop_test(tc, test_look_client_end_with_answer_is_over, 0, 2);
    tcase_add_test(tc, test_look_any_words_in_shared_memory_cost_the_process_only);
}
