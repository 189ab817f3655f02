/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The process dies between any two stores of a transaction, of a rollback or of a format, with one
 * thread and with two.  Afterwards each thread's transaction has happened as a whole or not at all.
 * This file is compiled as the code under test is, so that its own stores count too (stores.h).
 */
#include <stdlib.h>
#include <string.h>

#include <test/fakes/stores.h>
#include <vmm/state/arena.h>

#include "suites.h"

static const struct arena_want wants[] = {{"first", 1, 100, ARENA_WRITER_VCPU, NULL},
                                          {"second", 3, 64, ARENA_WRITER_VCPU, NULL}};
#define WANTS    2u
#define THREADS  2u
#define CUTS_MAX 400u
static const struct arena_shape shape = {wants, WANTS, THREADS};

struct cut_test {
    struct arena arena;
    struct log log[THREADS];
    uint8_t *memory;
    uint64_t bytes;
    uint8_t *cut; /* a copy of the whole arena before each store to it, and one at the end */
    size_t cuts;
};

/* The test that stores_before() belongs to. */
static struct cut_test *cutting;

static void cut_here(struct cut_test *test)
{
    ck_assert_uint_lt(test->cuts, CUTS_MAX);
    memcpy(test->cut + test->cuts++ * test->bytes, test->memory, test->bytes);
}

static void cut_before(const void *at, size_t bytes)
{
    struct cut_test *test = cutting;
    uintptr_t offset = (uintptr_t)at - (uintptr_t)test->memory;

    (void)bytes;
    if (offset >= test->bytes)
        return;
    stores_before = NULL;
    cut_here(test);
    stores_before = cut_before;
}

static void cut_begin(struct cut_test *test)
{
    cutting = test;
    stores_before = cut_before;
}

static void cut_end(struct cut_test *test)
{
    stores_before = NULL;
    cut_here(test);
}

static struct cut_test *cut_new(void)
{
    struct cut_test *test = calloc(1, sizeof *test);

    test->bytes = arena_size_needed(&shape);
    test->memory = aligned_alloc(ARENA_ALIGN, test->bytes);
    test->cut = malloc(CUTS_MAX * test->bytes);
    ck_assert_int_eq(arena_format(&test->arena, test->memory, test->bytes, &shape), OK);
    for (uint32_t i = 0; i < THREADS; i++)
        arena_log(&test->arena, i, ARENA_WRITER_VCPU, &test->log[i]);
    return test;
}

static void cut_free(struct cut_test *test)
{
    free(test->memory);
    free(test->cut);
    free(test);
}

/* A new process finds the memory as it was at cut `i`. */
static void cut_attach(struct cut_test *test, size_t i, struct arena *after)
{
    *after = (struct arena){0};
    memcpy(test->memory, test->cut + i * test->bytes, test->bytes);
    ck_assert_int_eq(arena_attach(after, test->memory, test->bytes, &shape), OK);
}

/* ---- One thread ------------------------------------------------------------------------- */

/* Volatile: each is a store. */
static void field_write(uint64_t *field, uint64_t value)
{
    *(volatile uint64_t *)field = value;
}

/* Sets two fields that always agree, and the outcome that belongs to them. */
static void transaction(struct cut_test *test, uint64_t value)
{
    uint64_t *first = arena_section(&test->arena, 0), *second = arena_section(&test->arena, 1);
    struct log *log = &test->log[0];
    struct exit_outcome *outcome = log_outcome_draft(log);

    log_begin(log);
    field_write(&outcome->seq, value);
    field_write(&outcome->pc, ~value);
    log_set(log, first, sizeof *first);
    field_write(first, value);
    log_set(log, second, sizeof *second);
    field_write(second, value);
    log_set(log, first, sizeof *first);
    field_write(first, value ^ 0xff);
    field_write(first, value);
    log_commit_draft(log);
}

