/* SPDX-License-Identifier: BSD-2-Clause */
/* The recovery range of a VSpace: which arguments are refused, and which faults it recovers. */
#include "suites.h"
#include "world.h"

#define LIMIT (UINT64_C(1) << 38)
#define START UINT64_C(0x40000)
#define BYTES UINT64_C(0x40)
#define EXIT  UINT64_C(0x40080)

static uint32_t vspace, other_vspace;
static struct thread *client, *caller; /* the client's VSpace is `vspace` */

static struct thread *thread_in(uint32_t space)
{
    struct thread *thread = world_thread_at(world_thread(10));
    slot_delete(&hart, &thread->place[THREAD_VSPACE]);
    thread->state = THREAD_READY;
    slot_embed(&thread->place[THREAD_VSPACE], world_slot(space), &thread->object);
    return thread;
}

static void setup(void)
{
    world_setup();
    caller = world_thread_at(world_thread(20));
    vspace = world_make(OBJ_VSPACE, 14);
    other_vspace = world_make(OBJ_VSPACE, 14);
    client = thread_in(vspace);
}

static enum err recover(uint32_t space, uint64_t start, uint64_t bytes, uint64_t exit)
{
    return world_invoke(caller, space, METHOD_VSPACE_RECOVER, start, bytes, exit, 0);
}

/* The client faults at `pc`.  True: it continues at EXIT, and nothing else has changed. */
static bool fault_recovers(struct thread *thread, uint64_t cause, uint64_t pc)
{
    for (unsigned i = 1; i < 32; i++)
        thread->context.x[i] = 1000 + i;
    thread->context.pc = pc;
    thread->state = THREAD_READY;
    world_run(thread);
    thread_fault(&hart, cause, 0xdead);
    for (unsigned i = 1; i < 32; i++)
        ck_assert_uint_eq(thread->context.x[i], 1000 + i);
    if (thread->state == THREAD_FAULTED) {
        ck_assert_uint_eq(thread->context.pc, pc);
        return false;
    }
    ck_assert_int_eq(thread->state, THREAD_READY);
    ck_assert_ptr_eq(hart.current, thread);
    ck_assert_uint_eq(thread->context.pc, EXIT);
    return true;
}

START_TEST(test_recover_fault_in_range_continues_at_exit)
{
    /* A load or store that faults at any instruction of the range, from the first to the last,
     * continues at the exit with all registers as they were, and the thread keeps the hart. */
    ck_assert_int_eq(recover(vspace, START, BYTES, EXIT), OK);
    for (uint64_t pc = START; pc < START + BYTES; pc += 2) {
        ck_assert(fault_recovers(client, 13, pc));
        ck_assert(fault_recovers(client, 15, pc));
        ck_assert(fault_recovers(client, 5, pc));
        ck_assert(fault_recovers(client, 7, pc));
    }
}
END_TEST

START_TEST(test_recover_fault_outside_stops_thread)
{
    /* The instruction before the range, the one behind it, the exit and any other address. */
    static const uint64_t outside[] = { START - 2, START + BYTES, EXIT, 0, LIMIT - 2, UINT64_MAX };

    ck_assert_int_eq(recover(vspace, START, BYTES, EXIT), OK);
    for (unsigned i = 0; i < sizeof outside / sizeof outside[0]; i++)
        ck_assert(!fault_recovers(client, 13, outside[i]));
}
END_TEST

START_TEST(test_recover_other_cause_stops_thread)
{
    /* Only page faults and access faults of loads and stores recover: no fetch, no illegal
     * instruction, no breakpoint, no misaligned access, no ecall, no interrupt's number. */
    ck_assert_int_eq(recover(vspace, START, BYTES, EXIT), OK);
    for (uint64_t cause = 0; cause < 64; cause++) {
        bool is_access = cause == 5 || cause == 7 || cause == 13 || cause == 15;
        ck_assert_int_eq(fault_recovers(client, cause, START), is_access);
        ck_assert(!fault_recovers(client, cause | UINT64_C(1) << 63, START));
    }
}
END_TEST

START_TEST(test_recover_of_one_space_does_not_act_in_another)
{
    ck_assert_int_eq(recover(other_vspace, START, BYTES, EXIT), OK);
    ck_assert(!fault_recovers(client, 13, START));
    ck_assert(fault_recovers(thread_in(other_vspace), 13, START));
}
END_TEST

