/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Preemption at every possible step.  A call is made once without preemption, and its checks for a
 * pending interrupt are counted.  Then it is made again from the same state for each such check,
 * preempted there; other threads make calls before it goes on.
 */
#include "gen.h"
#include "snapshot.h"
#include "suites.h"

#include <fakes/hal.h>
#include <kernel/core/sched.h>
#include <stdio.h>
#include <stdlib.h>

#define QUESTIONS_MAX 400u /* of one call: only the first ones are tried */

static struct world world;
static struct model whole; /* after the undisturbed call */

static bool is_same_index(const struct model_cap *x, const struct model_cap *y)
{
    return x->index == y->index || (model_is_grave(x) && model_is_grave(y));
}

static uint64_t named_address(const struct model *model, const struct model_cap *cap)
{
    return model->object[model_is_grave(cap) ? cap->index - MODEL_GRAVES : cap->object].address;
}

/* The same capabilities in the same places, by address: object numbers may differ. */
static bool is_same(const struct model *a, const struct model *b)
{
    if (a->cap_count != b->cap_count)
        return false;
    for (uint32_t i = 0; i < a->cap_count; i++) {
        const struct model_cap *x = &a->cap[i], *y = &b->cap[i];
        if (x->group != y->group || x->depth != y->depth || !is_same_index(x, y) ||
            x->type != y->type || x->rights != y->rights || x->badge != y->badge ||
            x->address != y->address || x->mapped_at != y->mapped_at ||
            a->object[x->holder].address != b->object[y->holder].address ||
            named_address(a, x) != named_address(b, y))
            return false;
    }
    return true;
}

/* A call that can be preempted, mostly on a capability with children. */
static struct world_call gen_long_call(struct gen *gen)
{
    for (uint32_t tries = 0; tries < 200; tries++) {
        struct world_call call = gen_call(&world, gen);
        uint32_t cap[7], thread = world_number(&world, world.hart.current);
        if (call.call.number != CALL_INVOKE ||
            model_decode(&world.model, thread, &call.call, cap) != OK)
            continue;
        uint8_t type = world.model.cap[cap[0]].type;
        if ((type == OBJ_CNODE && call.call.method >= METHOD_CNODE_DELETE) ||
            (type == OBJ_THREAD && call.call.method == METHOD_THREAD_CONFIGURE) ||
            (type == OBJ_VCPU && call.call.method == METHOD_VCPU_BIND) ||
            (type == OBJ_UNTYPED && call.call.method == METHOD_UNTYPED_RETYPE))
            return call;
    }
    return gen_call(&world, gen);
}

/* The caller goes on: it makes the call again, or takes more dead objects apart. */
static enum world_end go_on(const struct world_call *call, enum world_end end)
{
    return end == END_OWING ? world_pay(&world) : world_step(&world, call);
}

static bool is_half_done(enum world_end end)
{
    return end == END_PREEMPTED || end == END_OWING;
}

/* Preempts the call at check `k`, then makes it again until it is done. */
static void run_alone(const struct world_call *call, uint32_t k, enum world_end undisturbed)
{
    struct thread *caller = world.hart.current;

    fake.preempt_in = k;
    enum world_end end = world_step(&world, call);
    fake.preempt_in = 0;
    for (uint32_t i = 0; is_half_done(end) && i < QUESTIONS_MAX; i++)
        end = go_on(call, end); /* more than once if a device interrupts, too */
    if (end == END_GONE) {
        check_world(&world);
        return;
    }
    ck_assert_int_eq(end, END_DONE);
    /* The outcome is that of the call without preemption, unless the call's first part deleted
     * the invoked capability, so that the second attempt is refused. */
    bool is_refused = caller->context.x[REG_A0] == ERR_INVALID_CAP;
    if (undisturbed == END_DONE && world.hart.current == caller && !is_refused)
        HOLDS(&world, is_same(&world.model, &whole), "preempted at %u", k);
}

