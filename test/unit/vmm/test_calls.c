/* SPDX-License-Identifier: BSD-2-Clause */
/* The VMM's calls reach the kernel with the right object, method and arguments. */

#include <proto/process_start.h>
#include <test/unit/run.h>
#include <vmm/calls.h>
#include <vmm/vcpu/vcpu_loop.h>

static struct abi_regs seen, answer;
static uint32_t call_count;
static struct control_down down;
static struct control_up up;
static uint32_t waits_for_in_call; /* what the root server could see */

void abi_ecall(struct abi_regs *regs)
{
    waits_for_in_call = up.waits_for;
    seen = *regs;
    *regs = answer;
    call_count++;
}

static struct calls calls;

static void setup(void)
{
    calls = (struct calls){cap_at(11), cap_at(12), cap_at(13), cap_at(15), &down, &up, 1 + 3};
    down = (struct control_down){0};
    up = (struct control_up){0};
    answer = (struct abi_regs){.a0 = OK};
    call_count = 0;
}

static void ck_invoked(uint64_t method, uint64_t a2, uint64_t a3)
{
    ck_assert_uint_eq(seen.a7, CALL_INVOKE);
    ck_assert_uint_eq(seen.a0, 11);
    ck_assert_uint_eq(seen.a1, method);
    ck_assert_uint_eq(seen.a2, a2);
    ck_assert_uint_eq(seen.a3, a3);
}

START_TEST(test_calls_vcpu_methods_go_to_the_vcpu)
{
    /* Each operation calls its method of the vCPU, with the arguments in order. */
    struct vcpu_ops ops = calls_vcpu(&calls);
    uint64_t value = 0;

    answer.a1 = 99;
    ck_assert_int_eq(ops.get_reg(ops.opaque, 0, 0x1100, &value), OK);
    ck_assert_uint_eq(value, 99);
    ck_assert_uint_eq(seen.a1, METHOD_VCPU_GET_REG);
    ck_assert_int_eq(ops.set_reg(ops.opaque, 0, 0x1100, 7), OK);
    ck_invoked(METHOD_VCPU_SET_REG, 0x1100, 7);
    ck_assert_int_eq(ops.inject(ops.opaque, 0, 5, 0x1234), OK);
    ck_invoked(METHOD_VCPU_INJECT, 5, 0x1234);
    ck_assert_int_eq(ops.fence(ops.opaque, 0, VCPU_OPS_FENCE_ADDRESS_ASID, 0x1000, 0x2000, 3), OK);
    ck_invoked(METHOD_VCPU_FENCE, VCPU_FENCE_ADDRESS_ASID, 0x1000);
    ck_assert_uint_eq(seen.a4, 0x2000);
    ck_assert_uint_eq(seen.a5, 3);
}
END_TEST

START_TEST(test_calls_errors_come_back)
{
    /* The caller gets the kernel's error, and results stay unchanged. */
    struct vcpu_ops ops = calls_vcpu(&calls);
    const struct vcpu_loop_ops loop = {calls_run, calls_poll, calls_wait, calls_wait_text,
                                        calls_rebooted};
    uint32_t reason = 42;
    uint64_t value = 42;

    answer = (struct abi_regs){.a0 = ERR_BUSY, .a1 = 1};
    ck_assert_int_eq(ops.get_reg(ops.opaque, 0, 0x1100, &value), ERR_BUSY);
    ck_assert_int_eq(ops.inject(ops.opaque, 0, 1, 1), ERR_BUSY);
    ck_assert_int_eq(loop.run(&calls, 0, 1, 2, &reason), ERR_BUSY);
    ck_assert_int_eq(loop.poll(&calls, 0), ERR_BUSY);
    ck_assert_int_eq(loop.wait(&calls, 0), ERR_BUSY);
    ck_assert_uint_eq(value, 42);
    ck_assert_uint_eq(reason, 42);
}
END_TEST

START_TEST(test_calls_loop_runs_waits_and_reports)
{
    /* run passes the completed exit and the deadline; poll and wait use the notification. */
    const struct vcpu_loop_ops loop = {calls_run, calls_poll, calls_wait, calls_wait_text,
                                        calls_rebooted};
    uint32_t reason = 0;

    answer.a1 = VCPU_EXIT_STORE;
    ck_assert_int_eq(loop.run(&calls, 0, 77, 88, &reason), OK);
    ck_assert_uint_eq(seen.a7, CALL_VCPU_RUN);
    ck_assert_uint_eq(seen.a0, 11);
    ck_assert_uint_eq(seen.a1, 77);
    ck_assert_uint_eq(seen.a2, 88);
    ck_assert_uint_eq(reason, VCPU_EXIT_STORE);
    ck_assert_int_eq(loop.poll(&calls, 0), OK);
    ck_assert_uint_eq(seen.a7, CALL_POLL);
    ck_assert_uint_eq(seen.a0, 12);
    ck_assert_int_eq(loop.wait(&calls, 0), OK);
    ck_assert_uint_eq(seen.a7, CALL_WAIT);
    ck_assert_uint_eq(seen.a0, 12);
    ck_assert_uint_eq(seen.a1, DEADLINE_NEVER);
    loop.rebooted(&calls, 5);
    ck_assert_uint_eq(seen.a7, CALL_SEND);
    ck_assert_uint_eq(seen.a0, 13);
    ck_assert_uint_eq(seen.a1, REPORT_REBOOTED);
    ck_assert_uint_eq(seen.a2, 5);
}
END_TEST

