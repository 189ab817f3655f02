/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rootserver/lives on a model of the world: parts that depend on each other, devices, services that
 * answer offers, and guests.  Every part and every call that the rules of plan/parts.h forbid fails
 * the test.
 */
#define _GNU_SOURCE /* open_memstream() */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rootserver/lives/lives.h>
#include <rt/bootinfo.h>
#include <rt/calls.h>
#include <rt/rt.h>

#define HZ            UINT64_C(10000000)
#define MS            (HZ / 1000)
#define CONSOLE       0u
#define ECHO          1u
#define PROBE         2u /* a client of echo */
#define LEFT          16u
#define RIGHT         17u

#define LEFT_CONSOLE  0u
#define RIGHT_CONSOLE 1u
#define PROBE_ECHO    2u
#define LEFT_ECHO     3u

enum mood {
    MOOD_FINE,
    MOOD_HANGS,   /* answers nothing */
    MOOD_REFUSES, /* each offer */
    MOOD_STAYS,   /* never answers LEFT */
};

static struct {
    bool is_made[PLAN_PARTS], is_planned[PLAN_PARTS];
    unsigned steps_left[PLAN_PARTS], clear_left[PLAN_PARTS];
    bool runs[PLAN_PROCESSES_ALL];
    enum mood mood[PLAN_PROCESSES_ALL];
    unsigned starts[PLAN_PROCESSES_ALL], resets[PLAN_PROCESSES_ALL];
    bool reset_is_stuck;
    bool is_pinned[PLAN_CONNECTIONS_MAX];
    unsigned steps_of_a_part;
    enum err make_fails[PLAN_PARTS];
} world;

static _Alignas(64) uint8_t down[PLAN_PROCESSES_ALL][0x11000];
static _Alignas(64) uint8_t up[PLAN_PROCESSES_ALL][0x3000];
static struct lives lives;
static struct lines lines;
static uint64_t now_ticks;
static char *said;
static size_t said_bytes;
static FILE *real_stdout;

uint64_t rt_time_ticks(void)
{
    return now_ticks;
}

uint64_t rt_timebase_hz(void)
{
    return HZ;
}

void abi_ecall(struct abi_regs *regs)
{
    regs->a0 = OK;
}

/* ---- the work ----------------------------------------------------------------------- */

static unsigned owner_part(unsigned process)
{
    return plan_process_is_vmm(process) ? plan_part_guest(plan_process_owner(process))
                                        : plan_part_instance(plan_process_owner(process));
}

/* Are the parts that `part` uses in the set? */
static bool part_is_ready(const bool *set, unsigned part)
{
    if (part >= PLAN_PART_SIDES) {
        unsigned c = (part - PLAN_PART_SIDES) / 2;
        const struct life_connection *lc = &lives.connection[c];
        bool is_service = (part - PLAN_PART_SIDES) % 2 == PLAN_SIDE_SERVICE;
        unsigned mine = is_service ? lc->service : lc->client;
        unsigned peer = is_service ? lc->client : lc->service;
        return set[plan_part_process(mine)] && set[plan_part_connection(c)] &&
               set[owner_part(peer)];
    }
    if (part >= PLAN_PART_PROCESSES)
        return set[owner_part(part - PLAN_PART_PROCESSES)];
    return true;
}

MUST_CHECK work_make(struct work *work, unsigned part, struct problem *problem)
{
    ck_assert_ptr_null(work);
    ck_assert(!world.is_made[part]);
    ck_assert_msg(world.clear_left[part] == 0, "part %u is being unmade", part);
    ck_assert_msg(part_is_ready(world.is_made, part), "part %u uses a part that is not made", part);
    if (world.make_fails[part] != OK) {
        problem_set(problem, "there is no room");
        return world.make_fails[part];
    }
    if (world.steps_left[part] == 0)
        world.steps_left[part] = 1 + world.steps_of_a_part;
    world.is_planned[part] = true;
    if (--world.steps_left[part] > 0)
        return ERR_AGAIN;
    world.is_made[part] = true;
    return OK;
}

