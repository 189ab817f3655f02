/* SPDX-License-Identifier: BSD-2-Clause */
#include "suites.h"
#include "world.h"

static uint32_t self_slot, other_slot, cnode, vspace, endpoint;
static struct thread *self, *other; /* the caller; a new thread */

static void setup(void)
{
    self_slot = world_thread(20);
    self = world_thread_at(self_slot);
    other_slot = world_thread_new();
    other = world_thread_at(other_slot);
    cnode = world_make(OBJ_CNODE, 10);
    vspace = world_make(OBJ_VSPACE, VSPACE_BITS_MIN);
    endpoint = world_make(OBJ_ENDPOINT, ENDPOINT_BITS_MIN);
}

static enum err method(uint32_t slot, uint64_t number, uint64_t a, uint64_t b)
{
    return world_invoke(self, slot, number, a, b, 0, 0);
}

static enum err configure(uint64_t fault, uint64_t priority)
{
    return world_invoke(self, other_slot, METHOD_THREAD_CONFIGURE, cnode, vspace, fault, priority);
}

START_TEST(test_configure_gives_places_and_priority)
{
    /* A configured thread holds children of the given capabilities, and runs once resumed. */
    ck_assert_int_eq(configure(endpoint, 19), OK);
    ck_assert_ptr_eq(world_slot(cnode)->first_child, &other->place[THREAD_CNODE]);
    ck_assert_ptr_eq(world_slot(vspace)->first_child, &other->place[THREAD_VSPACE]);
    ck_assert_ptr_eq(world_slot(endpoint)->first_child, &other->place[THREAD_FAULT]);
    ck_assert_uint_eq(other->priority, 19);
    ck_assert_int_eq(method(other_slot, METHOD_THREAD_RESUME, 0, 0), OK);
    ck_assert_int_eq(other->state, THREAD_READY);
}
END_TEST

START_TEST(test_configure_again_replaces)
{
    /* A second configure drops the first one's capabilities; slot 0 removes the fault endpoint. */
    uint32_t second = world_make(OBJ_CNODE, 10);

    ck_assert_int_eq(configure(endpoint, 19), OK);
    ck_assert_int_eq(world_invoke(self, other_slot, METHOD_THREAD_CONFIGURE, second, vspace, 0, 3),
                     OK);
    ck_assert_ptr_null(world_slot(cnode)->first_child);
    ck_assert_ptr_null(world_slot(endpoint)->first_child);
    ck_assert_ptr_eq(world_slot(second)->first_child, &other->place[THREAD_CNODE]);
    ck_assert(slot_is_empty(&other->place[THREAD_FAULT]));
}
END_TEST

START_TEST(test_configure_errors_change_nothing)
{
    /* INVALID_ARG, NO_RIGHT, INVALID_CAP, STATE. */
    uint32_t read_only = world_copy(endpoint, RIGHT_READ, 0);
    uint32_t weak = world_copy(other_slot, RIGHT_READ | RIGHT_WRITE, 0);

    ck_assert_int_eq(configure(0, 64), ERR_INVALID_ARG);
    ck_assert_int_eq(configure(0, UINT64_MAX), ERR_INVALID_ARG);
    ck_assert_int_eq(configure(0, 21), ERR_NO_RIGHT);
    ck_assert_int_eq(configure(read_only, 1), ERR_NO_RIGHT);
    ck_assert_int_eq(configure(cnode, 1), ERR_INVALID_CAP);
    ck_assert_int_eq(world_invoke(self, other_slot, METHOD_THREAD_CONFIGURE, vspace, vspace, 0, 1),
                     ERR_INVALID_CAP);
    ck_assert_int_eq(world_invoke(self, weak, METHOD_THREAD_CONFIGURE, cnode, vspace, 0, 1),
                     ERR_NO_RIGHT);
    ck_assert_int_eq(world_invoke(self, self_slot, METHOD_THREAD_CONFIGURE, cnode, vspace, 0, 1),
                     ERR_STATE);
    ck_assert(slot_is_empty(&other->place[THREAD_CNODE]));
    ck_assert(slot_is_empty(&other->place[THREAD_VSPACE]));
}
END_TEST

