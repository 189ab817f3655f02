/* SPDX-License-Identifier: BSD-2-Clause */
/* Ends: memory that is taken back.  The world is that of lives_world.h. */
#include "lives_world.h"

#include <string.h>

START_TEST(test_end_powered_off_guest_is_taken_back)
{
    /* All memory of a guest that ended is free again; the service keeps the entry's name. */
    world_run_for(HZ / 10);
    unsigned parts = world_made_count();
    lives_end(&lives, RIGHT, LIFE_END_OFF, now_ticks);
    world_run_for(HZ / 10);
    world_says("guest right powered itself off\n");
    ck_assert_uint_eq(world_made_count(), parts - 6);
    ck_assert_int_eq(lives.life[RIGHT].state, LIFE_OVER);
    ck_assert_str_eq(world_entry_of(CONSOLE, 1)->client, "vmm.right");
    lives_end(&lives, CONSOLE, LIFE_END_FAULT, now_ticks);
    world_run_for(HZ / 10);
    ck_assert_uint_eq(world_entry_of(CONSOLE, 1)->state & CONTROL_STATE_MASK,
                      CONTROL_CONNECTION_CLIENT_ENDED);
    ck_assert_uint_eq(world_entry_of(CONSOLE, 1)->ring[0].shared_address, 0);
    ck_assert(world.runs[CONSOLE] && world.runs[LEFT]);
    lives_end(&lives, LEFT, LIFE_END_OFF, now_ticks);
    world_run_for(HZ / 10);
    ck_assert_uint_eq(lives_guests_running(&lives), 0);
    ck_assert(lives_ended_well(&lives));
}
END_TEST

START_TEST(test_end_guest_waits_for_a_service_that_works_its_rings_off)
{
    /* Memory is not taken from a service that has not left; a service that dies meanwhile gets the
       rings again in its next life, and then the memory goes. */
    world_run_for(HZ / 10);
    world.mood[CONSOLE] = MOOD_STAYS;
    lives_end(&lives, RIGHT, LIFE_END_OFF, now_ticks);
    world_run_for(5 * HZ);
    ck_assert(world.is_made[plan_part_guest(1)]);
    lives_end(&lives, CONSOLE, LIFE_END_FAULT, now_ticks);
    world_run_for(HZ / 10);
    ck_assert(world.is_made[plan_part_side(RIGHT_CONSOLE, PLAN_SIDE_SERVICE)]);
    ck_assert_uint_eq(world_entry_of(CONSOLE, 1)->ring[0].shared_address, 0x1000);
    world.mood[CONSOLE] = MOOD_FINE;
    world_run_for(HZ / 10);
    ck_assert(!world.is_planned[plan_part_guest(1)]);
}
END_TEST

START_TEST(test_end_region_goes_at_once)
{
    /* The memory of a client that has ended is not mapped for the service any more, although the
       service has not left; and its next life gets the rings, but not that memory. */
    world_run_for(HZ / 10);
    ck_assert(world.is_made[plan_part_region(LEFT_ECHO)]);
    world.mood[ECHO] = MOOD_STAYS;
    lives_end(&lives, LEFT, LIFE_END_OFF, now_ticks);
    world_run_for(HZ / 100);
    ck_assert(!world.is_planned[plan_part_region(LEFT_ECHO)]);
    ck_assert(world.is_made[plan_part_side(LEFT_ECHO, PLAN_SIDE_SERVICE)]);
    ck_assert(world.is_made[plan_part_region(PROBE_ECHO)]);
    ck_assert(world.runs[ECHO]);
    lives_end(&lives, ECHO, LIFE_END_ORDERED, now_ticks);
    world_run_for(HZ / 10);
    ck_assert(world.is_made[plan_part_side(LEFT_ECHO, PLAN_SIDE_SERVICE)]);
    ck_assert(!world.is_made[plan_part_region(LEFT_ECHO)]);
    ck_assert(world.is_made[plan_part_region(PROBE_ECHO)]);
}
END_TEST

START_TEST(test_end_service_that_does_not_leave_is_restarted)
{
    /* A hostile service does not keep a dead guest's memory: after its time the service is told to
       leave, then it counts as hung, and the memory is free with its death.  The next life learns
       the client's end and gets nothing. */
    world_run_for(HZ / 10);
    world.mood[CONSOLE] = MOOD_STAYS;
    lives_end(&lives, RIGHT, LIFE_END_OFF, now_ticks);
    world_run_for((LINK_LEAVE_PINGS - 1) * HZ);
    ck_assert(world.is_made[plan_part_guest(1)]);
    ck_assert_uint_eq(world.starts[CONSOLE], 1);
    world_run_for(4 * HZ);
    world_says("console does not leave a connection: it is ended\n");
    ck_assert(!world.is_planned[plan_part_guest(1)]);
    ck_assert_uint_eq(world.starts[CONSOLE], 2);
    ck_assert(world.runs[CONSOLE] && world.runs[LEFT]);
    ck_assert_uint_eq(world_entry_of(CONSOLE, 1)->state & CONTROL_STATE_MASK,
                      CONTROL_CONNECTION_CLIENT_ENDED);
    ck_assert_uint_eq(world_entry_of(CONSOLE, 1)->ring[0].shared_address, 0);
}
END_TEST