/* Takes a part out of a set.  No part that is in the set may use it. */
static void part_remove(bool *set, unsigned part)
{
    if (!set[part])
        return;
    set[part] = false;
    for (unsigned i = 0; i < PLAN_PARTS; i++) {
        if (set[i] && !part_is_ready(set, i))
            ck_abort_msg("part %u uses part %u", i, part);
    }
}

/* A part that is made in part holds on to what it uses, too. */
static void part_begun_check(unsigned cleared)
{
    for (unsigned i = 0; i < PLAN_PARTS; i++) {
        if (i != cleared && world.steps_left[i] > 0 && !part_is_ready(world.is_made, i))
            ck_abort_msg("part %u is half made and uses part %u", i, cleared);
    }
}

MUST_CHECK work_clear(struct work *work, unsigned part)
{
    (void)work;
    unsigned steps = world.steps_of_a_part < 5 ? world.steps_of_a_part : 5;
    if (world.clear_left[part] == 0)
        world.clear_left[part] = 1 + (world.is_made[part] || world.steps_left[part] ? steps : 0);
    part_remove(world.is_made, part);
    if (part >= PLAN_PART_PROCESSES && part < PLAN_PART_SIDES)
        ck_assert(!world.runs[part - PLAN_PART_PROCESSES]);
    world.steps_left[part] = 0;
    part_begun_check(part);
    return --world.clear_left[part] > 0 ? ERR_AGAIN : OK;
}

MUST_CHECK work_undo(struct work *work, unsigned part)
{
    enum err err = work_clear(work, part);
    if (err == OK)
        part_remove(world.is_planned, part);
    return err;
}

void work_control(struct work *work, unsigned process, struct link_place *out)
{
    (void)work;
    *out = (struct link_place){down[process], up[process],
                               plan_process_is_vmm(process) ? 0 : 8,
                               process == CONSOLE, process};
}

void work_entry(struct work *work, unsigned connection, struct control_connection *out)
{
    (void)work;
    *out = (struct control_connection){.ring_count = 1, .wake_slot = 5};
    out->ring[0].shared_address = 0x1000;
    snprintf(out->client, sizeof out->client, "%.31s",
             lives.life[lives.connection[connection].client].name);
}

MUST_CHECK work_resume(struct work *work, unsigned process, uint32_t restart_count)
{
    (void)work;
    ck_assert(world.is_made[plan_part_process(process)]);
    ck_assert(!world.runs[process]);
    ck_assert_uint_eq(restart_count, world.starts[process]);
    for (unsigned i = 0; i < lives.connection_count; i++) {
        const struct life_connection *c = &lives.connection[i];
        if (c->client == process && lives.life[c->service].outcome == LIFE_OUTCOME_NONE)
            ck_assert(world.is_made[plan_part_side(i, PLAN_SIDE_CLIENT)]);
    }
    world.runs[process] = true;
    world.starts[process]++;
    return OK;
}

MUST_CHECK work_stop(struct work *work, unsigned process)
{
    (void)work;
    ck_assert(world.runs[process]);
    world.runs[process] = false;
    return OK;
}

void work_reset_begin(struct work *work, unsigned process)
{
    (void)work;
    ck_assert(!world.runs[process]);
    world.resets[process]++;
}

MUST_CHECK work_reset_poll(struct work *work, unsigned process)
{
    (void)work;
    return process == ECHO && world.reset_is_stuck ? ERR_AGAIN : OK;
}

void work_unpin(struct work *work, unsigned connection)
{
    (void)work;
    world.is_pinned[connection] = false;
}

/* ---- the processes ------------------------------------------------------------------ */

static struct control_up *up_of(unsigned process)
{
    return (void *)up[process];
}

static const struct control_down *down_of(unsigned process)
{
    return (const void *)down[process];
}

static struct control_connection *entry_of(unsigned process, unsigned served)
{
    return (struct control_connection *)(void *)(down[process] + CONTROL_DOWN_TABLE) + served;
}

