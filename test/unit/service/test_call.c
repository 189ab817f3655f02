/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls: each gets an answer or an error, whoever makes it. */
#include <string.h>

#include <test/unit/service/suites.h>
#include <test/unit/service/world.h>

#define BADGE(i) (50u + (i))

static struct service_connection *caller; /* of the last call that reached the model */
static enum err result;                   /* what the model returns */

static enum err on_call(void *context, struct service_connection *c,
                        const struct service_call *call, uint64_t answer[SERVICE_CALL_WORDS])
{
    (void)context;
    caller = c;
    for (unsigned i = 0; i < SERVICE_CALL_WORDS; i++) {
        ck_assert_uint_eq(answer[i], 0);
        answer[i] = call->word[i] * 2 + call->label;
    }
    return result;
}

static void setup(void)
{
    world_reset();
    for (uint32_t i = 0; i < WORLD_CLIENTS; i++)
        world_entry(i)->badge = BADGE(i);
    world.model.on_call = on_call;
    world_begin();
    caller = NULL;
    result = OK;
}

static struct service_call called(uint64_t badge)
{
    struct service_call call = {.label = 3, .word = {1, 2, 3, 4, 5, UINT64_MAX}};

    service_call(&world.service, badge, &call);
    return call;
}

static void ck_refused(struct service_call call, enum err err)
{
    static const uint64_t none[SERVICE_CALL_WORDS];

    ck_assert_uint_eq(call.label, err);
    ck_assert_mem_eq(call.word, none, sizeof none);
    ck_assert_ptr_null(caller);
}

START_TEST(test_service_call_of_attached_client_gets_its_answer)
{
    /* The badge tells the client, and the words come back as the model wrote them. */
    world_offer(0, 1);
    world_offer(1, 1);
    ck_assert(world_run(SERVICE_BIT_ROOT));
    struct service_call answer = called(BADGE(1));
    ck_assert_ptr_eq(caller, service_connection_at(&world.service, 1));
    ck_assert_uint_eq(answer.label, OK);
    ck_assert_uint_eq(answer.word[1], 7);
    ck_assert_uint_eq(answer.word[5], 1);
}
END_TEST

START_TEST(test_service_call_of_client_that_is_not_attached_gets_not_found)
{
    /* Before the offer, after a refusal, after the end, with another's badge or none. */
    ck_refused(called(BADGE(0)), ERR_NOT_FOUND);
    world.refusal = "no";
    world_offer(0, 1);
    ck_assert(world_run(SERVICE_BIT_ROOT));
    ck_refused(called(BADGE(0)), ERR_NOT_FOUND);
    world.refusal = NULL;
    world_offer(0, 2);
    ck_assert(world_run(SERVICE_BIT_ROOT));
    ck_assert_uint_eq(called(BADGE(0)).label, OK);
    caller = NULL;
    ck_refused(called(BADGE(1)), ERR_NOT_FOUND);
    ck_refused(called(UINT64_MAX), ERR_NOT_FOUND);
    world_state(0, CONTROL_CONNECTION_LEAVING);
    ck_assert(world_run(SERVICE_BIT_ROOT));
    ck_refused(called(BADGE(0)), ERR_NOT_FOUND);
}
END_TEST

START_TEST(test_service_call_without_badge_finds_no_connection)
{
    /* An entry whose protocol has no calls has badge 0, which nobody's call may match. */
    world_entry(0)->badge = 0;
    world_offer(0, 1);
    ck_assert(world_run(SERVICE_BIT_ROOT));
    ck_refused(called(0), ERR_NOT_FOUND);
}
END_TEST

START_TEST(test_service_call_that_the_model_refuses_carries_no_words)
{
    /* The model's error is the label; what it wrote before the error stays here. */
    world_offer(0, 1);
    ck_assert(world_run(SERVICE_BIT_ROOT));
    result = ERR_BAD_CALL;
    struct service_call answer = called(BADGE(0));
    ck_assert_ptr_nonnull(caller);
    caller = NULL;
    ck_refused(answer, ERR_BAD_CALL);
}
END_TEST

START_TEST(test_service_call_without_on_call_gets_not_supported)
{
    /* A model that takes no calls refuses each of them. */
    world.model.on_call = NULL;
    world_offer(0, 1);
    ck_assert(world_run(SERVICE_BIT_ROOT));
    ck_refused(called(BADGE(0)), ERR_NOT_SUPPORTED);
    ck_refused(called(BADGE(1)), ERR_NOT_SUPPORTED);
}
END_TEST

Suite *call_suite(void)
{
    Suite *suite = suite_create("service-call");
    TCase *tc = tcase_create("call");

    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, test_service_call_of_attached_client_gets_its_answer);
    tcase_add_test(tc, test_service_call_of_client_that_is_not_attached_gets_not_found);
    tcase_add_test(tc, test_service_call_without_badge_finds_no_connection);
    tcase_add_test(tc, test_service_call_that_the_model_refuses_carries_no_words);
    tcase_add_test(tc, test_service_call_without_on_call_gets_not_supported);
    suite_add_tcase(suite, tc);
    return suite;
}