START_TEST(test_end_service_that_dies_when_told_to_leave_gets_nothing_again)
{
    /* A death after LEAVING counts as leaving, whatever its reason. */
    world_run_for(HZ / 10);
    world.mood[CONSOLE] = MOOD_STAYS;
    lives_end(&lives, RIGHT, LIFE_END_OFF, now_ticks);
    while ((world_entry_of(CONSOLE, 1)->state & CONTROL_STATE_MASK) != CONTROL_CONNECTION_LEAVING)
        world_run_for(HZ / 10);
    lives_end(&lives, CONSOLE, LIFE_END_ORDERED, now_ticks);
    world_run_for(HZ / 10);
    ck_assert(!world.is_planned[plan_part_guest(1)]);
    ck_assert(world.runs[CONSOLE]);
}
END_TEST

START_TEST(test_end_service_that_dies_while_a_connection_is_taken_back)
{
    /* Whatever step of it is done: the memory goes, and the next life of the service gets an entry
       without addresses. */
    world_run_for(HZ / 10);
    world.steps_of_a_part = 5;
    lives_end(&lives, RIGHT, LIFE_END_OFF, now_ticks);
    while (world.is_made[plan_part_side(RIGHT_CONSOLE, PLAN_SIDE_SERVICE)]) {
        if (!world_turn())
            now_ticks += MS;
    }
    for (int i = 0; i < _i; i++)
        (void)world_turn();
    lives_end(&lives, CONSOLE, LIFE_END_FAULT, now_ticks);
    world_run_for(HZ / 10);
    ck_assert(!world.is_planned[plan_part_guest(1)]);
    ck_assert(world.runs[CONSOLE]);
    ck_assert_uint_eq(world_entry_of(CONSOLE, 1)->state & CONTROL_STATE_MASK,
                      CONTROL_CONNECTION_CLIENT_ENDED);
    ck_assert_uint_eq(world_entry_of(CONSOLE, 1)->ring[0].shared_address, 0);
    ck_assert_ptr_null(strstr(world_said(), "refuses"));
}
END_TEST

START_TEST(test_end_service_given_up_while_a_client_is_made)
{
    /* Whatever step of the connection is done: nothing of it stays when the client ends. */
    while (lives.life[LEFT].state != LIFE_CONNECTIONS)
        ck_assert(world_turn());
    world.steps_of_a_part = 5;
    for (int i = 0; i < _i; i++)
        ck_assert(world_turn());
    if (!world.runs[ECHO])
        return;
    lives.life[ECHO].restart.most = 0;
    lives_end(&lives, ECHO, LIFE_END_FAULT, now_ticks);
    world_run_for(HZ / 10);
    ck_assert(world.runs[LEFT]);
    lives_end(&lives, LEFT, LIFE_END_OFF, now_ticks);
    world_run_for(HZ / 10);
    ck_assert(!world.is_planned[plan_part_connection(LEFT_ECHO)]);
    ck_assert(!world.is_planned[plan_part_side(LEFT_ECHO, PLAN_SIDE_CLIENT)]);
    ck_assert(!world.is_planned[plan_part_guest(0)]);
}
END_TEST

START_TEST(test_end_retired_service_is_taken_back_after_its_clients)
{
    /* When the last client of a retired service ends, nothing of the service is left. */
    world_run_for(HZ / 10);
    for (unsigned i = 0; i < 6; i++) {
        lives_end(&lives, CONSOLE, LIFE_END_FAULT, now_ticks);
        world_run_for(HZ / 4);
    }
    ck_assert(world.is_made[plan_part_instance(CONSOLE)]);
    lives_end(&lives, RIGHT, LIFE_END_OFF, now_ticks);
    lives_end(&lives, LEFT, LIFE_END_OFF, now_ticks);
    world_run_for(HZ / 10);
    ck_assert(!world.is_planned[plan_part_instance(CONSOLE)]);
    ck_assert_uint_eq(world_made_count(), 2 + 1 + 2 + 2 + 1);
}
END_TEST

void lives_end_cases(TCase *tc)
{
    tcase_add_test(tc, test_end_powered_off_guest_is_taken_back);
    tcase_add_test(tc, test_end_guest_waits_for_a_service_that_works_its_rings_off);
    tcase_add_test(tc, test_end_region_goes_at_once);
    tcase_add_test(tc, test_end_service_that_does_not_leave_is_restarted);
    tcase_add_test(tc, test_end_service_that_dies_when_told_to_leave_gets_nothing_again);
    tcase_add_loop_test(tc, test_end_service_that_dies_while_a_connection_is_taken_back, 0, 12);
    tcase_add_loop_test(tc, test_end_service_given_up_while_a_client_is_made, 0, 80);
    tcase_add_test(tc, test_end_retired_service_is_taken_back_after_its_clients);
}