START_TEST(test_recover_new_space_has_no_range)
{
    /* Without a call, after a removal, and in a new VSpace at the memory of a dead one. */
    ck_assert(!fault_recovers(client, 13, 0));
    ck_assert_int_eq(recover(vspace, START, BYTES, EXIT), OK);
    ck_assert_int_eq(recover(vspace, UINT64_MAX, 0, UINT64_MAX), OK);
    ck_assert(!fault_recovers(client, 13, START));
    ck_assert(!fault_recovers(client, 13, UINT64_MAX));
}
END_TEST

START_TEST(test_recover_again_replaces)
{
    ck_assert_int_eq(recover(vspace, START, BYTES, EXIT), OK);
    ck_assert_int_eq(recover(vspace, START + BYTES, 2, EXIT), OK);
    ck_assert(!fault_recovers(client, 13, START));
    ck_assert(fault_recovers(client, 13, START + BYTES));
}
END_TEST

START_TEST(test_recover_a_lie_is_refused_and_changes_nothing)
{
    static const struct {
        uint64_t start, bytes, exit;
        enum err err;
    } lie[] = {
        { START + 1, BYTES, EXIT, ERR_ALIGN },
        { START, BYTES + 1, EXIT, ERR_ALIGN },
        { START, BYTES, EXIT + 1, ERR_ALIGN },
        { LIMIT, BYTES, EXIT, ERR_RANGE },
        { LIMIT - BYTES + 2, BYTES, EXIT, ERR_RANGE },
        { START, UINT64_MAX - 1, EXIT, ERR_RANGE },       /* the end wraps to before the start */
        { START, 0 - START - 2, EXIT, ERR_RANGE },
        { UINT64_MAX - 1, BYTES, EXIT, ERR_RANGE },
        { START, BYTES, LIMIT, ERR_RANGE },
        { START, BYTES, UINT64_MAX - 1, ERR_RANGE },
        { START, BYTES, START, ERR_INVALID_ARG },         /* would fault there for ever */
        { START, BYTES, START + BYTES - 2, ERR_INVALID_ARG },
        { 0, LIMIT, EXIT, ERR_INVALID_ARG },
    };

    ck_assert_int_eq(recover(vspace, START, BYTES, EXIT), OK);
    for (unsigned i = 0; i < sizeof lie / sizeof lie[0]; i++) {
        ck_assert_int_eq(recover(vspace, lie[i].start, lie[i].bytes, lie[i].exit), lie[i].err);
        ck_assert(fault_recovers(client, 13, START));
    }
    ck_assert_int_eq(recover(vspace, LIMIT - BYTES, BYTES, 0), OK);
    ck_assert_int_eq(recover(vspace, START, BYTES, START + BYTES), OK);
    ck_assert_int_eq(recover(vspace, START, BYTES, START - 2), OK);
}
END_TEST

START_TEST(test_recover_wants_manage_of_a_vspace)
{
    uint32_t weak = world_copy(vspace, RIGHT_READ | RIGHT_WRITE | RIGHT_EXEC, 0);
    uint32_t gspace = world_make(OBJ_GSPACE, 15);

    ck_assert_int_eq(recover(weak, START, BYTES, EXIT), ERR_NO_RIGHT);
    ck_assert_int_eq(recover(gspace, START, BYTES, EXIT), ERR_BAD_CALL);
    ck_assert_int_eq(recover(world_empty(), START, BYTES, EXIT), ERR_INVALID_CAP);
    ck_assert(!fault_recovers(client, 13, START));
}
END_TEST

TCase *recovery_cases(void)
{
    TCase *cases = tcase_create("recovery");

    tcase_add_checked_fixture(cases, setup, NULL);
    tcase_add_test(cases, test_recover_fault_in_range_continues_at_exit);
    tcase_add_test(cases, test_recover_fault_outside_stops_thread);
    tcase_add_test(cases, test_recover_other_cause_stops_thread);
    tcase_add_test(cases, test_recover_of_one_space_does_not_act_in_another);
    tcase_add_test(cases, test_recover_new_space_has_no_range);
    tcase_add_test(cases, test_recover_again_replaces);
    tcase_add_test(cases, test_recover_a_lie_is_refused_and_changes_nothing);
    tcase_add_test(cases, test_recover_wants_manage_of_a_vspace);
    return cases;
}
