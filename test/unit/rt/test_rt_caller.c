/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls of a service, on a fake kernel and a made-up start record. */
#include <string.h>

#include <proto/process_start.h>
#include <rt/rt_caller.h>
#include <test/unit/run.h>

#define USE      2u
#define ENDPOINT 40u
#define LABEL    9u

static struct control_down down;
static struct control_up up;
static struct {
    struct process_start head;
    struct start_entry entry[3];
} record;
static struct start_table table;
static struct rt_caller caller;
static struct abi_regs answer; /* of the kernel */
static unsigned calls;

void abi_ecall(struct abi_regs *regs)
{
    ck_assert_uint_eq(regs->a7, CALL_CALL);
    ck_assert_uint_eq(regs->a0, ENDPOINT);
    ck_assert_uint_eq(regs->a1, LABEL);
    ck_assert_uint_eq(regs->a2, 1);
    ck_assert_uint_eq(regs->t1, 6);
    ck_assert_uint_eq(up.waits_for, 1 + USE);
    calls++;
    *regs = answer;
}

static void record_make(unsigned entry_count)
{
    static const struct start_entry all[] = {
        {.name = "use.2.endpoint", .kind = START_SLOT, .slot = ENDPOINT},
        {.name = CONTROL_ENTRY_DOWN, .kind = START_MEMORY},
        {.name = CONTROL_ENTRY_UP, .kind = START_MEMORY},
    };

    memcpy(record.entry, all, sizeof all);
    record.entry[1].address = (uintptr_t)&down;
    record.entry[2].address = (uintptr_t)&up;
    record.entry[1].bytes = record.entry[2].bytes = 4096;
    record.head = (struct process_start){.magic = PROCESS_START_MAGIC,
                                         .version = PROCESS_START_VERSION,
                                         .bytes = sizeof record,
                                         .entry_count = entry_count,
                                         .entry_offset = sizeof record.head,
                                         .data_offset = sizeof record};
    ck_assert_int_eq(start_table_open(&record, sizeof record, &table), OK);
}

static void setup(void)
{
    memset(&down, 0, sizeof down);
    memset(&up, 0, sizeof up);
    record_make(3);
    ck_assert_int_eq(rt_caller_open(&table, USE, &caller), OK);
    down.used_state[USE] = CONTROL_USED_UP;
    calls = 0;
}

/* The result of a call, to which the kernel answers `err`, and the service `label`. */
static enum err call(enum err err, uint64_t label, uint64_t word[MESSAGE_WORDS])
{
    for (unsigned i = 0; i < MESSAGE_WORDS; i++)
        word[i] = i + 1;
    answer = (struct abi_regs){.a0 = err, .a1 = label, .a2 = 11, .a6 = 15, .t1 = 16};
    enum err got = rt_caller_call(&caller, LABEL, word);
    ck_assert_uint_eq(up.waits_for, 0);
    if (got != OK)
        ck_assert(word[0] == 1 && word[5] == 6);
    return got;
}

START_TEST(test_caller_call_returns_the_words_of_the_answer)
{
    /* While the call waits, waits_for names the connection; afterwards it names none. */
    uint64_t word[MESSAGE_WORDS];
    ck_assert_int_eq(call(OK, OK, word), OK);
    ck_assert_uint_eq(word[0], 11);
    ck_assert_uint_eq(word[4], 15);
    ck_assert_uint_eq(word[5], 16);
    down.used_state[USE] = CONTROL_USED_AWAY; /* the call waits for the next life */
    ck_assert_int_eq(call(OK, OK, word), OK);
    ck_assert_uint_eq(calls, 2);
}
END_TEST

START_TEST(test_caller_call_returns_the_services_error)
{
    /* The label of the answer is an error number; any other number is no answer of the protocol. */
    uint64_t word[MESSAGE_WORDS];
    ck_assert_int_eq(call(OK, ERR_BAD_CALL, word), ERR_BAD_CALL);
    ck_assert_int_eq(call(OK, ERR_NOT_FOUND, word), ERR_NOT_FOUND);
    ck_assert_int_eq(call(OK, ERR_COUNT, word), ERR_FORMAT);
    ck_assert_int_eq(call(OK, UINT32_MAX, word), ERR_FORMAT);
}
END_TEST

START_TEST(test_caller_call_of_a_service_that_ends_gets_peer_died)
{
    /* The service was suspended or destroyed in the call, or its Endpoint was destroyed. */
    uint64_t word[MESSAGE_WORDS];
    static const enum err kernel[] = {ERR_PEER_DIED, ERR_CANCELLED, ERR_INVALID_CAP};
    for (unsigned i = 0; i < 3; i++)
        ck_assert_int_eq(call(kernel[i], OK, word), ERR_PEER_DIED);
    ck_assert_int_eq(call(ERR_NO_RIGHT, OK, word), ERR_NO_RIGHT);
}
END_TEST

START_TEST(test_caller_call_without_a_service_does_not_wait)
{
    /* A service that refused or does not come back would never answer. */
    uint64_t word[MESSAGE_WORDS];
    static const uint32_t states[] = {CONTROL_USED_NONE, CONTROL_USED_REFUSED,
                                      CONTROL_USED_RETIRED};
    for (unsigned i = 0; i < 3; i++) {
        down.used_state[USE] = states[i];
        ck_assert_int_eq(call(OK, OK, word), ERR_PEER_DIED);
    }
    ck_assert_uint_eq(calls, 0);
}
END_TEST

START_TEST(test_caller_open_without_its_entries_gets_not_found)
{
    /* A service without calls, a process without control region, an impossible connection. */
    for (unsigned count = 0; count < 3; count++) {
        record_make(count);
        ck_assert_int_eq(rt_caller_open(&table, USE, &caller), ERR_NOT_FOUND);
    }
    record_make(3);
    ck_assert_int_eq(rt_caller_open(&table, 1, &caller), ERR_NOT_FOUND);
    ck_assert_int_eq(rt_caller_open(&table, CONTROL_USED_MAX, &caller), ERR_INVALID_ARG);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rt_caller");
    TCase *tc = tcase_create("call");

    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, test_caller_call_returns_the_words_of_the_answer);
    tcase_add_test(tc, test_caller_call_returns_the_services_error);
    tcase_add_test(tc, test_caller_call_of_a_service_that_ends_gets_peer_died);
    tcase_add_test(tc, test_caller_call_without_a_service_does_not_wait);
    tcase_add_test(tc, test_caller_open_without_its_entries_gets_not_found);
    suite_add_tcase(suite, tc);
    return run_suites(srunner_create(suite));
}
