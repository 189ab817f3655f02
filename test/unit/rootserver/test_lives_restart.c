/* SPDX-License-Identifier: BSD-2-Clause */
/* Restarts, hangs and devices.  The world is that of lives_world.h. */
#include "lives_world.h"

#include <stdlib.h>
#include <string.h>

START_TEST(test_end_restart_touches_only_its_side)
{
    /* A service or VMM that faults comes back on the same connections; no other process notices
       more than the state of the connection. */
    const unsigned victim = (unsigned[]){CONSOLE, ECHO, PROBE, LEFT}[_i];
    world_run_for(HZ / 10);
    unsigned parts = world_made_count();
    lives_end(&lives, victim, LIFE_END_FAULT, now_ticks);
    ck_assert(!world.runs[victim]);
    for (unsigned i = 0; i < lives.connection_count; i++)
        ck_assert_int_eq(lives.connection[i].state, lives.connection[i].service == victim
                                                        ? CONTROL_USED_AWAY
                                                        : CONTROL_USED_UP);
    world_run_for(HZ / 10);
    world_all_run();
    ck_assert_uint_eq(world_made_count(), parts);
    for (unsigned i = 0; i < PLAN_PROCESSES_ALL; i++) {
        if (lives.life[i].state != LIFE_NONE)
            ck_assert_uint_eq(world.starts[i], i == victim ? 2 : 1);
    }
    ck_assert_uint_eq(world.resets[victim], 1);
    world_says(" started anew\n");
    ck_assert_uint_eq(lives_guests_running(&lives), 2);
}
END_TEST

/* Does the table of the service have an entry for each of its connections? */
static bool table_is_whole(unsigned service)
{
    for (unsigned i = 0; i < lives.connection_count; i++) {
        const struct life_connection *c = &lives.connection[i];
        if (c->service == service && world_entry_of(service, c->served)->state == 0)
            return false;
    }
    return true;
}

START_TEST(test_end_restarted_service_learns_when_its_table_is_whole)
{
    /* While connections are made again, one by one, the service is not told that it knows all. */
    unsigned partly = 0;
    world_run_for(HZ / 10);
    ck_assert_uint_eq(world_down_of(CONSOLE)->is_table_whole, 1);
    lives_end(&lives, CONSOLE, LIFE_END_FAULT, now_ticks);
    world.steps_of_a_part = 5;
    while (!world.runs[CONSOLE] || !world_down_of(CONSOLE)->is_table_whole) {
        now_ticks++;
        if (!world_turn())
            now_ticks += HZ / 1000;
        partly += world.runs[CONSOLE] && !table_is_whole(CONSOLE);
        if (world.runs[CONSOLE] && world_down_of(CONSOLE)->is_table_whole)
            ck_assert(table_is_whole(CONSOLE));
    }
    ck_assert_uint_gt(partly, 2);
}
END_TEST

START_TEST(test_end_service_that_dies_while_a_side_is_made)
{
    /* A service that dies after any step of its side of a connection: the side is unmade with its
       process, and made anew from its first step. */
    const unsigned parts = world_made_count();
    while (world.steps_left[plan_part_side(RIGHT_CONSOLE, PLAN_SIDE_SERVICE)] == 0) {
        world.steps_of_a_part = world.runs[CONSOLE] ? 5 : 0;
        ck_assert(world_turn());
    }
    for (int i = 0; i < _i; i++)
        ck_assert(world_turn());
    lives_end(&lives, CONSOLE, LIFE_END_FAULT, now_ticks);
    world_run_for(HZ / 10);
    world_all_run();
    ck_assert_uint_gt(world_made_count(), parts);
}
END_TEST

START_TEST(test_end_restarts_are_limited_by_policy)
{
    /* After its last restart a service is retired and its clients learn it; a guest is dead, and
       the others go on. */
    const unsigned victim = _i == 0 ? ECHO : LEFT;
    world_run_for(HZ / 10);
    for (unsigned i = 0; i < 6; i++) {
        ck_assert(world.runs[victim]);
        lives_end(&lives, victim, LIFE_END_FAULT, now_ticks);
        world_run_for(HZ / 4);
    }
    ck_assert(!world.runs[victim]);
    ck_assert_uint_eq(world.starts[victim], 6);
    ck_assert(world.runs[RIGHT] && world.runs[CONSOLE] && world.runs[PROBE]);
    if (_i == 0) {
        world_says("echo is not started again: its clients go on without it\n");
        ck_assert_uint_eq(world_down_of(LEFT)->used_state[1], CONTROL_USED_RETIRED);
        ck_assert(world.runs[LEFT]);
    } else {
        world_says("guest left is dead\n");
        ck_assert_int_eq(lives.life[LEFT].state, LIFE_OVER);
        ck_assert(!world.is_planned[plan_part_guest(0)]);
        ck_assert_uint_eq(world_entry_of(CONSOLE, 0)->state & CONTROL_STATE_MASK,
                          CONTROL_CONNECTION_CLIENT_DEAD);
        ck_assert_uint_eq(world_entry_of(CONSOLE, 0)->ring[0].shared_address, 0);
    }
    ck_assert(!lives_ended_well(&lives));
}
END_TEST