static void service_answer(unsigned process, unsigned served)
{
    struct control_answer *a =
        (struct control_answer *)(void *)(up[process] + CONTROL_UP_ANSWERS) + served;
    uint32_t word = entry_of(process, served)->state, state = word & CONTROL_STATE_MASK;
    uint32_t answer = CONTROL_ANSWER_NONE;

    if (state == CONTROL_CONNECTION_OFFERED)
        answer =
            world.mood[process] == MOOD_REFUSES ? CONTROL_ANSWER_REFUSED : CONTROL_ANSWER_ACCEPTED;
    else if (state != CONTROL_CONNECTION_NONE && world.mood[process] != MOOD_STAYS)
        answer = CONTROL_ANSWER_LEFT;
    strcpy(a->reason, "no disk");
    a->state = control_state(word >> CONTROL_STATE_BITS, answer);
}

static void process_live(unsigned process)
{
    if (!world.runs[process] || world.mood[process] == MOOD_HANGS)
        return;
    up_of(process)->pong = down_of(process)->ping;
    for (unsigned i = 0; i < down_of(process)->connection_most; i++)
        service_answer(process, i);
    if (process == CONSOLE)
        up_of(process)->lines_down.consumer.index = up_of(process)->lines_down.producer.index;
}

/* One turn of the root server's loop. */
static bool turn(void)
{
    lives_look(&lives, now_ticks);
    bool has_more = lives_step(&lives, now_ticks);
    for (unsigned i = 0; i < PLAN_PROCESSES_ALL; i++)
        process_live(i);
    return has_more;
}

static void run_for(uint64_t ticks)
{
    uint64_t until = now_ticks + ticks;

    while (now_ticks < until) {
        if (!turn())
            now_ticks += 5 * MS;
    }
    fflush(stdout);
}

static void says(const char *what)
{
    fflush(stdout);
    ck_assert_msg(strstr(said, what) != NULL, "not said: %s; said: %s", what, said);
}

static void process(unsigned index, const char *name, const char *guest)
{
    struct life *l = &lives.life[index];

    snprintf(l->name, sizeof l->name, "%s", name);
    l->guest = guest;
    l->restart = (struct policy_restart){.most = 5, .within_ms = 10000, .wait_max_ms = 1000};
    l->times = (struct link_times){.ping_ticks = HZ};
    l->state = LIFE_OWNER;
}

static void connection(unsigned index, unsigned service, unsigned client, unsigned served,
                       unsigned used)
{
    lives.connection[index] = (struct life_connection){.service = service,
                                                       .client = client,
                                                       .served = served,
                                                       .used = used,
                                                       .source = "left.toml:3"};
    lives.connection_count = index + 1;
}

static void setup(void)
{
    memset(&world, 0, sizeof world);
    memset(&lives, 0, sizeof lives);
    memset(&lines, 0, sizeof lines);
    now_ticks = 1000;
    lives.lines = &lines;
    lives.hz = HZ;
    lives.log = CONSOLE;
    process(CONSOLE, "console", NULL);
    process(ECHO, "echo", NULL);
    process(PROBE, "probe", NULL);
    process(LEFT, "vmm.left", "left");
    process(RIGHT, "vmm.right", "right");
    connection(LEFT_CONSOLE, CONSOLE, LEFT, 0, 0);
    connection(RIGHT_CONSOLE, CONSOLE, RIGHT, 1, 0);
    connection(PROBE_ECHO, ECHO, PROBE, 0, 0);
    connection(LEFT_ECHO, ECHO, LEFT, 1, 1);
    lives_begin(&lives);
    real_stdout = stdout;
    stdout = open_memstream(&said, &said_bytes);
    ck_assert_ptr_nonnull(stdout);
}

static void teardown(void)
{
    fclose(stdout);
    stdout = real_stdout;
    free(said);
}

static void all_run(void)
{
    for (unsigned i = 0; i < PLAN_PROCESSES_ALL; i++)
        ck_assert_msg(world.runs[i] == (lives.life[i].state != LIFE_NONE), "process %u", i);
    for (unsigned i = 0; i < lives.connection_count; i++)
        ck_assert_int_eq(lives.connection[i].state, CONTROL_USED_UP);
}

static unsigned made_count(void)
{
    unsigned count = 0;
    for (unsigned i = 0; i < PLAN_PARTS; i++)
        count += world.is_made[i] || world.is_planned[i];
    return count;
}

