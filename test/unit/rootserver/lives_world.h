/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rootserver/lives on a model of the world: parts that depend on each other, devices, services that
 * answer offers, and guests.  Every part and every call that the rules of plan/parts.h forbid fails
 * the test.
 *
 * Three services run, console (the log), echo and probe, which is a client of echo; and two guests,
 * left, a client of console and echo, and right, a client of console.
 */
#ifndef TEST_ROOTSERVER_LIVES_WORLD_H
#define TEST_ROOTSERVER_LIVES_WORLD_H

#include <check.h>

#include <rootserver/lives/lives.h>

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

struct lives_world {
    bool is_made[PLAN_PARTS], is_planned[PLAN_PARTS];
    unsigned steps_left[PLAN_PARTS], clear_left[PLAN_PARTS];
    bool runs[PLAN_PROCESSES_ALL];
    enum mood mood[PLAN_PROCESSES_ALL];
    unsigned starts[PLAN_PROCESSES_ALL], resets[PLAN_PROCESSES_ALL];
    unsigned calls_cancelled[PLAN_PROCESSES_ALL];
    bool reset_is_stuck;
    bool is_pinned[PLAN_CONNECTIONS_MAX];
    unsigned steps_of_a_part;
    enum err make_fails[PLAN_PARTS];
};

extern struct lives_world world;
extern struct lives lives;
extern uint64_t now_ticks;

void world_setup(void);
void world_teardown(void);

/* One turn of the root server's loop.  True: there is more to do. */
bool world_turn(void);
/* Turns, and the time of the waits between them. */
void world_run_for(uint64_t ticks);

/* What was printed so far, and a check that it contains `what`. */
const char *world_said(void);
void world_says(const char *what);

/* All processes run, and all connections are up. */
void world_all_run(void);
/* The number of parts that are planned or made. */
unsigned world_made_count(void);

/* The parts of a process's control region. */
struct control_up *world_up_of(unsigned process);
struct control_down *world_down_of(unsigned process);
struct control_connection *world_entry_of(unsigned process, unsigned served);

/* The test cases of each file. */
void lives_start_cases(TCase *tc);
void lives_restart_cases(TCase *tc);
void lives_end_cases(TCase *tc);

#endif
