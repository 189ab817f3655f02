/* SPDX-License-Identifier: BSD-2-Clause */
/* First starts: offers, answers and refusals.  The world is that of lives_world.h. */
#include "lives_world.h"

#include <string.h>

START_TEST(test_step_starts_everything)
{
    /* Every process starts, and every connection is offered and accepted. */
    world.steps_of_a_part = 5;
    world_run_for(HZ / 10);
    world_all_run();
    ck_assert_uint_eq(lives_guests_running(&lives), 2);
    ck_assert_uint_eq(world_down_of(LEFT)->used_state[0], CONTROL_USED_UP);
    ck_assert_uint_eq(world_down_of(LEFT)->used_state[1], CONTROL_USED_UP);
    ck_assert_str_eq(world_entry_of(CONSOLE, 1)->client, "vmm.right");
    ck_assert_uint_eq(world_made_count(), 5 + 4 + 5 + 8 + 4);
}
END_TEST

START_TEST(test_step_guest_starts_when_all_its_connections_are_accepted)
{
    /* A guest waits for each answer; other guests do not wait with it. */
    world.mood[ECHO] = MOOD_HANGS;
    world_run_for(HZ / 10);
    ck_assert(world.runs[RIGHT]);
    ck_assert(!world.runs[LEFT] && !world.runs[PROBE]);
    world.mood[ECHO] = MOOD_FINE;
    world_run_for(HZ / 10);
    world_all_run();
}
END_TEST

START_TEST(test_step_refusal_names_the_key)
{
    /* A refused guest does not start; the line has the reason and the key's file and line. */
    world.mood[ECHO] = MOOD_REFUSES;
    world_run_for(HZ);
    ck_assert(!world.runs[LEFT] && !world.runs[PROBE] && world.runs[RIGHT]);
    world_says("echo refuses the connection of vmm.left (left.toml:3): no disk\n");
    world_says("guest left cannot be started: a service refuses its connection\n");
    world_says("guest left is dead\n");
    ck_assert_uint_eq(lives_guests_running(&lives), 1);
    ck_assert(!world.is_made[plan_part_guest(0)] && !world.is_planned[plan_part_guest(0)]);
    ck_assert(!world.is_planned[plan_part_connection(LEFT_CONSOLE)]);
}
END_TEST

START_TEST(test_step_part_without_room_is_said_and_undone)
{
    /* Whichever part of a guest cannot be made: the reason is said, and all of it is undone. */
    static unsigned part;
    part = (unsigned[]){plan_part_guest(0),
                        plan_part_connection(LEFT_CONSOLE),
                        plan_part_connection(LEFT_ECHO),
                        plan_part_process(LEFT),
                        plan_part_side(LEFT_CONSOLE, PLAN_SIDE_CLIENT),
                        plan_part_side(LEFT_ECHO, PLAN_SIDE_SERVICE)}[_i];
    world.make_fails[part] = ERR_NO_MEMORY;
    world_run_for(HZ);
    world_says(_i < 5
                   ? "guest left cannot be started: there is no room\n"
                   : "echo refuses the connection of vmm.left (left.toml:3): there is no room\n");
    world_says("guest left is dead\n");
    ck_assert(!world.runs[LEFT] && world.runs[RIGHT]);
    ck_assert_uint_eq(world_made_count(), 4 + 2 + 4 + 4 + 2);
    ck_assert_int_eq(lives.life[LEFT].state, LIFE_OVER);
}
END_TEST

START_TEST(test_step_connection_that_cannot_be_is_never_offered)
{
    /* A connection beyond the table of its service, or to a service that does not run (then the
       number is that of the first VMM): its guest does not start, and no region is written to
       beyond its end. */
    lives.connection[RIGHT_CONSOLE].service = _i == 0 ? CONSOLE : LEFT;
    lives.connection[RIGHT_CONSOLE].served = _i == 0 ? CONTROL_CONNECTIONS_MAX : 0;
    world.make_fails[plan_part_connection(RIGHT_CONSOLE)] = ERR_NOT_FOUND;
    uint8_t *behind = _i == 0 ? (uint8_t *)world_down_of(CONSOLE) + CONTROL_DOWN_LINES
                              : (uint8_t *)world_down_of(LEFT) + CONTROL_DOWN_TABLE;
    memset(behind, 0x55, sizeof(struct control_connection));
    world_run_for(HZ);
    world_says("guest right cannot be started: there is no room\n");
    ck_assert_int_eq(lives.life[RIGHT].state, LIFE_OVER);
    ck_assert(world.runs[LEFT]);
    if (_i == 1) {
        for (unsigned i = 0; i < sizeof(struct control_connection); i++)
            ck_assert_uint_eq(behind[i], 0x55);
    }
    ck_assert(!lives.connection[RIGHT_CONSOLE].is_offered);
}
END_TEST

START_TEST(test_step_service_without_room_is_given_up)
{
    /* A service that cannot be planned is said; its clients start without it. */
    world.make_fails[plan_part_instance(CONSOLE)] = ERR_NOT_FOUND;
    world_run_for(HZ);
    world_says("service console cannot be started: there is no room\n");
    ck_assert(world.runs[LEFT] && world.runs[RIGHT]);
    ck_assert_uint_eq(world_down_of(LEFT)->used_state[0], CONTROL_USED_RETIRED);
    ck_assert_uint_eq(world_down_of(LEFT)->used_state[1], CONTROL_USED_UP);
    ck_assert(!lives_ended_well(&lives));
}
END_TEST

void lives_start_cases(TCase *tc)
{
    tcase_add_test(tc, test_step_starts_everything);
    tcase_add_test(tc, test_step_guest_starts_when_all_its_connections_are_accepted);
    tcase_add_test(tc, test_step_refusal_names_the_key);
    tcase_add_loop_test(tc, test_step_part_without_room_is_said_and_undone, 0, 6);
    tcase_add_loop_test(tc, test_step_connection_that_cannot_be_is_never_offered, 0, 2);
    tcase_add_test(tc, test_step_service_without_room_is_given_up);
}