START_TEST(test_end_ordered_kills_do_not_count)
{
    /* 200 ordered kills are 200 restarts, without a line and without a fault. */
    const unsigned victim = _i == 0 ? CONSOLE : LEFT;
    world_run_for(HZ / 10);
    for (unsigned i = 0; i < 200; i++) {
        lives_end(&lives, victim, LIFE_END_ORDERED, now_ticks);
        while (!world.runs[victim])
            if (!world_turn())
                now_ticks += MS;
        ck_assert_uint_eq(world_down_of(victim)->fault_count, 0);
    }
    world_run_for(HZ / 10);
    world_all_run();
    ck_assert_uint_eq(world.starts[victim], 201);
    ck_assert_str_eq(world_said(), "");
}
END_TEST

START_TEST(test_end_ordered_end_waits_for_a_value_that_the_process_holds)
{
    /* It waits until the value is stored, or for CONTROL_HOLD_MS; a fault does not wait. */
    world_run_for(HZ / 10);
    for (unsigned i = 0; i < 3; i++) {
        unsigned starts = world.starts[CONSOLE];
        world_up_of(CONSOLE)->holds = 1;
        lives_end(&lives, CONSOLE, LIFE_END_ORDERED, now_ticks);
        ck_assert(world.runs[CONSOLE]);
        ck_assert_uint_le(lives_deadline(&lives), now_ticks + HZ * CONTROL_HOLD_MS / 1000);
        world_run_for(HZ * (CONTROL_HOLD_MS / 4) / 1000);
        ck_assert_uint_eq(world.starts[CONSOLE], starts);
        if (i == 0)
            world_up_of(CONSOLE)->holds = 0;
        if (i == 1)
            lives_end(&lives, CONSOLE, LIFE_END_FAULT, now_ticks);
        world_run_for(HZ / 10);
        ck_assert_uint_eq(world.starts[CONSOLE], starts + 1);
        world_run_for(HZ);
    }
}
END_TEST

START_TEST(test_end_poison_words_of_the_next_life)
{
    /* The next life learns how many faults there were and what the last one was working on; after
       an ordered kill there is no suspect. */
    world_run_for(HZ / 10);
    for (unsigned i = 1; i <= 3; i++) {
        world_up_of(ECHO)->doing = 100 + i;
        lives_end(&lives, ECHO, LIFE_END_FAULT, now_ticks);
        world_run_for(HZ / 10);
        ck_assert_uint_eq(world_down_of(ECHO)->fault_count, i);
        ck_assert_uint_eq(world_down_of(ECHO)->suspect, 100 + i);
        ck_assert_uint_eq(world_up_of(ECHO)->doing, 0);
    }
    world_up_of(ECHO)->doing = 7;
    lives_end(&lives, ECHO, LIFE_END_ORDERED, now_ticks);
    world_run_for(HZ / 10);
    ck_assert_uint_eq(world_down_of(ECHO)->fault_count, 3);
    ck_assert_uint_eq(world_down_of(ECHO)->suspect, 0);
    world_run_for(11 * HZ);
    lives_end(&lives, ECHO, LIFE_END_FAULT, now_ticks);
    world_run_for(HZ / 10);
    ck_assert_uint_eq(world_down_of(ECHO)->fault_count, 1);
}
END_TEST

START_TEST(test_look_hang_is_a_fault)
{
    /* A process that answers no ping is ended, with the reason, and started again. */
    const unsigned victim = _i == 0 ? ECHO : LEFT;
    world_run_for(HZ / 10);
    world.mood[victim] = MOOD_HANGS;
    while (world.runs[victim])
        world_run_for(HZ / 10);
    world.mood[victim] = MOOD_FINE;
    world_says(_i == 0 ? "echo does not answer: it is ended\n"
                       : "vmm.left does not answer: it is ended\n");
    world_run_for(HZ / 10);
    world_all_run();
}
END_TEST