START_TEST(test_resume_wants_suspended_and_configured)
{
    /* STATE: no CNode or VSpace, ready already, or stopped by a fault. */
    ck_assert_int_eq(method(other_slot, METHOD_THREAD_RESUME, 0, 0), ERR_STATE);
    configure(0, 1);
    ck_assert_int_eq(method(other_slot, METHOD_THREAD_RESUME, 0, 0), OK);
    ck_assert_int_eq(method(other_slot, METHOD_THREAD_RESUME, 0, 0), ERR_STATE);
    world_run(other);
    thread_fault(&hart, 13, 0);
    ck_assert_int_eq(method(other_slot, METHOD_THREAD_RESUME, 0, 0), ERR_STATE);
    ck_assert_int_eq(method(world_copy(other_slot, RIGHT_READ, 0), METHOD_THREAD_RESUME, 0, 0),
                     ERR_NO_RIGHT);
}
END_TEST

START_TEST(test_registers_are_written_and_read)
{
    /* Register 0 is the pc, 1 to 31 are the general registers. */
    for (uint64_t i = 0; i < 32; i++)
        ck_assert_int_eq(method(other_slot, METHOD_THREAD_SET_REG, i, 1000 + i), OK);
    ck_assert_uint_eq(other->context.pc, 1000);
    for (uint64_t i = 1; i < 32; i++)
        ck_assert_uint_eq(other->context.x[i], 1000 + i);
    for (uint64_t i = 0; i < 32; i++) {
        ck_assert_int_eq(method(other_slot, METHOD_THREAD_GET_REG, i, 0), OK);
        ck_assert_uint_eq(self->context.x[REG_A1], 1000 + i);
    }
}
END_TEST

START_TEST(test_register_errors)
{
    /* INVALID_ARG: no such register; STATE: the caller itself, or not suspended; NO_RIGHT. */
    uint32_t read = world_copy(other_slot, RIGHT_READ, 0);
    uint32_t write = world_copy(other_slot, RIGHT_WRITE, 0);

    ck_assert_int_eq(method(other_slot, METHOD_THREAD_SET_REG, 32, 0), ERR_INVALID_ARG);
    ck_assert_int_eq(method(other_slot, METHOD_THREAD_GET_REG, UINT64_MAX, 0), ERR_INVALID_ARG);
    ck_assert_int_eq(method(self_slot, METHOD_THREAD_GET_REG, 1, 0), ERR_STATE);
    ck_assert_int_eq(method(self_slot, METHOD_THREAD_SET_REG, 1, 0), ERR_STATE);
    ck_assert_int_eq(method(read, METHOD_THREAD_SET_REG, 1, 0), ERR_NO_RIGHT);
    ck_assert_int_eq(method(write, METHOD_THREAD_GET_REG, 1, 0), ERR_NO_RIGHT);
    ck_assert_int_eq(method(read, METHOD_THREAD_BIND, 0, 0), ERR_NO_RIGHT);
    ck_assert_int_eq(method(write, METHOD_THREAD_INFO, 0, 0), ERR_NO_RIGHT);
    ck_assert_int_eq(method(read, METHOD_THREAD_SUSPEND, 0, 0), ERR_NO_RIGHT);
}
END_TEST

START_TEST(test_suspend_self_returns_when_resumed)
{
    /* A thread that suspends itself stops at once; the call returns OK after resume. */
    uint64_t pc = self->context.pc;

    ck_assert_int_eq(method(self_slot, METHOD_THREAD_SUSPEND, 0, 0), OK);
    ck_assert_ptr_null(hart.current);
    ck_assert_int_eq(self->state, THREAD_SUSPENDED);
    ck_assert_int_eq(thread_resume(self), OK);
    ck_assert_int_eq(world_result(self), OK);
    ck_assert_uint_eq(self->context.pc, pc + 4);
}
END_TEST

START_TEST(test_suspend_ready_thread_keeps_registers)
{
    /* Suspending a thread outside a call leaves its registers unchanged. */
    uint32_t slot = world_thread(5);
    struct thread *ready = world_thread_at(slot);

    ready->context.x[REG_A0] = 0x1234;
    ck_assert_int_eq(method(slot, METHOD_THREAD_SUSPEND, 0, 0), OK);
    ck_assert_int_eq(ready->state, THREAD_SUSPENDED);
    ck_assert_uint_eq(ready->context.x[REG_A0], 0x1234);
    ck_assert_uint_eq(hart.ready.present, 0);
    ck_assert_int_eq(method(slot, METHOD_THREAD_SUSPEND, 0, 0), OK);
}
END_TEST