START_TEST(test_log_rollback_cut_at_every_store_is_all_or_nothing)
{
    /* Wherever the process dies, state and outcome are both of the old exit or both of the new. */
    struct cut_test *test = cut_new();
    size_t old_seen = 0, new_seen = 0;

    transaction(test, 1);
    cut_begin(test);
    transaction(test, 2);
    cut_end(test);
    ck_assert_uint_gt(test->cuts, 15);
    for (size_t i = 0; i < test->cuts; i++) {
        struct arena after;
        struct log log;
        cut_attach(test, i, &after);
        ck_assert_int_eq(arena_rollback(&after), OK);
        arena_log(&after, 0, ARENA_WRITER_VCPU, &log);
        uint64_t first = *(uint64_t *)arena_section(&after, 0);
        uint64_t second = *(uint64_t *)arena_section(&after, 1);
        ck_assert_uint_eq(first, second);
        ck_assert_uint_eq(first, log_outcome(&log)->seq);
        ck_assert_uint_eq(log_outcome(&log)->pc, ~first);
        old_seen += first == 1;
        new_seen += first == 2;
    }
    ck_assert_uint_gt(old_seen, 10);
    ck_assert_uint_eq(new_seen, 1); /* only the last store commits */
    cut_free(test);
}
END_TEST

START_TEST(test_log_rollback_cut_during_rollback_can_be_repeated)
{
    /* A rollback that is cut short, at any store, is finished by the next rollback. */
    struct cut_test *test = cut_new();
    struct log *log = &test->log[0];
    uint64_t *first = arena_section(&test->arena, 0), *second = arena_section(&test->arena, 1);

    log_begin(log);
    log_set(log, first, sizeof *first);
    *first = 7;
    log_set(log, second, sizeof *second);
    *second = 7;
    cut_begin(test);
    ck_assert_int_eq(arena_rollback(&test->arena), OK);
    cut_end(test);
    ck_assert_uint_ge(test->cuts, 4);
    for (size_t i = 0; i < test->cuts; i++) {
        struct arena after;
        cut_attach(test, i, &after);
        ck_assert_int_eq(arena_rollback(&after), OK);
        ck_assert_uint_eq(*(uint64_t *)arena_section(&after, 0), 0);
        ck_assert_uint_eq(*(uint64_t *)arena_section(&after, 1), 0);
    }
    cut_free(test);
}
END_TEST

static size_t stores_seen;

static void format_is_no_arena(const void *at, size_t bytes)
{
    (void)bytes;
    if ((uintptr_t)at - (uintptr_t)cutting->memory >= cutting->bytes)
        return;
    stores_before = NULL;
    struct arena after = {0};
    enum err err = arena_attach(&after, cutting->memory, cutting->bytes, &shape);
    ck_assert_int_eq(err, stores_seen++ == 0 ? OK : ERR_NOT_FOUND);
    stores_before = format_is_no_arena;
}

START_TEST(test_arena_format_cut_at_every_store_is_no_arena_until_the_last)
{
    /* From the first store, which ends an old arena, to the last one there is no arena. */
    struct cut_test *test = cut_new();
    struct arena after = {0};

    cutting = test;
    stores_seen = 0;
    stores_before = format_is_no_arena;
    ck_assert_int_eq(arena_format(&test->arena, test->memory, test->bytes, &shape), OK);
    stores_before = NULL;
    ck_assert_uint_gt(stores_seen, test->bytes / 8);
    ck_assert_int_eq(arena_attach(&after, test->memory, test->bytes, &shape), OK);
    cut_free(test);
}
END_TEST

/* ---- Two threads ------------------------------------------------------------------------ */

#define STEPS 7u /* of a thread's transaction */

/* A thread's two words, one in each section; no other thread writes these words. */
static uint64_t *word_of(const struct arena *arena, uint32_t thread, uint32_t section)
{
    return (uint64_t *)arena_section(arena, section) + thread;
}

static void thread_step(struct cut_test *test, uint32_t thread, uint32_t step)
{
    struct log *log = &test->log[thread];
    uint64_t *first = word_of(&test->arena, thread, 0), *second = word_of(&test->arena, thread, 1);

    switch (step) {
    case 0:
        log_begin(log);
        break;
    case 1:
        field_write(&log_outcome_draft(log)->seq, 2);
        break;
    case 2:
        log_set(log, first, sizeof *first);
        break;
    case 3:
        field_write(first, 2);
        break;
    case 4:
        log_set(log, second, sizeof *second);
        break;
    case 5:
        field_write(second, 2);
        break;
    default:
        log_commit_draft(log);
        break;
    }
}

