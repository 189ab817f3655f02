/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads of one priority share their time: whatever the others do, a thread that only computes
 * gets 90 % of its part or more, and no ready thread waits for more than a slice of each other.
 *
 * WARREN_SHARE_SEED chooses the random schedules, and WARREN_SHARE_RUNS their number.
 */
#include "share.h"

#include <stdio.h>
#include <stdlib.h>

#include <test/unit/run.h>

#define LEAST_PERCENT 90u
#define RUNS          40u /* random schedules */
#define ROUNDS        UINT64_C(12) /* of one slice of each thread */

/* A thread may exceed its slice by a call that began just before the end. */
#define OVERRUN_TICKS (8 * (SHARE_TRAP_TICKS + SHARE_ENTER_TICKS))

/* How many hundredths of its part the thread got. */
static uint64_t percent_of(const struct share_thread *one, uint64_t ticks)
{
    return one->progress_ticks * share.count * 100 / ticks;
}

static void ck_shares(uint32_t spinners, uint64_t ticks)
{
    uint64_t longest = (share.count - 1) * (SHARE_SLICE_TICKS + OVERRUN_TICKS);

    for (uint32_t i = 0; i < spinners; i++)
        ck_assert_msg(percent_of(&share.thread[i], ticks) >= LEAST_PERCENT,
                      "spinner %u of %u threads got %u %% of its part", i, share.count,
                      (unsigned)percent_of(&share.thread[i], ticks));
    for (uint32_t i = 0; i < share.count; i++)
        ck_assert_msg(share.thread[i].longest_wait <= longest,
                      "thread %u of %u waited for %u ticks", i, share.count,
                      (unsigned)share.thread[i].longest_wait);
}

/* ---- threads that try to get more ---------------------------------------------------------- */

static uint64_t random_state;

static uint64_t random_below(uint64_t end)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % end;
}

/* Sleeps word[0] before the end of its slice, for word[1]. */
static struct share_step edge_step(struct share_thread *self)
{
    uint64_t rest = share_rest();

    return (struct share_step){ .run_ticks = rest > self->word[0] ? rest - self->word[0] : 1,
                                .act = ACT_SLEEP,
                                .ticks = self->word[1] };
}

/* Wakes the next one of its group, word[0] to word[1], and waits to be woken, at most word[3]. */
static struct share_step ring_step(struct share_thread *self)
{
    uint32_t next = self->number == self->word[1] ? (uint32_t)self->word[0] : self->number + 1;
    bool is_signal = (self->word[2] ^= UINT64_C(1) << 63) >> 63 != 0;

    return (struct share_step){ .run_ticks = is_signal ? self->word[2] << 1 >> 1 : 1,
                                .act = is_signal ? ACT_SIGNAL : ACT_WAIT,
                                .whom = next,
                                .ticks = self->word[3] };
}

/* Anything, mostly what keeps a rest of the slice; word[0] and word[1]: the group. */
static struct share_step random_step(struct share_thread *self)
{
    static const uint64_t scales[] = { 2, 20, 200, 2000, 40000 };
    uint64_t scale = scales[random_below(5)], rest = share_rest();
    struct share_step step = {
        .run_ticks = 1 + random_below(scale),
        .act = (enum share_act)random_below(ACT_COUNT),
        .whom = (uint32_t)(self->word[0] + random_below(self->word[1] - self->word[0] + 1)),
        .ticks = 1 + random_below(scales[random_below(4)]),
    };

    if (random_below(3) == 0)
        step.act = ACT_SLEEP;
    if (random_below(3) == 0 && rest > 200)
        step.run_ticks = rest - random_below(200);
    if (step.act == ACT_CALL && (self->number % 2 == 0 || step.whom % 2 != 0))
        step.act = ACT_SLEEP; /* only threads of even numbers serve */
    if (self->thread->caller != NULL && random_below(4) != 0)
        step.act = ACT_REPLY;
    else if (step.act == ACT_REPLY && self->number % 2 != 0)
        step.act = ACT_SIGNAL;
    return step;
}

static const uint32_t spinner_counts[] = { 1, 4 }, sleeper_counts[] = { 1, 2, 8 };

