/* SPDX-License-Identifier: BSD-2-Clause */
/* probe and echo's logic over real rings; the probe's lives end between any two steps. */
#include <string.h>

#include <test/services/probe/calls.h>
#include <test/services/probe/probe.h>
#include <test/unit/run.h>

#define RECORDS 16u

static struct ring_shared shared[2];
static struct echo_record data[2][RECORDS];
static struct ring_consumer requests;
static struct ring_producer replies;
static struct probe probe;

static void probe_begin(void)
{
    memset(&probe, 0, sizeof probe);
    ck_assert_int_eq(
        ring_producer_attach(&probe.requests, &shared[0], data[0], RECORDS, sizeof data[0][0]), OK);
    ck_assert_int_eq(
        ring_consumer_attach(&probe.replies, &shared[1], data[1], RECORDS, sizeof data[0][0]), OK);
}

static void setup(void)
{
    memset(shared, 0, sizeof shared);
    probe_begin();
    ck_assert_int_eq(
        ring_consumer_attach(&requests, &shared[0], data[0], RECORDS, sizeof data[0][0]), OK);
    ck_assert_int_eq(
        ring_producer_attach(&replies, &shared[1], data[1], RECORDS, sizeof data[0][0]), OK);
}

/* As the service does. */
static struct echo_record echo_reply(const struct echo_record *request, uint32_t status)
{
    struct echo_record reply = {.number = request->number, .kind = request->kind, .status = status};

    for (unsigned i = 0; i < ECHO_WORDS; i++)
        reply.word[i] = request->word[ECHO_WORDS - 1 - i];
    reply.sum = echo_sum(&reply);
    return reply;
}

/* Answers one request; `twice`: and doubles the reply; `lost`: and drops it. */
static void echo_step(bool twice, bool lost)
{
    struct echo_record request, reply;
    uint32_t got = 0, written = 0;

    ck_assert_int_eq(ring_read(&requests, &request, 1, &got), OK);
    if (got == 0)
        return;
    reply = echo_reply(&request, ECHO_OK);
    for (int i = lost; i < 1 + twice; i++)
        ck_assert_int_eq(ring_write(&replies, &reply, 1, &written), OK);
}

START_TEST(test_probe_all_answers_are_right)
{
    /* An honest service, and a probe that starts again now and then. */
    uint32_t answers = 0;
    for (unsigned i = 0; i < 1000; i++) {
        (void)probe_move(&probe);
        for (unsigned k = 0; k < i % 7; k++)
            echo_step(false, false);
        ck_assert_uint_eq(probe.wrong, 0);
        if (i % 11 == 0) {
            answers += probe.answers;
            probe_begin();
        }
    }
    ck_assert_uint_gt(answers + probe.answers, 2000);
}
END_TEST

START_TEST(test_probe_sees_a_doubled_and_a_lost_answer)
{
    /* Either makes an answer come in the place of another. */
    for (unsigned i = 0; i < 2; i++) {
        setup();
        (void)probe_move(&probe);
        echo_step(i == 0, i == 1);
        echo_step(false, false);
        (void)probe_move(&probe);
        ck_assert_uint_gt(probe.wrong, 0);
    }
}
END_TEST

START_TEST(test_probe_wants_an_error_for_poison)
{
    /* A poisonous request has one right answer, and it is an error. */
    struct echo_record request, reply;
    probe.poison = 10;
    request = probe_request(&probe, 19);
    ck_assert_uint_eq(request.kind, ECHO_DIE);
    reply = echo_reply(&request, ECHO_POISON);
    ck_assert(probe_is_right(&probe, 19, &reply));
    reply = echo_reply(&request, ECHO_OK);
    ck_assert(!probe_is_right(&probe, 19, &reply));
    request = probe_request(&probe, 18);
    reply = echo_reply(&request, ECHO_POISON);
    ck_assert(!probe_is_right(&probe, 18, &reply));
}
END_TEST

/* The result of the next call from an echo that runs, changed by `bit` of a word or by nothing. */
static void call_once(struct calls *calls, uint64_t bit)
{
    uint64_t word[ECHO_CALL_WORDS], answer[ECHO_CALL_WORDS] = {0};
    uint32_t label = calls_next(calls, word);
    enum err err = label == ECHO_CALL_DIE    ? ERR_PEER_DIED
                   : label == ECHO_CALL_TURN ? OK
                                             : ERR_BAD_CALL;

    for (unsigned i = 0; i < ECHO_CALL_WORDS; i++)
        answer[i] = word[ECHO_CALL_WORDS - 1 - i];
    answer[2] ^= bit;
    calls_result(calls, err, answer);
}

START_TEST(test_probe_calls_know_their_right_answers)
{
    /* An honest service is right, its end is no mistake, and a changed word or another error is. */
    struct calls calls = {.deadly = 50};
    for (unsigned i = 0; i < 100; i++)
        call_once(&calls, 0);
    ck_assert_uint_eq(calls.wrong, 0);
    ck_assert_uint_eq(calls.ended, 2);
    calls_result(&calls, ERR_PEER_DIED, NULL);
    ck_assert_uint_eq(calls.wrong, 0);
    call_once(&calls, 1);
    ck_assert_uint_eq(calls.wrong, 1);
    calls_result(&calls, ERR_NOT_FOUND, NULL);
    ck_assert_uint_eq(calls.wrong, 2);
    ck_assert_int_eq(calls.last_wrong, ERR_NOT_FOUND);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("probe");
    TCase *tc = tcase_create("probe");

    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, test_probe_all_answers_are_right);
    tcase_add_test(tc, test_probe_sees_a_doubled_and_a_lost_answer);
    tcase_add_test(tc, test_probe_wants_an_error_for_poison);
    tcase_add_test(tc, test_probe_calls_know_their_right_answers);
    suite_add_tcase(suite, tc);
    return run_suites(srunner_create(suite));
}
