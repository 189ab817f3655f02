/* SPDX-License-Identifier: BSD-2-Clause */
/* The generated stubs put each argument into the register the kernel reads. */
#include <string.h>

#include <abi/stubs.h>
#include <test/unit/run.h>

static struct abi_regs seen;   /* the registers at the fake kernel's entry */
static struct abi_regs answer; /* the registers that the fake kernel returns */
static unsigned call_count;

void abi_ecall(struct abi_regs *regs)
{
    seen = *regs;
    *regs = answer;
    call_count++;
}

static void setup(void)
{
    memset(&seen, 0, sizeof(seen));
    memset(&answer, 0, sizeof(answer));
    call_count = 0;
}

/* A method's arguments follow its number, in order, from a2 on. */
START_TEST(test_cnode_mint_five_arguments_in_order)
{
    ck_assert_int_eq(cnode_mint(cap_at(2), 3, cap_at(4), 5, RIGHT_READ, 7), OK);
    ck_assert_uint_eq(seen.a7, CALL_INVOKE);
    ck_assert_uint_eq(seen.a0, 2);
    ck_assert_uint_eq(seen.a1, METHOD_CNODE_MINT);
    ck_assert_uint_eq(seen.a2, 3);
    ck_assert_uint_eq(seen.a3, 4);
    ck_assert_uint_eq(seen.a4, 5);
    ck_assert_uint_eq(seen.a5, RIGHT_READ);
    ck_assert_uint_eq(seen.a6, 7);
}
END_TEST

/* The sixth argument travels in t1. */
START_TEST(test_klog_write_sixth_argument_in_t1)
{
    ck_assert_int_eq(klog_write(cap_at(5), 40, 10, 11, 12, 13, 14), OK);
    ck_assert_uint_eq(seen.a2, 40);
    ck_assert_uint_eq(seen.a6, 13);
    ck_assert_uint_eq(seen.t1, 14);
}
END_TEST

/* A call other than an invoke has its arguments from a1 on. */
START_TEST(test_vcpu_run_success_gives_both_results)
{
    uint64_t reason = 0;
    uint64_t seq = 0;

    answer.a1 = 2;
    answer.a2 = 9;
    ck_assert_int_eq(vcpu_run(cap_at(8), 77, 88, &reason, &seq), OK);
    ck_assert_uint_eq(seen.a7, CALL_VCPU_RUN);
    ck_assert_uint_eq(seen.a0, 8);
    ck_assert_uint_eq(seen.a1, 77);
    ck_assert_uint_eq(seen.a2, 88);
    ck_assert_uint_eq(reason, 2);
    ck_assert_uint_eq(seq, 9);
}
END_TEST

/* A failed call leaves its caller's result variables unchanged. */
START_TEST(test_vcpu_run_failure_leaves_results)
{
    uint64_t reason = 100;
    uint64_t seq = 200;

    answer.a0 = ERR_BUSY;
    answer.a1 = 1;
    answer.a2 = 2;
    ck_assert_int_eq(vcpu_run(cap_at(8), 0, 0, &reason, &seq), ERR_BUSY);
    ck_assert_uint_eq(reason, 100);
    ck_assert_uint_eq(seq, 200);
}
END_TEST

static struct message message_numbered(void)
{
    return (struct message){
        .tag = TAG_CAP | 1,
        .word = { 10, 11, 12, 13, 14, 15 },
        .badge = 99,
        .send_slot = 20,
        .recv_slot = 21,
    };
}

/* A message's words, tag and slots have their registers; a reply comes back in the same. */
START_TEST(test_ipc_call_success_message_both_ways)
{
    struct message m = message_numbered();

    answer = (struct abi_regs){ .a1 = 5, .a2 = 30, .a3 = 31, .a4 = 32, .a5 = 33, .a6 = 34,
                                .t1 = 35, .t2 = 6 };
    ck_assert_int_eq(ipc_call(cap_at(3), &m), OK);
    ck_assert_uint_eq(seen.a7, CALL_CALL);
    ck_assert_uint_eq(seen.a0, 3);
    ck_assert_uint_eq(seen.a1, TAG_CAP | 1);
    ck_assert_uint_eq(seen.a2, 10);
    ck_assert_uint_eq(seen.a6, 14);
    ck_assert_uint_eq(seen.t1, 15);
    ck_assert_uint_eq(seen.t0, UINT64_C(21) << 32 | 20);
    ck_assert_uint_eq(m.tag, 5);
    for (unsigned i = 0; i < MESSAGE_WORDS; i++) {
        ck_assert_uint_eq(m.word[i], 30 + i);
    }
    ck_assert_uint_eq(m.badge, 6);
}
END_TEST

/* A failed call leaves the message unchanged, so that it can be sent again. */
START_TEST(test_ipc_call_failure_leaves_message)
{
    struct message m = message_numbered();
    struct message before = m;

    answer = (struct abi_regs){ .a0 = ERR_PEER_DIED, .a1 = 1, .a2 = 2, .t2 = 3 };
    ck_assert_int_eq(ipc_call(cap_at(3), &m), ERR_PEER_DIED);
    ck_assert_int_eq(memcmp(&m, &before, sizeof(m)), 0);
}
END_TEST

/* A send has no answer, and leaves the sender's message unchanged. */
START_TEST(test_ipc_send_success_leaves_message)
{
    struct message m = message_numbered();
    struct message before = m;

    answer = (struct abi_regs){ .a1 = 1, .a2 = 2, .t2 = 3 };
    ck_assert_int_eq(ipc_send(cap_at(3), &m), OK);
    ck_assert_int_eq(memcmp(&m, &before, sizeof(m)), 0);
}
END_TEST

/* Yield takes nothing and cannot fail. */
START_TEST(test_thread_yield_always_calls_once)
{
    thread_yield();
    ck_assert_uint_eq(call_count, 1);
    ck_assert_uint_eq(seen.a7, CALL_YIELD);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("abi-stubs");
    TCase *tcase = tcase_create("stubs");

    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, test_cnode_mint_five_arguments_in_order);
    tcase_add_test(tcase, test_klog_write_sixth_argument_in_t1);
    tcase_add_test(tcase, test_vcpu_run_success_gives_both_results);
    tcase_add_test(tcase, test_vcpu_run_failure_leaves_results);
    tcase_add_test(tcase, test_ipc_call_success_message_both_ways);
    tcase_add_test(tcase, test_ipc_call_failure_leaves_message);
    tcase_add_test(tcase, test_ipc_send_success_leaves_message);
    tcase_add_test(tcase, test_thread_yield_always_calls_once);
    suite_add_tcase(suite, tcase);

    return run_suites(srunner_create(suite));
}
