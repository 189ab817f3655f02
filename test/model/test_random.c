/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Long random sequences of all operations.  MODEL_SEED chooses the sequence, MODEL_STEPS its
 * length in calls.
 */
#include "gen.h"
#include "suites.h"

#include <fakes/hal.h>
#include <stdio.h>
#include <stdlib.h>

#define EPISODE_STEPS 1500u
#define GUEST_STEPS   400u /* at most this many steps for each exit of a guest, on average */

static uint64_t setting(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text != NULL ? strtoull(text, NULL, 0) : otherwise;
}

static struct world world;

/* Makes calls until no thread can run, or `steps` calls were made. */
static uint64_t episode(struct gen *gen, uint64_t steps)
{
    uint64_t done = 0;

    /* Sometimes a hart with few identifiers, or with one. */
    world_init(&world, 1 + gen_below(gen, 3), gen_below(gen, 2) != 0 ? 0 : 1 + gen_below(gen, 3));
    while (done < steps && gen_run(&world, gen)) {
        struct world_call call = gen_call(&world, gen);
        fake.preempt_in = gen_below(gen, 2) == 0 ? 1 + gen_below(gen, 4) : 0;
        (void)world_step(&world, &call);
        done++;
    }
    world_end(&world);
    return done;
}

static void print_tally(void)
{
    for (uint32_t type = 1; type < OBJ_COUNT; type++) {
        for (uint32_t method = 0; method < 8; method++) {
            bool has_any = false;
            for (uint32_t err = 0; err < ERR_COUNT; err++) {
                uint64_t count = world_tally.invoked[type][method][err];
                if (count != 0 && !has_any)
                    fprintf(stderr, "# type %u method %u:", type, method);
                if (count != 0)
                    fprintf(stderr, " err%u=%llu", err, (unsigned long long)count);
                has_any |= count != 0;
            }
            if (has_any)
                fprintf(stderr, "\n");
        }
    }
    fprintf(stderr, "# faults that recovered %llu\n", (unsigned long long)world_tally.recovered);
    fprintf(stderr, "# preempted %llu, owing %llu, gone %llu\n",
            (unsigned long long)world_tally.preempted, (unsigned long long)world_tally.owing,
            (unsigned long long)world_tally.gone);
    fprintf(stderr, "# capabilities in messages %llu, fast paths %llu\n",
            (unsigned long long)world_tally.travelled, (unsigned long long)world_tally.passed);
    fprintf(stderr, "# exits of guests %llu, by the fast path and back %llu\n",
            (unsigned long long)world_tally.guest_exits,
            (unsigned long long)world_tally.guest_passed);
}

START_TEST(test_kernel_random_calls_agree_with_model)
{
    uint64_t seed = setting("MODEL_SEED", 1), steps = setting("MODEL_STEPS", 20000), done = 0;
    struct gen gen = { .state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1 };

    fprintf(stderr, "# MODEL_SEED=%llu MODEL_STEPS=%llu\n", (unsigned long long)seed,
            (unsigned long long)steps);
    while (done < steps) {
        uint64_t left = steps - done;
        done += 1 + episode(&gen, left < EPISODE_STEPS ? left : EPISODE_STEPS);
    }
    if (getenv("MODEL_TALLY") != NULL)
        print_tally();
    /* A sequence without exits of guests would test too little. */
    ck_assert_uint_ge(world_tally.guest_exits, done / GUEST_STEPS);
    ck_assert(done < EPISODE_STEPS || world_tally.guest_passed != 0);
}
END_TEST

Suite *suite_random(void)
{
    Suite *suite = suite_create("model-random");
    TCase *tcase = tcase_create("random");

    tcase_set_timeout(tcase, 0);
    tcase_add_test(tcase, test_kernel_random_calls_agree_with_model);
    suite_add_tcase(suite, tcase);
    return suite;
}
