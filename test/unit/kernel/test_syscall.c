/* SPDX-License-Identifier: BSD-2-Clause */
/* Decode: the errors found before any handler runs, and the state after such an error. */
#include "suites.h"
#include "world.h"

static struct thread *caller;
static uint32_t endpoint, notification;

static void setup(void)
{
    world_setup();
    caller = world_thread_at(world_thread(10));
    endpoint = world_make(OBJ_ENDPOINT, 7);
    notification = world_make(OBJ_NOTIFICATION, 7);
}

static enum err call(uint64_t number, uint64_t cap, uint64_t a1)
{
    caller->context.x[REG_A7] = number;
    caller->context.x[REG_A0] = cap;
    caller->context.x[REG_A1] = a1;
    world_run(caller);
    syscall_dispatch(&hart);
    return world_result(caller);
}

START_TEST(test_dispatch_unknown_number_bad_call)
{
    static const uint64_t numbers[] = {CALL_COUNT, 255, UINT32_MAX, UINT64_C(1) << 32, UINT64_MAX};

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        ck_assert_int_eq(call(numbers[i], endpoint, 0), ERR_BAD_CALL);
        ck_assert_int_eq(call(CALL_INVOKE, endpoint, numbers[i]), ERR_BAD_CALL);
    }
    for (uint64_t method = 0; method < 16; method++)
        ck_assert_int_eq(call(CALL_INVOKE, notification, method), ERR_BAD_CALL);
}
END_TEST

START_TEST(test_dispatch_no_capability_invalid_cap)
{
    uint64_t past = UINT64_C(1) << (WORLD_CNODE_BITS - 6);
    const uint64_t caps[] = { 0, past - 1, past, UINT64_C(1) << 32 | endpoint, UINT64_MAX };

    for (size_t i = 0; i < sizeof(caps) / sizeof(caps[0]); i++) {
        for (uint64_t number = 0; number < CALL_COUNT; number++) {
            if (number != CALL_YIELD)
                ck_assert_int_eq(call(number, caps[i], 0), ERR_INVALID_CAP);
        }
    }
}
END_TEST

START_TEST(test_dispatch_wrong_type_invalid_cap)
{
    ck_assert_int_eq(call(CALL_CALL, notification, 0), ERR_INVALID_CAP);
    ck_assert_int_eq(call(CALL_RECV, notification, 0), ERR_INVALID_CAP);
    ck_assert_int_eq(call(CALL_SIGNAL, endpoint, 0), ERR_INVALID_CAP);
    ck_assert_int_eq(call(CALL_VCPU_RUN, endpoint, 0), ERR_INVALID_CAP);
}
END_TEST

START_TEST(test_dispatch_missing_right_no_right)
{
    static const struct {
        enum call_number number;
        uint8_t right;
    } calls[] = { { CALL_CALL, RIGHT_WRITE },  { CALL_REPLY_RECV, RIGHT_READ },
                  { CALL_SEND, RIGHT_WRITE },  { CALL_RECV, RIGHT_READ },
                  { CALL_SIGNAL, RIGHT_WRITE }, { CALL_WAIT, RIGHT_READ },
                  { CALL_POLL, RIGHT_READ },    { CALL_REPLY_RECV_UNTIL, RIGHT_READ },
                  { CALL_RECV_UNTIL, RIGHT_READ } };

    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        bool is_message = calls[i].number <= CALL_RECV || calls[i].number >= CALL_REPLY_RECV_UNTIL;
        uint32_t object = is_message ? endpoint : notification;
        uint32_t copy = world_copy(object, (uint8_t)(RIGHTS_ALL & ~calls[i].right), 0);
        ck_assert_int_eq(call(calls[i].number, copy, 0), ERR_NO_RIGHT);
    }
}
END_TEST

START_TEST(test_dispatch_refusal_leaves_all_but_a0_and_pc)
{
    /* A failed call changes a0 and pc alone: pc is past the ecall. */
    struct user_context before;

    for (uint32_t i = 1; i < 32; i++)
        caller->context.x[i] = 0x1111 * i;
    caller->context.pc = 0x4000;
    before = caller->context;
    caller->context.x[REG_A7] = before.x[REG_A7] = CALL_COUNT;
    world_run(caller);
    fake_log_clear();
    syscall_dispatch(&hart);
    for (uint32_t i = 1; i < 32; i++)
        ck_assert_uint_eq(caller->context.x[i], i == REG_A0 ? ERR_BAD_CALL : before.x[i]);
    ck_assert_uint_eq(caller->context.pc, 0x4004);
    ck_assert_uint_eq(fake_event_count(), 0);
}
END_TEST