START_TEST(test_info_tells_state_and_runtime)
{
    /* thread_info returns the state (suspended, ready, blocked) and the thread's run time. */
    uint32_t slot = world_thread(5);
    struct thread *thread = world_thread_at(slot);
    uint32_t word = world_make(OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN);

    ck_assert_int_eq(method(other_slot, METHOD_THREAD_INFO, 0, 0), OK);
    ck_assert_uint_eq(self->context.x[REG_A1], THREAD_STATE_SUSPENDED);
    world_run(thread);
    fake.now += 25;
    method(slot, METHOD_THREAD_INFO, 0, 0);
    ck_assert_uint_eq(self->context.x[REG_A1], THREAD_STATE_READY);
    ck_assert_uint_eq(self->context.x[REG_A2], 25);
    world_call(thread, CALL_WAIT, word, UINT64_MAX);
    method(slot, METHOD_THREAD_INFO, 0, 0);
    ck_assert_uint_eq(self->context.x[REG_A1], THREAD_STATE_BLOCKED);
}
END_TEST

START_TEST(test_revoke_of_vspace_or_cnode_stops_thread)
{
    /* A thread that loses its VSpace or CNode stops and cannot be resumed. */
    uint32_t *lost[] = { &cnode, &vspace };

    for (uint32_t i = 0; i < 2; i++) {
        setup();
        ck_assert_int_eq(configure(0, 1), OK);
        ck_assert_int_eq(method(other_slot, METHOD_THREAD_RESUME, 0, 0), OK);
        world_destroy(*lost[i]);
        ck_assert_int_eq(other->state, THREAD_SUSPENDED);
        ck_assert_int_eq(method(other_slot, METHOD_THREAD_RESUME, 0, 0), ERR_STATE);
    }
}
END_TEST

START_TEST(test_revoke_of_fault_endpoint_leaves_thread_running)
{
    /* A thread that loses its fault endpoint runs on; its next fault has no handler. */
    configure(endpoint, 1);
    method(other_slot, METHOD_THREAD_RESUME, 0, 0);
    world_destroy(endpoint);
    ck_assert_int_eq(other->state, THREAD_READY);
    world_run(other);
    thread_fault(&hart, 13, 0);
    ck_assert_int_eq(other->state, THREAD_FAULTED);
}
END_TEST

START_TEST(test_thread_destroys_itself)
{
    /* A thread can destroy itself by its own call: another thread runs then. */
    uint32_t slot = world_thread(20);
    struct thread *thread = world_thread_at(slot);

    world_run(thread);
    fp_acquire(&hart, &thread->fp);
    world_destroy(slot);
    ck_assert_ptr_null(hart.fp_owner);
    ck_assert_ptr_eq(sched_pick(&hart), self);
}
END_TEST

START_TEST(test_thread_destroyed_frees_its_places)
{
    /* No slot of a dead thread stays in the derivation tree. */
    configure(endpoint, 1);
    world_destroy(other_slot);
    ck_assert_ptr_null(world_slot(cnode)->first_child);
    ck_assert_ptr_null(world_slot(vspace)->first_child);
    ck_assert_ptr_null(world_slot(endpoint)->first_child);
}
END_TEST

START_TEST(test_unknown_calls_and_methods_are_refused)
{
    /* An undefined call number gets BAD_CALL. */
    ck_assert_int_eq(world_call(self, CALL_COUNT, 0, 0), ERR_BAD_CALL);
    ck_assert_int_eq(method(other_slot, THREAD_METHOD_COUNT, 0, 0), ERR_BAD_CALL);
    ck_assert_int_eq(method(other_slot, UINT64_MAX, 0, 0), ERR_BAD_CALL);
    ck_assert_int_eq(method(250, METHOD_THREAD_INFO, 0, 0), ERR_INVALID_CAP);
}
END_TEST

TCase *thread_cases(void)
{
    TCase *cases = tcase_create("thread");

    tcase_add_checked_fixture(cases, world_setup, NULL);
    tcase_add_checked_fixture(cases, setup, NULL);
    tcase_add_test(cases, test_configure_gives_places_and_priority);
    tcase_add_test(cases, test_configure_again_replaces);
    tcase_add_test(cases, test_configure_errors_change_nothing);
    tcase_add_test(cases, test_resume_wants_suspended_and_configured);
    tcase_add_test(cases, test_registers_are_written_and_read);
    tcase_add_test(cases, test_register_errors);
    tcase_add_test(cases, test_suspend_self_returns_when_resumed);
    tcase_add_test(cases, test_suspend_ready_thread_keeps_registers);
    tcase_add_test(cases, test_info_tells_state_and_runtime);
    tcase_add_test(cases, test_revoke_of_vspace_or_cnode_stops_thread);
    tcase_add_test(cases, test_revoke_of_fault_endpoint_leaves_thread_running);
    tcase_add_test(cases, test_thread_destroys_itself);
    tcase_add_test(cases, test_thread_destroyed_frees_its_places);
    tcase_add_test(cases, test_unknown_calls_and_methods_are_refused);
    return cases;
}