/* ---- starts ------------------------------------------------------------------------- */

START_TEST(test_step_starts_everything)
{
    /* Every process starts, and every connection is offered and accepted. */
    world.steps_of_a_part = 5;
    run_for(HZ / 10);
    all_run();
    ck_assert_uint_eq(lives_guests_running(&lives), 2);
    ck_assert_uint_eq(down_of(LEFT)->used_state[0], CONTROL_USED_UP);
    ck_assert_uint_eq(down_of(LEFT)->used_state[1], CONTROL_USED_UP);
    ck_assert_str_eq(entry_of(CONSOLE, 1)->client, "vmm.right");
    ck_assert_uint_eq(made_count(), 5 + 4 + 5 + 8);
}
END_TEST

START_TEST(test_step_guest_starts_when_all_its_connections_are_accepted)
{
    /* A guest waits for each answer; other guests do not wait with it. */
    world.mood[ECHO] = MOOD_HANGS;
    run_for(HZ / 10);
    ck_assert(world.runs[RIGHT]);
    ck_assert(!world.runs[LEFT] && !world.runs[PROBE]);
    world.mood[ECHO] = MOOD_FINE;
    run_for(HZ / 10);
    all_run();
}
END_TEST

START_TEST(test_step_refusal_names_the_key)
{
    /* A refused guest does not start; the line has the reason and the key's file and line. */
    world.mood[ECHO] = MOOD_REFUSES;
    run_for(HZ);
    ck_assert(!world.runs[LEFT] && !world.runs[PROBE] && world.runs[RIGHT]);
    says("echo refuses the connection of vmm.left (left.toml:3): no disk\n");
    says("guest left cannot be started: a service refuses its connection\n");
    says("guest left is dead\n");
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
    run_for(HZ);
    says(_i < 5 ? "guest left cannot be started: there is no room\n"
                : "echo refuses the connection of vmm.left (left.toml:3): there is no room\n");
    says("guest left is dead\n");
    ck_assert(!world.runs[LEFT] && world.runs[RIGHT]);
    ck_assert_uint_eq(made_count(), 4 + 2 + 4 + 4);
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
    uint8_t *behind =
        _i == 0 ? down[CONSOLE] + CONTROL_DOWN_LINES : down[LEFT] + CONTROL_DOWN_TABLE;
    memset(behind, 0x55, sizeof(struct control_connection));
    run_for(HZ);
    says("guest right cannot be started: there is no room\n");
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
    run_for(HZ);
    says("service console cannot be started: there is no room\n");
    ck_assert(world.runs[LEFT] && world.runs[RIGHT]);
    ck_assert_uint_eq(down_of(LEFT)->used_state[0], CONTROL_USED_RETIRED);
    ck_assert_uint_eq(down_of(LEFT)->used_state[1], CONTROL_USED_UP);
    ck_assert(!lives_ended_well(&lives));
}
END_TEST

/* ---- restarts ----------------------------------------------------------------------- */

START_TEST(test_end_restart_touches_only_its_side)
{
    /* A service or VMM that faults comes back on the same connections; no other process notices
       more than the state of the connection. */
    const unsigned victim = (unsigned[]){CONSOLE, ECHO, PROBE, LEFT}[_i];
    run_for(HZ / 10);
    unsigned parts = made_count();
    lives_end(&lives, victim, LIFE_END_FAULT, now_ticks);
    ck_assert(!world.runs[victim]);
    for (unsigned i = 0; i < lives.connection_count; i++)
        ck_assert_int_eq(lives.connection[i].state, lives.connection[i].service == victim
                                                        ? CONTROL_USED_AWAY
                                                        : CONTROL_USED_UP);
    run_for(HZ / 10);
    all_run();
    ck_assert_uint_eq(made_count(), parts);
    for (unsigned i = 0; i < PLAN_PROCESSES_ALL; i++) {
        if (lives.life[i].state != LIFE_NONE)
            ck_assert_uint_eq(world.starts[i], i == victim ? 2 : 1);
    }
    ck_assert_uint_eq(world.resets[victim], 1);
    says(" started anew\n");
    ck_assert_uint_eq(lives_guests_running(&lives), 2);
}
END_TEST