START_TEST(test_look_waiting_vmm_is_no_hang)
{
    /* A VMM that waits for a service that is away is not ended; it goes on when the service is
       back. */
    world_run_for(HZ / 10);
    lives.life[ECHO].restart.wait_min_ms = lives.life[ECHO].restart.wait_max_ms = 20000;
    lives_end(&lives, ECHO, LIFE_END_FAULT, now_ticks);
    world_up_of(LEFT)->waits_for = 1 + 1;
    world.mood[LEFT] = MOOD_HANGS;
    world_run_for(15 * HZ);
    ck_assert(world.runs[LEFT] && !world.runs[ECHO]);
    world.mood[LEFT] = MOOD_FINE;
    world_run_for(10 * HZ);
    world_all_run();
    ck_assert_uint_eq(world.starts[LEFT], 1);
}
END_TEST

START_TEST(test_step_refusal_is_for_good)
{
    /* A client that a service refuses after a restart is never offered to a later life of the
       service, and never sees another state; the client goes on, also over restarts of its own. */
    world_run_for(HZ / 10);
    world.mood[ECHO] = MOOD_REFUSES;
    lives_end(&lives, ECHO, LIFE_END_ORDERED, now_ticks);
    world_run_for(HZ / 10);
    world_says("echo refuses the connection of vmm.left (left.toml:3): no disk\n");
    world.mood[ECHO] = MOOD_FINE;
    for (unsigned i = 0; i < 6; i++) {
        ck_assert_uint_eq(world_down_of(LEFT)->used_state[1], CONTROL_USED_REFUSED);
        ck_assert(!world.is_made[plan_part_side(LEFT_ECHO, PLAN_SIDE_SERVICE)]);
        ck_assert(world.is_made[plan_part_side(LEFT_ECHO, PLAN_SIDE_CLIENT)]);
        lives_end(&lives, i % 2 ? LEFT : ECHO, LIFE_END_ORDERED, now_ticks);
        world_run_for(HZ / 10);
        ck_assert(world.runs[LEFT] && world.runs[ECHO]);
    }
    ck_assert_uint_eq(world_entry_of(ECHO, 1)->state, CONTROL_CONNECTION_NONE);
    lives_end(&lives, LEFT, LIFE_END_OFF, now_ticks);
    world_run_for(HZ / 10);
    ck_assert(!world.is_planned[plan_part_guest(0)]);
}
END_TEST

START_TEST(test_step_client_without_its_service_gets_its_side_again)
{
    /* A client that restarts after its service was given up gets its side of the connection, with
       a state that says that no service will come; calls that waited for the service have ended. */
    world_run_for(HZ / 10);
    lives.life[ECHO].restart.most = 0;
    lives_end(&lives, ECHO, LIFE_END_FAULT, now_ticks);
    world_run_for(HZ / 10);
    ck_assert_int_eq(lives.life[ECHO].outcome, LIFE_OUTCOME_DEAD);
    ck_assert_uint_eq(world.calls_cancelled[ECHO], 1);
    lives_end(&lives, LEFT, LIFE_END_FAULT, now_ticks);
    world_run_for(HZ / 10);
    ck_assert(world.runs[LEFT]);
    ck_assert(world.is_made[plan_part_side(LEFT_ECHO, PLAN_SIDE_CLIENT)]);
    ck_assert_uint_eq(world_down_of(LEFT)->used_state[1], CONTROL_USED_RETIRED);
    lives_end(&lives, LEFT, LIFE_END_OFF, now_ticks);
    world_run_for(HZ / 10);
    ck_assert(!world.is_planned[plan_part_guest(0)]);
}
END_TEST

START_TEST(test_end_device_that_never_confirms_keeps_its_frames)
{
    /* The service stays down and its process and sides stay made; nobody else waits, but a guest
       whose memory the device may write to is not freed. */
    world_run_for(HZ / 10);
    world.reset_is_stuck = true;
    lives_end(&lives, ECHO, LIFE_END_FAULT, now_ticks);
    world_run_for(HZ / 2);
    ck_assert_int_eq(lives.life[ECHO].state, LIFE_RESET);
    world_run_for(HZ);
    ck_assert_int_eq(lives.life[ECHO].state, LIFE_STUCK);
    world_says("echo: a device does not confirm its reset\n");
    world_says("echo is not started again: its clients go on without it\n");
    ck_assert(world.is_made[plan_part_process(ECHO)]);
    ck_assert(world.is_made[plan_part_side(LEFT_ECHO, PLAN_SIDE_SERVICE)]);
    ck_assert(world.runs[LEFT] && world.runs[RIGHT]);
    lives_end(&lives, LEFT, LIFE_END_OFF, now_ticks);
    world_run_for(HZ);
    ck_assert(world.is_made[plan_part_guest(0)]);
    ck_assert(!world.is_made[plan_part_process(LEFT)]);
    ck_assert_uint_eq(lives_guests_running(&lives), 1);
}
END_TEST