/* `spinners` and `sleepers` for the test's index below 6. */
static uint32_t threads_make(int index, struct share_step (*next)(struct share_thread *self),
                             uint64_t a, uint64_t b)
{
    uint32_t spinners = spinner_counts[index % 2], sleepers = sleeper_counts[index / 2 % 3];

    share_setup();
    for (uint32_t i = 0; i < spinners; i++)
        share_add(share_spin);
    for (uint32_t i = 0; i < sleepers; i++) {
        struct share_thread *one = share_add(next);
        one->word[0] = a;
        one->word[1] = b;
    }
    return spinners;
}

static uint64_t share_measure(void)
{
    uint64_t ticks = ROUNDS * share.count * SHARE_SLICE_TICKS;

    share_run(ticks);
    return ticks;
}

/* ---- the tests ------------------------------------------------------------------------------ */

START_TEST(test_share_sleepers_before_the_end_of_their_slices_take_no_more)
{
    /* Threads that sleep just before their slices end, at any distance and for any time. */
    static const uint64_t before[] = { 1, 3, 50, 99, 100, 101, 150, 1000 };
    static const uint64_t asleep[] = { 1, 30, 500, 21000, 150000 };

    for (uint32_t i = 0; i < 40; i++) {
        uint32_t spinners = threads_make(_i, edge_step, before[i % 8], asleep[i / 8]);
        ck_shares(spinners, share_measure());
    }
}
END_TEST

START_TEST(test_share_sleepers_that_interrupt_often_take_no_more)
{
    /* Threads that run for a moment and sleep for a moment, so that they preempt as often as
     * possible: what the interruptions cost is theirs. */
    for (uint64_t asleep = 1; asleep < 40; asleep += 25) {
        uint32_t spinners = threads_make(_i, edge_step, UINT64_MAX, asleep);
        ck_shares(spinners, share_measure());
    }
}
END_TEST

START_TEST(test_share_threads_that_wake_each_other_take_no_more)
{
    /* Threads in a ring, each of which wakes the next, after a moment or most of a slice. */
    static const uint64_t run[] = { 1, 40, 3000, SHARE_SLICE_TICKS - 110, SHARE_SLICE_TICKS - 90 };

    for (uint32_t i = 0; i < 10; i++) {
        uint32_t spinners = threads_make(_i, ring_step, 0, 0);
        for (uint32_t t = spinners; t < share.count; t++) {
            share.thread[t].word[0] = spinners;
            share.thread[t].word[1] = share.count - 1;
            share.thread[t].word[2] = run[i % 5];
            share.thread[t].word[3] = i < 5 ? 700 : 50000;
        }
        ck_shares(spinners, share_measure());
    }
}
END_TEST

static uint64_t number_of(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text != NULL ? strtoull(text, NULL, 0) : otherwise;
}

START_TEST(test_share_random_schedules_keep_both_bounds)
{
    /* Sleepers, pairs, calls with both paths, yields, threads restarted and configured, at random:
     * no schedule is found in which a bound fails. */
    uint64_t seed = number_of("WARREN_SHARE_SEED", 1), runs = number_of("WARREN_SHARE_RUNS", RUNS);

    for (uint64_t run = 0; run < runs; run++) {
        random_state = (seed + run) * UINT64_C(0x9e3779b97f4a7c15) | 1;
        printf("# share: seed %llu\n", (unsigned long long)(seed + run));
        fflush(stdout);
        uint32_t spinners = threads_make((int)random_below(6), random_step, 0, 0);
        for (uint32_t t = spinners; t < share.count; t++) {
            share.thread[t].word[0] = spinners;
            share.thread[t].word[1] = share.count - 1;
            if (random_below(4) == 0) {
                share.thread[t].next = edge_step;
                share.thread[t].word[0] = random_below(300);
                share.thread[t].word[1] = 1 + random_below(1000);
            }
        }
        ck_shares(spinners, share_measure());
    }
}
END_TEST

static TCase *share_cases(void)
{
    TCase *cases = tcase_create("share");

    tcase_set_timeout(cases, 120);
    tcase_add_loop_test(cases, test_share_sleepers_before_the_end_of_their_slices_take_no_more, 0,
                        6);
    tcase_add_loop_test(cases, test_share_sleepers_that_interrupt_often_take_no_more, 0, 6);
    tcase_add_loop_test(cases, test_share_threads_that_wake_each_other_take_no_more, 0, 6);
    tcase_add_test(cases, test_share_random_schedules_keep_both_bounds);
    return cases;
}

int main(void)
{
    Suite *suite = suite_create("share");

    suite_add_tcase(suite, share_cases());
    return run_suites(srunner_create(suite));
}