START_TEST(test_end_service_that_dies_while_a_side_is_made)
{
    /* A service that dies after any step of its side of a connection: the side is unmade with its
       process, and made anew from its first step. */
    const unsigned parts = made_count();
    while (world.steps_left[plan_part_side(RIGHT_CONSOLE, PLAN_SIDE_SERVICE)] == 0) {
        world.steps_of_a_part = world.runs[CONSOLE] ? 5 : 0;
        ck_assert(turn());
    }
    for (int i = 0; i < _i; i++)
        ck_assert(turn());
    lives_end(&lives, CONSOLE, LIFE_END_FAULT, now_ticks);
    run_for(HZ / 10);
    all_run();
    ck_assert_uint_gt(made_count(), parts);
}
END_TEST

START_TEST(test_end_restarts_are_limited_by_policy)
{
    /* After its last restart a service is retired and its clients learn it; a guest is dead, and
       the others go on. */
    const unsigned victim = _i == 0 ? ECHO : LEFT;
    run_for(HZ / 10);
    for (unsigned i = 0; i < 6; i++) {
        ck_assert(world.runs[victim]);
        lives_end(&lives, victim, LIFE_END_FAULT, now_ticks);
        run_for(HZ / 4);
    }
    ck_assert(!world.runs[victim]);
    ck_assert_uint_eq(world.starts[victim], 6);
    ck_assert(world.runs[RIGHT] && world.runs[CONSOLE] && world.runs[PROBE]);
    if (_i == 0) {
        says("echo is not started again: its clients go on without it\n");
        ck_assert_uint_eq(down_of(LEFT)->used_state[1], CONTROL_USED_RETIRED);
        ck_assert(world.runs[LEFT]);
    } else {
        says("guest left is dead\n");
        ck_assert_int_eq(lives.life[LEFT].state, LIFE_OVER);
        ck_assert(!world.is_planned[plan_part_guest(0)]);
        ck_assert_uint_eq(entry_of(CONSOLE, 0)->state & CONTROL_STATE_MASK,
                          CONTROL_CONNECTION_CLIENT_DEAD);
        ck_assert_uint_eq(entry_of(CONSOLE, 0)->ring[0].shared_address, 0);
    }
    ck_assert(!lives_ended_well(&lives));
}
END_TEST

START_TEST(test_end_ordered_kills_do_not_count)
{
    /* 200 ordered kills are 200 restarts, without a line and without a fault. */
    const unsigned victim = _i == 0 ? CONSOLE : LEFT;
    run_for(HZ / 10);
    for (unsigned i = 0; i < 200; i++) {
        lives_end(&lives, victim, LIFE_END_ORDERED, now_ticks);
        while (!world.runs[victim])
            if (!turn())
                now_ticks += MS;
        ck_assert_uint_eq(down_of(victim)->fault_count, 0);
    }
    run_for(HZ / 10);
    all_run();
    ck_assert_uint_eq(world.starts[victim], 201);
    fflush(stdout);
    ck_assert_uint_eq(said_bytes, 0);
}
END_TEST

START_TEST(test_end_poison_words_of_the_next_life)
{
    /* The next life learns how many faults there were and what the last one was working on; after
       an ordered kill there is no suspect. */
    run_for(HZ / 10);
    for (unsigned i = 1; i <= 3; i++) {
        up_of(ECHO)->doing = 100 + i;
        lives_end(&lives, ECHO, LIFE_END_FAULT, now_ticks);
        run_for(HZ / 10);
        ck_assert_uint_eq(down_of(ECHO)->fault_count, i);
        ck_assert_uint_eq(down_of(ECHO)->suspect, 100 + i);
        ck_assert_uint_eq(up_of(ECHO)->doing, 0);
    }
    up_of(ECHO)->doing = 7;
    lives_end(&lives, ECHO, LIFE_END_ORDERED, now_ticks);
    run_for(HZ / 10);
    ck_assert_uint_eq(down_of(ECHO)->fault_count, 3);
    ck_assert_uint_eq(down_of(ECHO)->suspect, 0);
    run_for(11 * HZ);
    lives_end(&lives, ECHO, LIFE_END_FAULT, now_ticks);
    run_for(HZ / 10);
    ck_assert_uint_eq(down_of(ECHO)->fault_count, 1);
}
END_TEST