/* The process of both threads has died, and `memory` is what it left. */
static void dead_check(uint8_t *memory, uint64_t bytes, uint32_t first_log)
{
    struct arena after = {0};

    ck_assert_int_eq(arena_attach(&after, memory, bytes, &shape), OK);
    for (uint32_t i = 0; i < THREADS; i++) {
        struct log log;
        arena_log(&after, i ^ first_log, ARENA_WRITER_VCPU, &log);
        ck_assert_int_eq(log_rollback(&log), OK);
    }
    for (uint32_t thread = 0; thread < THREADS; thread++) {
        struct log log;
        arena_log(&after, thread, ARENA_WRITER_VCPU, &log);
        uint64_t seq = log_outcome(&log)->seq;
        ck_assert(seq == 1 || seq == 2);
        ck_assert_uint_eq(*word_of(&after, thread, 0), seq);
        ck_assert_uint_eq(*word_of(&after, thread, 1), seq);
    }
}

static uint8_t *left; /* a copy of the arena to roll back */

static void die_before(const void *at, size_t bytes)
{
    struct cut_test *test = cutting;

    (void)bytes;
    if ((uintptr_t)at - (uintptr_t)test->memory >= test->bytes)
        return;
    stores_before = NULL;
    for (uint32_t first_log = 0; first_log < THREADS; first_log++) {
        memcpy(left, test->memory, test->bytes);
        dead_check(left, test->bytes, first_log);
    }
    stores_seen++;
    stores_before = die_before;
}

static void both_committed(struct cut_test *test, uint64_t value)
{
    for (uint32_t thread = 0; thread < THREADS; thread++) {
        struct log *log = &test->log[thread];
        log_begin(log);
        log_outcome_draft(log)->seq = value;
        for (uint32_t section = 0; section < WANTS; section++) {
            log_set(log, word_of(&test->arena, thread, section), 8);
            *word_of(&test->arena, thread, section) = value;
        }
        log_commit_draft(log);
    }
}

START_TEST(test_log_two_threads_interleaved_and_cut_are_each_all_or_nothing)
{
    /* In every order of two threads' steps, a death at any store leaves each thread's transaction
     * whole or undone, in whichever order the logs are rolled back. */
    struct cut_test *test = cut_new();
    uint32_t orders = 0;

    left = aligned_alloc(ARENA_ALIGN, test->bytes);
    cutting = test;
    stores_seen = 0;
    for (uint32_t order = 0; order < UINT32_C(1) << (2 * STEPS); order++) {
        uint32_t step[THREADS] = {0, 0};
        if (__builtin_popcount(order) != (int)STEPS)
            continue;
        orders++;
        both_committed(test, 1);
        stores_before = die_before;
        for (uint32_t i = 0; i < 2 * STEPS; i++) {
            uint32_t thread = order >> i & 1;
            thread_step(test, thread, step[thread]++);
        }
        stores_before = NULL;
        memcpy(left, test->memory, test->bytes);
        dead_check(left, test->bytes, 0);
        ck_assert_uint_eq(*word_of(&test->arena, 0, 0), 2);
        ck_assert_uint_eq(*word_of(&test->arena, 1, 1), 2);
    }
    ck_assert_uint_eq(orders, 3432);
    ck_assert_uint_ge(stores_seen, orders * 2 * 10);
    free(left);
    cut_free(test);
}
END_TEST

TCase *log_cuts_tcase(void)
{
    TCase *tcase = tcase_create("log-cuts");

    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, test_log_rollback_cut_at_every_store_is_all_or_nothing);
    tcase_add_test(tcase, test_log_rollback_cut_during_rollback_can_be_repeated);
    tcase_add_test(tcase, test_arena_format_cut_at_every_store_is_no_arena_until_the_last);
    tcase_add_test(tcase, test_log_two_threads_interleaved_and_cut_are_each_all_or_nothing);
    return tcase;
}
