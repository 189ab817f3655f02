/* SPDX-License-Identifier: BSD-2-Clause */
#define _GNU_SOURCE /* open_memstream() */

#include "lives_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rt/bootinfo.h>
#include <rt/calls.h>
#include <rt/rt.h>

static _Alignas(64) uint8_t down[PLAN_PROCESSES_ALL][0x11000];
static _Alignas(64) uint8_t up[PLAN_PROCESSES_ALL][0x3000];
struct lives_world world;
struct lives lives;
static struct lines lines;
uint64_t now_ticks;
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

static unsigned world_owner_part(unsigned process)
{
    return plan_process_is_vmm(process) ? plan_part_guest(plan_process_owner(process))
                                        : plan_part_instance(plan_process_owner(process));
}

/* Are the parts that `part` uses in the set? */
static bool world_part_is_ready(const bool *set, unsigned part)
{
    if (part >= PLAN_PART_REGIONS) {
        unsigned c = part - PLAN_PART_REGIONS;
        return set[plan_part_process(lives.connection[c].service)] &&
               set[plan_part_connection(c)] && set[world_owner_part(lives.connection[c].client)];
    }
    if (part >= PLAN_PART_SIDES) {
        unsigned c = (part - PLAN_PART_SIDES) / 2;
        const struct life_connection *lc = &lives.connection[c];
        bool is_service = (part - PLAN_PART_SIDES) % 2 == PLAN_SIDE_SERVICE;
        unsigned mine = is_service ? lc->service : lc->client;
        unsigned peer = is_service ? lc->client : lc->service;
        return set[plan_part_process(mine)] && set[plan_part_connection(c)] &&
               set[world_owner_part(peer)];
    }
    if (part >= PLAN_PART_PROCESSES)
        return set[world_owner_part(part - PLAN_PART_PROCESSES)];
    return true;
}