START_TEST(test_look_hang_is_a_fault)
{
    /* A process that answers no ping is ended, with the reason, and started again. */
    const unsigned victim = _i == 0 ? ECHO : LEFT;
    run_for(HZ / 10);
    world.mood[victim] = MOOD_HANGS;
    while (world.runs[victim])
        run_for(HZ / 10);
    world.mood[victim] = MOOD_FINE;
    says(_i == 0 ? "echo does not answer: it is ended\n"
                 : "vmm.left does not answer: it is ended\n");
    run_for(HZ / 10);
    all_run();
}
END_TEST

START_TEST(test_look_waiting_vmm_is_no_hang)
{
    /* A VMM that waits for a service that is away is not ended; it goes on when the service is
       back. */
    run_for(HZ / 10);
    lives.life[ECHO].restart.wait_min_ms = lives.life[ECHO].restart.wait_max_ms = 20000;
    lives_end(&lives, ECHO, LIFE_END_FAULT, now_ticks);
    up_of(LEFT)->waits_for = 1 + 1;
    world.mood[LEFT] = MOOD_HANGS;
    run_for(15 * HZ);
    ck_assert(world.runs[LEFT] && !world.runs[ECHO]);
    world.mood[LEFT] = MOOD_FINE;
    run_for(10 * HZ);
    all_run();
    ck_assert_uint_eq(world.starts[LEFT], 1);
}
END_TEST

/* ---- devices ------------------------------------------------------------------------ */

START_TEST(test_end_device_that_never_confirms_keeps_its_frames)
{
    /* The service stays down and its process and sides stay made; nobody else waits, but a guest
       whose memory the device may write to is not freed. */
    run_for(HZ / 10);
    world.reset_is_stuck = true;
    lives_end(&lives, ECHO, LIFE_END_FAULT, now_ticks);
    run_for(HZ / 2);
    ck_assert_int_eq(lives.life[ECHO].state, LIFE_RESET);
    run_for(HZ);
    ck_assert_int_eq(lives.life[ECHO].state, LIFE_STUCK);
    says("echo: a device does not confirm its reset\n");
    says("echo is not started again: its clients go on without it\n");
    ck_assert(world.is_made[plan_part_process(ECHO)]);
    ck_assert(world.is_made[plan_part_side(LEFT_ECHO, PLAN_SIDE_SERVICE)]);
    ck_assert(world.runs[LEFT] && world.runs[RIGHT]);
    lives_end(&lives, LEFT, LIFE_END_OFF, now_ticks);
    run_for(HZ);
    ck_assert(world.is_made[plan_part_guest(0)]);
    ck_assert(!world.is_made[plan_part_process(LEFT)]);
    ck_assert_uint_eq(lives_guests_running(&lives), 1);
}
END_TEST

START_TEST(test_end_device_that_confirms_late_is_waited_for)
{
    /* Nothing of the process is unmade before its device has confirmed. */
    run_for(HZ / 10);
    world.reset_is_stuck = true;
    world.is_pinned[LEFT_ECHO] = true;
    lives_end(&lives, ECHO, LIFE_END_FAULT, now_ticks);
    run_for(HZ / 2);
    ck_assert(world.is_made[plan_part_process(ECHO)] && world.is_pinned[LEFT_ECHO]);
    world.reset_is_stuck = false;
    run_for(HZ / 10);
    ck_assert(!world.is_pinned[LEFT_ECHO]);
    all_run();
}
END_TEST

/* ---- ends --------------------------------------------------------------------------- */