START_TEST(test_dispatch_optional_capability_zero_is_none_else_checked)
{
    uint32_t thread = world_thread_new(), cnode = world_make(OBJ_CNODE, 8);
    uint32_t vspace = world_make(OBJ_VSPACE, 14), mute = world_copy(endpoint, RIGHT_READ, 0);

    ck_assert_int_eq(world_invoke(caller, thread, METHOD_THREAD_CONFIGURE, cnode, vspace, 0, 1),
                     OK);
    ck_assert_int_eq(world_invoke(caller, thread, METHOD_THREAD_CONFIGURE, cnode, vspace,
                                  notification, 1),
                     ERR_INVALID_CAP);
    ck_assert_int_eq(world_invoke(caller, thread, METHOD_THREAD_CONFIGURE, cnode, vspace, mute, 1),
                     ERR_NO_RIGHT);
    ck_assert_int_eq(world_invoke(caller, thread, METHOD_THREAD_CONFIGURE, 0, vspace, 0, 1),
                     ERR_INVALID_CAP);
}
END_TEST

START_TEST(test_configure_needs_rights_to_what_the_thread_will_use)
{
    /* Thread.configure needs those rights to CNode and VSpace that the thread will use. */
    uint32_t thread = world_thread_new(), cnode = world_make(OBJ_CNODE, 8);
    uint32_t vspace = world_make(OBJ_VSPACE, 14);
    uint32_t read = world_copy(cnode, RIGHT_READ, 0), write = world_copy(cnode, RIGHT_WRITE, 0);
    uint32_t told = world_copy(vspace, RIGHTS_ALL & ~RIGHT_MANAGE, 0);
    uint64_t method = METHOD_THREAD_CONFIGURE;

    ck_assert_int_eq(world_invoke(caller, thread, method, read, vspace, 0, 1), ERR_NO_RIGHT);
    ck_assert_int_eq(world_invoke(caller, thread, method, write, vspace, 0, 1), ERR_NO_RIGHT);
    ck_assert_int_eq(world_invoke(caller, thread, method, cnode, told, 0, 1), ERR_NO_RIGHT);
    ck_assert_int_eq(world_invoke(caller, thread, method, cnode, vspace, 0, 1), OK);
}
END_TEST

START_TEST(test_dispatch_preempted_call_is_made_again)
{
    /* A preempted call keeps pc at the ecall and all registers, so that it resumes. */
    uint32_t table = world_empty();

    slot_derive(world_slot(table), &caller->place[THREAD_CNODE], RIGHTS_ALL);
    (void)world_copy(endpoint, 0, 0);
    (void)world_copy(endpoint, 0, 0);
    caller->context.pc = 0x4000;
    caller->context.x[REG_A2] = endpoint;
    fake.is_preempting = true;
    (void)call(CALL_INVOKE, table, METHOD_CNODE_REVOKE);
    ck_assert_uint_eq(caller->context.pc, 0x4000);
    ck_assert_uint_eq(caller->context.x[REG_A0], table);
    ck_assert_uint_eq(caller->context.x[REG_A1], METHOD_CNODE_REVOKE);
    ck_assert_int_eq(call(CALL_INVOKE, table, METHOD_CNODE_REVOKE), OK);
    ck_assert_uint_eq(caller->context.pc, 0x4004);
}
END_TEST

TCase *syscall_cases(void)
{
    TCase *cases = tcase_create("syscall");

    tcase_add_checked_fixture(cases, setup, NULL);
    tcase_add_test(cases, test_dispatch_unknown_number_bad_call);
    tcase_add_test(cases, test_dispatch_no_capability_invalid_cap);
    tcase_add_test(cases, test_dispatch_wrong_type_invalid_cap);
    tcase_add_test(cases, test_dispatch_missing_right_no_right);
    tcase_add_test(cases, test_dispatch_refusal_leaves_all_but_a0_and_pc);
    tcase_add_test(cases, test_dispatch_optional_capability_zero_is_none_else_checked);
    tcase_add_test(cases, test_configure_needs_rights_to_what_the_thread_will_use);
    tcase_add_test(cases, test_dispatch_preempted_call_is_made_again);
    return cases;
}