MUST_CHECK work_make(struct work *work, unsigned part, struct problem *problem)
{
    ck_assert_ptr_null(work);
    ck_assert(!world.is_made[part]);
    ck_assert_msg(world.clear_left[part] == 0, "part %u is being unmade", part);
    ck_assert_msg(world_part_is_ready(world.is_made, part), "part %u uses a part that is not made",
                  part);
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
static void world_part_remove(bool *set, unsigned part)
{
    if (!set[part])
        return;
    set[part] = false;
    for (unsigned i = 0; i < PLAN_PARTS; i++) {
        if (set[i] && !world_part_is_ready(set, i))
            ck_abort_msg("part %u uses part %u", i, part);
    }
}

/* A part that is made in part holds on to what it uses, too. */
static void world_part_begun_check(unsigned cleared)
{
    for (unsigned i = 0; i < PLAN_PARTS; i++) {
        if (i != cleared && world.steps_left[i] > 0 && !world_part_is_ready(world.is_made, i))
            ck_abort_msg("part %u is half made and uses part %u", i, cleared);
    }
}

MUST_CHECK work_clear(struct work *work, unsigned part)
{
    (void)work;
    unsigned steps = world.steps_of_a_part < 5 ? world.steps_of_a_part : 5;
    if (world.clear_left[part] == 0)
        world.clear_left[part] = 1 + (world.is_made[part] || world.steps_left[part] ? steps : 0);
    world_part_remove(world.is_made, part);
    if (part >= PLAN_PART_PROCESSES && part < PLAN_PART_SIDES)
        ck_assert(!world.runs[part - PLAN_PART_PROCESSES]);
    world.steps_left[part] = 0;
    world_part_begun_check(part);
    return --world.clear_left[part] > 0 ? ERR_AGAIN : OK;
}

MUST_CHECK work_undo(struct work *work, unsigned part)
{
    enum err err = work_clear(work, part);
    if (err == OK)
        world_part_remove(world.is_planned, part);
    return err;
}

void work_control(struct work *work, unsigned process, struct link_place *out)
{
    (void)work;
    *out = (struct link_place){down[process], up[process], plan_process_is_vmm(process) ? 0 : 8,
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
        if (c->client == process && c->is_made && lives.life[c->service].has_owner)
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

MUST_CHECK work_calls_cancel(struct work *work, unsigned process)
{
    (void)work;
    ck_assert(!world.runs[process]);
    world.calls_cancelled[process]++;
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

struct control_up *world_up_of(unsigned process)
{
    return (void *)up[process];
}

struct control_down *world_down_of(unsigned process)
{
    return (void *)down[process];
}

struct control_connection *world_entry_of(unsigned process, unsigned served)
{
    return (struct control_connection *)(void *)(down[process] + CONTROL_DOWN_TABLE) + served;
}

static void world_service_answer(unsigned process, unsigned served)
{
    struct control_answer *a =
        (struct control_answer *)(void *)(up[process] + CONTROL_UP_ANSWERS) + served;
    uint32_t word = world_entry_of(process, served)->state, state = word & CONTROL_STATE_MASK;
    uint32_t answer = CONTROL_ANSWER_NONE;

    if (state == CONTROL_CONNECTION_OFFERED)
        answer =
            world.mood[process] == MOOD_REFUSES ? CONTROL_ANSWER_REFUSED : CONTROL_ANSWER_ACCEPTED;
    else if (state != CONTROL_CONNECTION_NONE && world.mood[process] != MOOD_STAYS)
        answer = CONTROL_ANSWER_LEFT;
    strcpy(a->reason, "no disk");
    a->state = control_state(word >> CONTROL_STATE_BITS, answer);
}

static void world_process_live(unsigned process)
{
    if (!world.runs[process] || world.mood[process] == MOOD_HANGS)
        return;
    world_up_of(process)->pong = world_down_of(process)->ping;
    for (unsigned i = 0; i < world_down_of(process)->connection_most; i++)
        world_service_answer(process, i);
    if (process == CONSOLE)
        world_up_of(process)->lines_down.consumer.index =
            world_up_of(process)->lines_down.producer.index;
}

/* One turn of the root server's loop. */
bool world_turn(void)
{
    lives_look(&lives, now_ticks);
    bool has_more = lives_step(&lives, now_ticks);
    for (unsigned i = 0; i < PLAN_PROCESSES_ALL; i++)
        world_process_live(i);
    return has_more;
}

void world_run_for(uint64_t ticks)
{
    uint64_t until = now_ticks + ticks;

    while (now_ticks < until) {
        if (!world_turn())
            now_ticks += 5 * MS;
    }
    fflush(stdout);
}

const char *world_said(void)
{
    fflush(stdout);
    return said;
}

void world_says(const char *what)
{
    ck_assert_msg(strstr(world_said(), what) != NULL, "not said: %s; said: %s", what, said);
}

static void world_process_add(unsigned index, const char *name, const char *guest)
{
    struct life *l = &lives.life[index];

    snprintf(l->name, sizeof l->name, "%s", name);
    l->guest = guest;
    l->restart = (struct policy_restart){.most = 5, .within_ms = 10000, .wait_max_ms = 1000};
    l->times = (struct link_times){.ping_ticks = HZ};
    l->state = LIFE_OWNER;
}

static void world_connection_add(unsigned index, unsigned service, unsigned client, unsigned served,
                                 unsigned used)
{
    lives.connection[index] = (struct life_connection){.service = service,
                                                       .client = client,
                                                       .served = served,
                                                       .used = used,
                                                       .source = "left.toml:3"};
    lives.connection_count = index + 1;
}

void world_setup(void)
{
    memset(&world, 0, sizeof world);
    memset(&lives, 0, sizeof lives);
    memset(&lines, 0, sizeof lines);
    now_ticks = 1000;
    lives.lines = &lines;
    lives.hz = HZ;
    lives.log = CONSOLE;
    world_process_add(CONSOLE, "console", NULL);
    world_process_add(ECHO, "echo", NULL);
    world_process_add(PROBE, "probe", NULL);
    world_process_add(LEFT, "vmm.left", "left");
    world_process_add(RIGHT, "vmm.right", "right");
    world_connection_add(LEFT_CONSOLE, CONSOLE, LEFT, 0, 0);
    world_connection_add(RIGHT_CONSOLE, CONSOLE, RIGHT, 1, 0);
    world_connection_add(PROBE_ECHO, ECHO, PROBE, 0, 0);
    world_connection_add(LEFT_ECHO, ECHO, LEFT, 1, 1);
    lives_begin(&lives);
    real_stdout = stdout;
    stdout = open_memstream(&said, &said_bytes);
    ck_assert_ptr_nonnull(stdout);
}

void world_teardown(void)
{
    fclose(stdout);
    stdout = real_stdout;
    free(said);
}

void world_all_run(void)
{
    for (unsigned i = 0; i < PLAN_PROCESSES_ALL; i++)
        ck_assert_msg(world.runs[i] == (lives.life[i].state != LIFE_NONE), "process %u", i);
    for (unsigned i = 0; i < lives.connection_count; i++)
        ck_assert_int_eq(lives.connection[i].state, CONTROL_USED_UP);
}

unsigned world_made_count(void)
{
    unsigned count = 0;
    for (unsigned i = 0; i < PLAN_PARTS; i++)
        count += world.is_made[i] || world.is_planned[i];
    return count;
}