START_TEST(test_end_powered_off_guest_is_taken_back)
{
    /* All memory of a guest that ended is free again; the service keeps the entry's name. */
    run_for(HZ / 10);
    unsigned parts = made_count();
    lives_end(&lives, RIGHT, LIFE_END_OFF, now_ticks);
    run_for(HZ / 10);
    says("guest right powered itself off\n");
    ck_assert_uint_eq(made_count(), parts - 5);
    ck_assert_int_eq(lives.life[RIGHT].state, LIFE_OVER);
    ck_assert_str_eq(entry_of(CONSOLE, 1)->client, "vmm.right");
    lives_end(&lives, CONSOLE, LIFE_END_FAULT, now_ticks);
    run_for(HZ / 10);
    ck_assert_uint_eq(entry_of(CONSOLE, 1)->state & CONTROL_STATE_MASK,
                      CONTROL_CONNECTION_CLIENT_ENDED);
    ck_assert_uint_eq(entry_of(CONSOLE, 1)->ring[0].shared_address, 0);
    ck_assert(world.runs[CONSOLE] && world.runs[LEFT]);
    lives_end(&lives, LEFT, LIFE_END_OFF, now_ticks);
    run_for(HZ / 10);
    ck_assert_uint_eq(lives_guests_running(&lives), 0);
    ck_assert(lives_ended_well(&lives));
}
END_TEST

START_TEST(test_end_guest_waits_for_a_service_that_works_its_rings_off)
{
    /* Memory is not taken from a service that has not left; a service that dies meanwhile gets the
       rings again in its next life, and then the memory goes. */
    run_for(HZ / 10);
    world.mood[CONSOLE] = MOOD_STAYS;
    lives_end(&lives, RIGHT, LIFE_END_OFF, now_ticks);
    run_for(5 * HZ);
    ck_assert(world.is_made[plan_part_guest(1)]);
    lives_end(&lives, CONSOLE, LIFE_END_FAULT, now_ticks);
    run_for(HZ / 10);
    ck_assert(world.is_made[plan_part_side(RIGHT_CONSOLE, PLAN_SIDE_SERVICE)]);
    ck_assert_uint_eq(entry_of(CONSOLE, 1)->ring[0].shared_address, 0x1000);
    world.mood[CONSOLE] = MOOD_FINE;
    run_for(HZ / 10);
    ck_assert(!world.is_planned[plan_part_guest(1)]);
}
END_TEST

START_TEST(test_end_service_that_dies_while_a_connection_is_taken_back)
{
    /* Whatever step of it is done: the memory goes, and the next life of the service gets an entry
       without addresses. */
    run_for(HZ / 10);
    world.steps_of_a_part = 5;
    lives_end(&lives, RIGHT, LIFE_END_OFF, now_ticks);
    while (world.is_made[plan_part_side(RIGHT_CONSOLE, PLAN_SIDE_SERVICE)]) {
        if (!turn())
            now_ticks += MS;
    }
    for (int i = 0; i < _i; i++)
        (void)turn();
    lives_end(&lives, CONSOLE, LIFE_END_FAULT, now_ticks);
    run_for(HZ / 10);
    ck_assert(!world.is_planned[plan_part_guest(1)]);
    ck_assert(world.runs[CONSOLE]);
    ck_assert_uint_eq(entry_of(CONSOLE, 1)->state & CONTROL_STATE_MASK,
                      CONTROL_CONNECTION_CLIENT_ENDED);
    ck_assert_uint_eq(entry_of(CONSOLE, 1)->ring[0].shared_address, 0);
    fflush(stdout);
    ck_assert_ptr_null(strstr(said, "refuses"));
}
END_TEST

START_TEST(test_end_service_given_up_while_a_client_is_made)
{
    /* Whatever step of the connection is done: nothing of it stays when the client ends. */
    while (lives.life[LEFT].state != LIFE_CONNECTIONS)
        ck_assert(turn());
    world.steps_of_a_part = 5;
    for (int i = 0; i < _i; i++)
        ck_assert(turn());
    if (!world.runs[ECHO])
        return;
    lives.life[ECHO].restart.most = 0;
    lives_end(&lives, ECHO, LIFE_END_FAULT, now_ticks);
    run_for(HZ / 10);
    ck_assert(world.runs[LEFT]);
    lives_end(&lives, LEFT, LIFE_END_OFF, now_ticks);
    run_for(HZ / 10);
    ck_assert(!world.is_planned[plan_part_connection(LEFT_ECHO)]);
    ck_assert(!world.is_planned[plan_part_side(LEFT_ECHO, PLAN_SIDE_CLIENT)]);
    ck_assert(!world.is_planned[plan_part_guest(0)]);
}
END_TEST

