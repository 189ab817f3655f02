/* SPDX-License-Identifier: BSD-2-Clause */
/* The logic of the service echo. */
#include <signal.h>

#include <test/services/echo/echo.h>
#include <test/unit/run.h>

static struct echo_record asked(uint32_t kind)
{
    struct echo_record request = {.number = 7, .kind = kind, .word = {1, 2, 3, 4, 5}};

    request.sum = echo_sum(&request);
    return request;
}

START_TEST(test_echo_turns_the_words)
{
    /* The reply has the number, the words in reverse, and a sum of its own. */
    struct echo_record request = asked(ECHO_TURN), reply;
    echo_answer(&request, &reply);
    ck_assert_uint_eq(reply.number, 7);
    ck_assert_uint_eq(reply.status, ECHO_OK);
    for (unsigned i = 0; i < ECHO_WORDS; i++)
        ck_assert_uint_eq(reply.word[i], 5 - i);
    ck_assert_uint_eq(reply.sum, echo_sum(&reply));
}
END_TEST

START_TEST(test_echo_refuses_what_is_garbled)
{
    /* One changed bit anywhere is noticed, and nothing else of the request is believed. */
    for (unsigned bit = 0; bit < 8 * sizeof(struct echo_record); bit++) {
        struct echo_record request = asked(ECHO_TURN), reply;
        ((uint8_t *)&request)[bit / 8] ^= (uint8_t)(1u << bit % 8);
        echo_answer(&request, &reply);
        ck_assert_uint_eq(reply.status, ECHO_GARBLED);
    }
}
END_TEST

START_TEST(test_echo_refuses_an_unknown_kind)
{
    /* A request of a later version gets an answer that says so. */
    struct echo_record request = asked(99), reply;
    echo_answer(&request, &reply);
    ck_assert_uint_eq(reply.status, ECHO_UNKNOWN);
    ck_assert_uint_eq(reply.sum, echo_sum(&reply));
}
END_TEST

START_TEST(test_echo_dies_when_told)
{
    /* ECHO_DIE is a fault, as a defect of a service would be. */
    struct echo_record request = asked(ECHO_DIE), reply;
    echo_answer(&request, &reply);
}
END_TEST

START_TEST(test_echo_call_turns_the_words_or_is_refused)
{
    /* A label that echo does not know is refused, and no word is written. */
    const uint64_t word[ECHO_CALL_WORDS] = {1, 2, 3, 4, 5, 6};
    uint64_t answer[ECHO_CALL_WORDS] = {0};
    ck_assert_int_eq(echo_call(ECHO_CALL_COUNT, word, answer), ERR_BAD_CALL);
    ck_assert_uint_eq(answer[0], 0);
    ck_assert_int_eq(echo_call(ECHO_CALL_TURN, word, answer), OK);
    for (unsigned i = 0; i < ECHO_CALL_WORDS; i++)
        ck_assert_uint_eq(answer[i], 6 - i);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("echo");
    TCase *tc = tcase_create("echo");

    tcase_add_test(tc, test_echo_turns_the_words);
    tcase_add_test(tc, test_echo_refuses_what_is_garbled);
    tcase_add_test(tc, test_echo_refuses_an_unknown_kind);
    tcase_add_test(tc, test_echo_call_turns_the_words_or_is_refused);
    tcase_add_test_raise_signal(tc, test_echo_dies_when_told, SIGILL);
    suite_add_tcase(suite, tc);
    return run_suites(srunner_create(suite));
}