START_TEST(test_end_device_that_confirms_late_is_waited_for)
{
    /* Nothing of the process is unmade before its device has confirmed. */
    world_run_for(HZ / 10);
    world.reset_is_stuck = true;
    world.is_pinned[LEFT_ECHO] = true;
    lives_end(&lives, ECHO, LIFE_END_FAULT, now_ticks);
    world_run_for(HZ / 2);
    ck_assert(world.is_made[plan_part_process(ECHO)] && world.is_pinned[LEFT_ECHO]);
    world.reset_is_stuck = false;
    world_run_for(HZ / 10);
    ck_assert(!world.is_pinned[LEFT_ECHO]);
    world_all_run();
}
END_TEST

START_TEST(test_step_end_does_not_wait_for_a_long_start)
{
    /* While a process of a million steps is made, an end is worked off within few steps. */
    world_run_for(HZ / 10);
    lives_end(&lives, PROBE, LIFE_END_ORDERED, now_ticks);
    world.steps_of_a_part = 1000000;
    while (lives.life[PROBE].state != LIFE_PROCESS)
        ck_assert(world_turn());
    for (unsigned i = 0; i < 100; i++)
        ck_assert(world_turn());
    lives_end(&lives, RIGHT, LIFE_END_FAULT, now_ticks);
    unsigned turns = 0;
    for (; lives.life[RIGHT].state != LIFE_WAIT && turns < 100; turns++)
        (void)world_turn();
    ck_assert_uint_lt(turns, 40);
}
END_TEST

START_TEST(test_end_random_ends_lose_nothing)
{
    /* Any order of faults, kills, hangs and refusals at any step: no rule of the parts is broken,
       and when the moods are good again, every process that was not given up runs. */
    static const unsigned all[] = {CONSOLE, ECHO, PROBE, LEFT, RIGHT};
    srand((unsigned)_i);
    for (unsigned i = 0; i < 5; i++)
        lives.life[all[i]].restart.within_ms = 1000;
    for (unsigned round = 0; round < 2000; round++) {
        unsigned victim = all[rand() % 5];
        world.steps_of_a_part = (unsigned)rand() % 4;
        if (rand() % 50 == 0)
            world.mood[victim] = (enum mood)(rand() % 4);
        if (rand() % 30 == 0)
            world.mood[victim] = MOOD_FINE;
        if (rand() % 20 == 0)
            lives_end(&lives, victim, rand() % 4 ? LIFE_END_ORDERED : LIFE_END_FAULT, now_ticks);
        if (!world_turn() || rand() % 3 == 0)
            now_ticks += (uint64_t)rand() % (HZ / 10);
    }
    memset(world.mood, 0, sizeof world.mood);
    world.steps_of_a_part = 0;
    world_run_for(3 * HZ);
    for (unsigned i = 0; i < 5; i++) {
        const struct life *l = &lives.life[all[i]];
        ck_assert_msg(world.runs[all[i]] == (l->outcome == LIFE_OUTCOME_NONE), "%s state %d",
                      l->name, l->state);
    }
    for (unsigned i = 0; i < lives.connection_count; i++) {
        const struct life_connection *c = &lives.connection[i];
        if (lives.life[c->client].outcome != LIFE_OUTCOME_NONE)
            ck_assert(!c->is_made);
        else
            ck_assert_int_ne(c->state, CONTROL_USED_AWAY);
    }
}
END_TEST

void lives_restart_cases(TCase *tc)
{
    tcase_add_loop_test(tc, test_end_restart_touches_only_its_side, 0, 4);
    tcase_add_test(tc, test_end_restarted_service_learns_when_its_table_is_whole);
    tcase_add_loop_test(tc, test_end_service_that_dies_while_a_side_is_made, 0, 5);
    tcase_add_loop_test(tc, test_end_restarts_are_limited_by_policy, 0, 2);
    tcase_add_loop_test(tc, test_end_ordered_kills_do_not_count, 0, 2);
    tcase_add_test(tc, test_end_ordered_end_waits_for_a_value_that_the_process_holds);
    tcase_add_test(tc, test_end_poison_words_of_the_next_life);
    tcase_add_loop_test(tc, test_look_hang_is_a_fault, 0, 2);
    tcase_add_test(tc, test_look_waiting_vmm_is_no_hang);
    tcase_add_test(tc, test_step_refusal_is_for_good);
    tcase_add_test(tc, test_step_client_without_its_service_gets_its_side_again);
    tcase_add_test(tc, test_end_device_that_never_confirms_keeps_its_frames);
    tcase_add_test(tc, test_end_device_that_confirms_late_is_waited_for);
    tcase_add_test(tc, test_step_end_does_not_wait_for_a_long_start);
    tcase_add_loop_test(tc, test_end_random_ends_lose_nothing, 0, 12);
}