START_TEST(test_end_retired_service_is_taken_back_after_its_clients)
{
    /* When the last client of a retired service ends, nothing of the service is left. */
    run_for(HZ / 10);
    for (unsigned i = 0; i < 6; i++) {
        lives_end(&lives, CONSOLE, LIFE_END_FAULT, now_ticks);
        run_for(HZ / 4);
    }
    ck_assert(world.is_made[plan_part_instance(CONSOLE)]);
    lives_end(&lives, RIGHT, LIFE_END_OFF, now_ticks);
    lives_end(&lives, LEFT, LIFE_END_OFF, now_ticks);
    run_for(HZ / 10);
    ck_assert(!world.is_planned[plan_part_instance(CONSOLE)]);
    ck_assert_uint_eq(made_count(), 2 + 1 + 2 + 2);
}
END_TEST

START_TEST(test_step_end_does_not_wait_for_a_long_start)
{
    /* While a process of a million steps is made, an end is worked off within few steps. */
    run_for(HZ / 10);
    lives_end(&lives, PROBE, LIFE_END_ORDERED, now_ticks);
    world.steps_of_a_part = 1000000;
    while (lives.life[PROBE].state != LIFE_PROCESS)
        ck_assert(turn());
    for (unsigned i = 0; i < 100; i++)
        ck_assert(turn());
    lives_end(&lives, RIGHT, LIFE_END_FAULT, now_ticks);
    unsigned turns = 0;
    for (; lives.life[RIGHT].state != LIFE_WAIT && turns < 100; turns++)
        (void)turn();
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
        if (!turn() || rand() % 3 == 0)
            now_ticks += (uint64_t)rand() % (HZ / 10);
    }
    memset(world.mood, 0, sizeof world.mood);
    world.steps_of_a_part = 0;
    run_for(3 * HZ);
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

static TCase *cases(void)
{
    TCase *tc = tcase_create("lives");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, test_step_starts_everything);
    tcase_add_test(tc, test_step_guest_starts_when_all_its_connections_are_accepted);
    tcase_add_test(tc, test_step_refusal_names_the_key);
    tcase_add_loop_test(tc, test_step_part_without_room_is_said_and_undone, 0, 6);
    tcase_add_loop_test(tc, test_step_connection_that_cannot_be_is_never_offered, 0, 2);
    tcase_add_test(tc, test_step_service_without_room_is_given_up);
    tcase_add_loop_test(tc, test_end_restart_touches_only_its_side, 0, 4);
    tcase_add_loop_test(tc, test_end_service_that_dies_while_a_side_is_made, 0, 5);
    tcase_add_loop_test(tc, test_end_restarts_are_limited_by_policy, 0, 2);
    tcase_add_loop_test(tc, test_end_ordered_kills_do_not_count, 0, 2);
    tcase_add_test(tc, test_end_poison_words_of_the_next_life);
    tcase_add_loop_test(tc, test_look_hang_is_a_fault, 0, 2);
    tcase_add_test(tc, test_look_waiting_vmm_is_no_hang);
    tcase_add_test(tc, test_end_device_that_never_confirms_keeps_its_frames);
    tcase_add_test(tc, test_end_device_that_confirms_late_is_waited_for);
    tcase_add_test(tc, test_end_powered_off_guest_is_taken_back);
    tcase_add_test(tc, test_end_guest_waits_for_a_service_that_works_its_rings_off);
    tcase_add_loop_test(tc, test_end_service_that_dies_while_a_connection_is_taken_back, 0, 12);
    tcase_add_loop_test(tc, test_end_service_given_up_while_a_client_is_made, 0, 80);
    tcase_add_test(tc, test_end_retired_service_is_taken_back_after_its_clients);
    tcase_add_test(tc, test_step_end_does_not_wait_for_a_long_start);
    tcase_add_loop_test(tc, test_end_random_ends_lose_nothing, 0, 12);
    return tc;
}

int main(void)
{
    Suite *suite = suite_create("rootserver-lives");
    suite_add_tcase(suite, cases());
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
