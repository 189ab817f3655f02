/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The root server's event loop on a model of one hart: ipc_recv_until() takes what is there, times
 * out at its deadline, and other processes run only while the root server waits.
 */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rootserver/loop.h>
#include <rootserver/root.h>
#include <rt/calls.h>
#include <rt/rt.h>
#include <test/unit/run.h>

#define HZ UINT64_C(10000000)
#define US (HZ / 1000000)

struct root root;

static struct {
    uint64_t now;
    uint64_t piece_ticks; /* of one piece of work */
    bool has_work, has_message;
    uint64_t waited_ticks; /* in ipc_recv_until() */
    unsigned messages;
    unsigned guests;
    uint32_t log_life;
    bool is_flushed;
} world;

static jmp_buf machine_end;
static FILE *real_stdout;

uint64_t rt_time_ticks(void)
{
    return world.now;
}

/* ipc_recv_until(). */
void abi_ecall(struct abi_regs *regs)
{
    uint64_t deadline = regs->t2;

    ck_assert_uint_eq(regs->a7, CALL_RECV_UNTIL);
    if (world.has_message) {
        world.has_message = false;
        regs->a0 = OK;
        regs->a1 = 0;
        return;
    }
    if (deadline > world.now) {
        world.waited_ticks += deadline - world.now;
        world.now = deadline;
    }
    regs->a0 = ERR_TIMEOUT;
}

void reports_message(struct reports *reports, const struct message *m)
{
    (void)reports;
    (void)m;
    world.messages++;
}

bool lives_step(struct lives *lives, uint64_t now)
{
    (void)lives;
    (void)now;
    world.now += world.has_work ? world.piece_ticks : 0;
    return world.has_work;
}

uint64_t lives_deadline(const struct lives *lives)
{
    (void)lives;
    return POLICY_NEVER;
}

void lives_look(struct lives *lives, uint64_t now)
{
    (void)lives;
    (void)now;
}

unsigned lives_guests_running(const struct lives *lives)
{
    (void)lives;
    return world.guests;
}

uint32_t lives_log_restarts(const struct lives *lives)
{
    (void)lives;
    return world.log_life;
}

void lives_ends_tell(struct lives *lives)
{
    (void)lives;
}

bool lives_ended_well(const struct lives *lives)
{
    (void)lives;
    return true;
}

bool lives_log_is_away(const struct lives *lives)
{
    (void)lives;
    return false;
}

bool lines_flush(struct lines *lines)
{
    (void)lines;
    return true;
}

bool lines_are_flushed(const struct lines *lines)
{
    (void)lines;
    return world.is_flushed;
}

void lines_down(struct lines *lines)
{
    (void)lines;
}

const char *exec_error_name(enum err err)
{
    (void)err;
    abort();
}

ATTR_NORETURN void root_end_machine(bool well)
{
    (void)well;
    longjmp(machine_end, 1);
}

/* ---- tests ------------------------------------------------------------------------------ */

static void setup(void)
{
    static struct bootinfo boot;

    boot.timebase_hz = HZ;
    root.boot = &boot;
    memset(&world, 0, sizeof world);
    world.now = 12345;
    world.guests = 1;
    memset(&root.end, 0, sizeof root.end);
    real_stdout = stdout;
    stdout = fopen("/dev/null", "w");
    ck_assert_ptr_nonnull(stdout);
}

static void teardown(void)
{
    fclose(stdout);
    stdout = real_stdout;
}

START_TEST(test_turn_takes_a_message_while_there_is_work)
{
    /* However long the work goes on, and however long one piece takes, a message that waits is
       taken at the end of the turn. */
    world.has_work = true;
    world.piece_ticks = (uint64_t[]){1 * US, 300 * US, 200000 * US}[_i];
    for (unsigned i = 1; i <= 100; i++) {
        world.has_message = true;
        loop_turn(POLICY_NEVER);
        ck_assert_uint_eq(world.messages, i);
    }
}
END_TEST

START_TEST(test_turn_lets_others_run_while_there_is_work)
{
    /* Other processes get a fifth of the time at least. */
    world.has_work = true;
    world.piece_ticks = (uint64_t[]){1 * US, 300 * US, 200000 * US}[_i];
    uint64_t begun = world.now;
    for (unsigned i = 0; i < 100; i++)
        loop_turn(POLICY_NEVER);
    ck_assert_uint_ge(world.waited_ticks, (world.now - begun) / 6);
    ck_assert_uint_le(world.waited_ticks, (world.now - begun) / 4);
}
END_TEST

START_TEST(test_turn_goes_on_with_its_work)
{
    /* The rest ends by itself, and without work the loop waits for the deadline. */
    world.has_work = true;
    world.piece_ticks = 10 * US;
    loop_turn(POLICY_NEVER);
    ck_assert_uint_le(world.waited_ticks, 200 * US);
    world.has_work = false;
    world.waited_ticks = 0;
    loop_turn(world.now + HZ);
    ck_assert_uint_eq(world.waited_ticks, HZ);
}
END_TEST

/* The turns until the machine ends, while each life of the log lasts for ten turns. */
static unsigned turns_to_the_end(void)
{
    static unsigned turns;

    turns = 0;
    if (setjmp(machine_end) != 0)
        return turns;
    for (; turns < 1000; turns++) {
        world.log_life = turns / 10;
        loop_turn(world.now + HZ);
    }
    return turns;
}

START_TEST(test_turn_ends_the_machine_with_or_without_the_log)
{
    /* The machine ends when the log has shown the last lines, and also if no life of the log ever
       does. */
    world.guests = 0;
    ck_assert_uint_eq(turns_to_the_end(), 10 * LOOP_END_SAYS);
    memset(&root.end, 0, sizeof root.end);
    world.is_flushed = true;
    ck_assert_uint_eq(turns_to_the_end(), 0);
}
END_TEST

static TCase *cases(void)
{
    TCase *tc = tcase_create("loop");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, test_turn_takes_a_message_while_there_is_work, 0, 3);
    tcase_add_loop_test(tc, test_turn_lets_others_run_while_there_is_work, 0, 3);
    tcase_add_test(tc, test_turn_ends_the_machine_with_or_without_the_log);
    tcase_add_test(tc, test_turn_goes_on_with_its_work);
    return tc;
}

int main(void)
{
    Suite *suite = suite_create("rootserver-loop");
    suite_add_tcase(suite, cases());
    return run_suites(srunner_create(suite));
}