/* Preempts the call at check `k`; other threads make calls before and while it goes on. */
static void run_among_others(const struct world_call *call, uint32_t k, struct gen *gen)
{
    struct thread *caller = world.hart.current;

    fake.preempt_in = k;
    enum world_end end = world_step(&world, call);
    fake.preempt_in = 0;
    if (is_half_done(end))
        sched_pass_turn(&world.hart);
    for (uint32_t i = 0; i < 6 && gen_run(&world, gen); i++) {
        bool is_again = end == END_PREEMPTED && world.hart.current == caller;
        struct world_call other = is_again ? *call : gen_call(&world, gen);
        fake.preempt_in = gen_below(gen, 3);
        end = world_step(&world, &other) == END_PREEMPTED && is_again ? END_PREEMPTED : END_DONE;
        fake.preempt_in = 0;
    }
}

/* Preempts the call at every check: it still ends, with at least one step each time.  If the
 * undisturbed call ended its own caller, that caller had not taken the dead apart, which the
 * preempted one may have to do. */
static void run_hindered(const struct world_call *call, uint64_t questions,
                         enum world_end undisturbed)
{
    enum world_end end = END_PREEMPTED;

    if (undisturbed == END_GONE)
        questions += QUESTIONS_MAX;

    fake.is_preempting = true;
    for (uint64_t i = 0; i <= questions + 1 && is_half_done(end); i++)
        end = go_on(call, end);
    fake.is_preempting = false;
    HOLDS(&world, !is_half_done(end), "no progress in %llu steps", (unsigned long long)questions);
}

static uint64_t preempt_everywhere(struct gen *gen)
{
    struct world_call call = gen_long_call(gen);
    struct snapshot *snapshot = snapshot_take(&world);
    uint64_t before = fake.question_count;

    fake.preempt_in = 0;
    enum world_end undisturbed = world_step(&world, &call);
    uint64_t questions = fake.question_count - before;
    whole = world.model;
    if (is_half_done(undisturbed)) {
        snapshot_free(snapshot); /* by a device: tried again later */
        return 0;
    }
    for (uint32_t k = 1; k <= questions && k <= QUESTIONS_MAX; k++) {
        snapshot_restore(snapshot, &world);
        run_alone(&call, k, undisturbed);
        snapshot_restore(snapshot, &world);
        run_among_others(&call, k, gen);
    }
    if (questions != 0) {
        snapshot_restore(snapshot, &world);
        run_hindered(&call, questions, undisturbed);
    }
    snapshot_restore(snapshot, &world);
    (void)world_step(&world, &call);
    snapshot_free(snapshot);
    return questions;
}

START_TEST(test_kernel_preempted_at_each_step_agrees_with_model)
{
    const char *text = getenv("MODEL_PREEMPTIONS");
    uint64_t wanted = text != NULL ? strtoull(text, NULL, 0) : 3000, done = 0, longest = 0;
    struct gen gen = { .state = 0x123456789 };

    text = getenv("MODEL_SEED");
    if (text != NULL)
        gen.state += strtoull(text, NULL, 0);
    while (done < wanted) {
        world_init(&world, 1 + gen_below(&gen, 3), gen_below(&gen, 2));
        for (uint32_t i = 0; i < 150 && gen_run(&world, &gen); i++) {
            if (gen_below(&gen, 3) == 0) {
                uint64_t questions = preempt_everywhere(&gen);
                longest = questions > longest ? questions : longest;
                done += questions;
                continue;
            }
            struct world_call call = gen_call(&world, &gen);
            (void)world_step(&world, &call);
        }
        world_end(&world);
    }
    fprintf(stderr, "# %llu preemptions, at most %llu in one call\n", (unsigned long long)done,
            (unsigned long long)longest);
}
END_TEST

Suite *suite_preempt(void)
{
    Suite *suite = suite_create("model-preempt");
    TCase *tcase = tcase_create("preempt");

    tcase_set_timeout(tcase, 0);
    tcase_add_test(tcase, test_kernel_preempted_at_each_step_agrees_with_model);
    suite_add_tcase(suite, tcase);
    return suite;
}