START_TEST(test_calls_peer_is_signalled_if_there_is_one)
{
    /* Without a peer there is no call; the kernel's error for a dead peer is ignored. */
    struct calls_peer peer = {cap_at(14)};

    calls_peer_signal(&peer);
    ck_assert_uint_eq(seen.a7, CALL_SIGNAL);
    ck_assert_uint_eq(seen.a0, 14);
    answer.a0 = ERR_INVALID_CAP;
    calls_peer_signal(&peer);
    ck_assert_uint_eq(call_count, 2);
    peer.wake = CAP_NULL;
    calls_peer_signal(&peer);
    ck_assert_uint_eq(call_count, 2);
}
END_TEST

START_TEST(test_calls_poll_and_wait_answer_the_ping)
{
    /* With the root server's bit, the newest ping is answered, and the root server is signalled
       once; without the bit, or after an answer, there is no signal. */
    static enum err (*const take[])(void *, uint32_t) = {calls_poll, calls_wait, calls_wait_text};
    answer.a1 = PROCESS_BIT_ROOT | PROCESS_BIT_USED(0);
    down.ping = 5;
    ck_assert_int_eq(take[_i](&calls, 0), OK);
    ck_assert_uint_eq(up.pong, 5);
    ck_assert_uint_eq(seen.a7, CALL_SIGNAL);
    ck_assert_uint_eq(seen.a0, 15);
    ck_assert_uint_eq(call_count, 2);
    ck_assert_int_eq(take[_i](&calls, 0), OK);
    ck_assert_uint_eq(call_count, 3);
    answer.a1 = PROCESS_BIT_USED(0);
    down.ping = 6;
    ck_assert_int_eq(take[_i](&calls, 0), OK);
    ck_assert_uint_eq(up.pong, 5);
    ck_assert_uint_eq(call_count, 4);
}
END_TEST

START_TEST(test_calls_wait_for_text_tells_the_root_server)
{
    /* In a wait for text, waits_for names the text's connection; in other waits, and after an end
       or an error of the wait, waits_for is 0. */
    ck_assert_int_eq(calls_wait(&calls, 0), OK);
    ck_assert_uint_eq(waits_for_in_call, 0);
    for (uint64_t result = OK; result <= ERR_BUSY; result += ERR_BUSY) {
        answer.a0 = result;
        ck_assert_uint_eq(calls_wait_text(&calls, 0), result);
        ck_assert_uint_eq(seen.a7, CALL_WAIT);
        ck_assert_uint_eq(waits_for_in_call, 1 + 3);
        ck_assert_uint_eq(up.waits_for, 0);
    }
}
END_TEST

START_TEST(test_calls_pace_answers_the_ping_without_taking_bits)
{
    /* A step of long work answers a new ping by one signal; without a new ping there is no call. */
    calls_pace(&calls);
    ck_assert_uint_eq(call_count, 0);
    down.ping = 9;
    calls_pace(&calls);
    calls_pace(&calls);
    ck_assert_uint_eq(up.pong, 9);
    ck_assert_uint_eq(seen.a7, CALL_SIGNAL);
    ck_assert_uint_eq(seen.a0, 15);
    ck_assert_uint_eq(call_count, 1);
}
END_TEST

START_TEST(test_calls_kick_of_another_hart_stops_the_process)
{
    /* An operation on a second hart is a defect of the VMM, and traps. */
    struct vcpu_ops ops = calls_vcpu(&calls);
    ops.kick(ops.opaque, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("vmm-calls");
    TCase *tcase = tcase_create("calls");
    int trap = 4; /* SIGILL, of __builtin_trap() */

    suite_add_tcase(suite, tcase);
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, test_calls_vcpu_methods_go_to_the_vcpu);
    tcase_add_test(tcase, test_calls_errors_come_back);
    tcase_add_loop_test(tcase, test_calls_poll_and_wait_answer_the_ping, 0, 3);
    tcase_add_test(tcase, test_calls_wait_for_text_tells_the_root_server);
    tcase_add_test(tcase, test_calls_pace_answers_the_ping_without_taking_bits);
    tcase_add_test(tcase, test_calls_loop_runs_waits_and_reports);
    tcase_add_test(tcase, test_calls_peer_is_signalled_if_there_is_one);
    tcase_add_test_raise_signal(tcase, test_calls_kick_of_another_hart_stops_the_process, trap);

    return run_suites(srunner_create(suite));
}
