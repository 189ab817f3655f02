/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include <rootserver/plan/layout.h>
#include <vmm/board/machine.h>
#include <vmm/state/arena.h>

#include "suites.h"

static const struct arena_want wants[] = {{"first", 1, 100}, {"second", 3, 64}};
#define WANTS 2u

struct cut_test {
    struct arena arena;
    uint8_t *memory;
    uint64_t bytes;
    uint8_t *cut; /* a copy of the whole arena after each write */
    size_t cuts;
};

#define CUTS_MAX 64u

static void cut_here(void *opaque)
{
    struct cut_test *test = opaque;
    ck_assert_uint_lt(test->cuts, CUTS_MAX);
    memcpy(test->cut + test->cuts++ * test->bytes, test->memory, test->bytes);
}

static struct cut_test *cut_new(void)
{
    struct cut_test *test = calloc(1, sizeof *test);
    test->bytes = arena_size_needed(wants, WANTS);
    test->memory = aligned_alloc(ARENA_ALIGN, test->bytes);
    memset(test->memory, 0xff, test->bytes);
    test->cut = malloc(CUTS_MAX * test->bytes);
    ck_assert_int_eq(arena_format(&test->arena, test->memory, test->bytes, wants, WANTS), OK);
    return test;
}

static void cut_free(struct cut_test *test)
{
    free(test->memory);
    free(test->cut);
    free(test);
}

START_TEST(test_arena_format_fresh_is_attachable_and_zero)
{
    /* A fresh arena has every section, aligned and zeroed, and no outcome. */
    struct cut_test *test = cut_new();
    struct arena again = {0};

    ck_assert_int_eq(arena_attach(&again, test->memory, test->bytes, wants, WANTS), OK);
    for (uint32_t i = 0; i < WANTS; i++) {
        const uint8_t *section = arena_section(&again, i);
        ck_assert_uint_eq((uintptr_t)section % ARENA_ALIGN, 0);
        for (uint32_t at = 0; at < wants[i].bytes; at++)
            ck_assert_uint_eq(section[at], 0);
    }
    ck_assert_uint_eq(arena_outcome(&again, 0)->seq, 0);
    ck_assert(!arena_is_open(&again));
    cut_free(test);
}
END_TEST

START_TEST(test_arena_format_bad_arguments_are_refused)
{
    /* Each error of arena_format() has its cause. */
    struct arena_want many[ARENA_SECTIONS_MAX + 1] = {{"x", 1, 1}};
    const struct arena_want long_name[] = {{"a name of exactly 24 chars", 1, 8}};
    struct cut_test *test = cut_new();
    struct arena arena = {0};

    for (uint32_t i = 0; i < ARENA_SECTIONS_MAX + 1; i++)
        many[i] = (struct arena_want){"x", 1, 1};
    ck_assert_int_eq(arena_format(&arena, test->memory + 8, test->bytes - 8, wants, WANTS),
                     ERR_ALIGN);
    ck_assert_int_eq(arena_format(&arena, test->memory, test->bytes - 1, wants, WANTS),
                     ERR_NO_MEMORY);
    ck_assert_int_eq(arena_format(&arena, test->memory, test->bytes, many, ARENA_SECTIONS_MAX + 1),
                     ERR_INVALID_ARG);
    ck_assert_int_eq(arena_format(&arena, test->memory, test->bytes, long_name, 1),
                     ERR_INVALID_ARG);
    cut_free(test);
}
END_TEST

/* One of these sections alone exceeded a whole log of the earlier size. */
static const struct arena_want large[] = {{"words", 1, 1000}, {"large", 1, 20000}};

static uint8_t *large_format(struct arena *arena)
{
    uint64_t bytes = arena_size_needed(large, WANTS);
    uint8_t *memory = aligned_alloc(ARENA_ALIGN, bytes);

    *arena = (struct arena){0};
    ck_assert_int_eq(arena_format(arena, memory, bytes, large, WANTS), OK);
    return memory;
}

START_TEST(test_arena_set_whole_of_a_large_section_is_rolled_back)
{
    /* A transaction can keep a whole section of any size: the log's size follows the sections. */
    struct arena arena;
    uint8_t *memory = large_format(&arena), *state = arena_section(&arena, 1);

    memset(state, 0x11, 20000);
    arena_begin(&arena);
    arena_set(&arena, state, 20000);
    memset(state, 0x22, 20000);
    ck_assert_int_eq(arena_rollback(&arena), OK);
    for (uint32_t i = 0; i < 20000; i++)
        ck_assert_uint_eq(state[i], 0x11);
    free(memory);
}
END_TEST

START_TEST(test_arena_set_every_word_and_as_many_again_as_promised_fits)
{
    /* One transaction can keep each 32-bit word of each section, and the promised small fields. */
    struct arena arena;
    uint8_t *memory = large_format(&arena);

    arena_begin(&arena);
    for (uint32_t section = 0; section < WANTS; section++)
        for (uint32_t at = 0; at < large[section].bytes; at += 4) {
            uint8_t *word = (uint8_t *)arena_section(&arena, section) + at;
            arena_set(&arena, word, 4);
            memset(word, 0x33, 4);
        }
    for (uint32_t i = 0; i < ARENA_SMALL_SETS_MAX; i++)
        arena_set(&arena, (uint8_t *)arena_section(&arena, 0) + 8 * (i % 8), 8);
    ck_assert_int_eq(arena_rollback(&arena), OK);
    for (uint32_t at = 0; at < 20000; at++)
        ck_assert_uint_eq(((uint8_t *)arena_section(&arena, 1))[at], 0);
    free(memory);
}
END_TEST

START_TEST(test_machine_arena_bytes_is_within_what_the_root_server_gives)
{
    /* The sections of all devices fit in a guest's arena. */
    ck_assert_uint_le(machine_arena_bytes(), LAYOUT_ARENA_PAGES * UINT64_C(4096));
}
END_TEST

START_TEST(test_arena_attach_other_layout_is_refused)
{
    /* State of another layout is refused. */
    const struct arena_want other_version[] = {{"first", 2, 100}, {"second", 3, 64}};
    const struct arena_want other_name[] = {{"first", 1, 100}, {"third", 3, 64}};
    const struct arena_want other_size[] = {{"first", 1, 96}, {"second", 3, 64}};
    struct cut_test *test = cut_new();
    struct arena arena = {0};

    ck_assert_int_eq(arena_attach(&arena, test->memory, test->bytes, other_version, 2), ERR_FORMAT);
    ck_assert_int_eq(arena_attach(&arena, test->memory, test->bytes, other_name, 2), ERR_FORMAT);
    ck_assert_int_eq(arena_attach(&arena, test->memory, test->bytes, other_size, 2), ERR_FORMAT);
    ck_assert_int_eq(arena_attach(&arena, test->memory, test->bytes, wants, 1), ERR_FORMAT);
    ck_assert_int_eq(arena_attach(&arena, test->memory, test->bytes - 64, wants, 2), ERR_FORMAT);
    ck_assert_int_eq(arena_attach(&arena, test->memory, 16, wants, 2), ERR_NOT_FOUND);
    ck_assert_int_eq(arena_attach(&arena, test->memory + 8, test->bytes - 8, wants, 2), ERR_ALIGN);
    test->arena.header->log_bytes += 64;
    ck_assert_int_eq(arena_attach(&arena, test->memory, test->bytes, wants, 2), ERR_FORMAT);
    test->arena.header->log_bytes -= 64;
    test->arena.header->section[1].offset += 64;
    ck_assert_int_eq(arena_attach(&arena, test->memory, test->bytes, wants, 2), ERR_FORMAT);
    test->arena.header->magic ^= 1;
    ck_assert_int_eq(arena_attach(&arena, test->memory, test->bytes, wants, 2), ERR_NOT_FOUND);
    cut_free(test);
}
END_TEST

START_TEST(test_arena_transaction_that_sets_nothing_is_one_store)
{
    /* A transaction without changes writes nothing to the log; one word publishes its outcome. */
    struct cut_test *test = cut_new();
    uint64_t state = test->arena.header->state, log_used = test->arena.header->log_used_bytes;

    arena_begin(&test->arena);
    ck_assert(!arena_is_open(&test->arena));
    arena_commit(&test->arena, 0, NULL);
    ck_assert_uint_eq(test->arena.header->state, state);
    arena_begin(&test->arena);
    struct exit_outcome *draft = arena_outcome_draft(&test->arena, 0);
    draft->seq = 7;
    ck_assert_uint_eq(test->arena.header->state, state);
    arena_commit(&test->arena, 0, draft);
    ck_assert_uint_eq(test->arena.header->state, state ^ (UINT64_C(1) << ARENA_WHICH));
    ck_assert_uint_eq(arena_outcome(&test->arena, 0)->seq, 7);
    ck_assert_uint_eq(test->arena.header->log_used_bytes, log_used);
    cut_free(test);
}
END_TEST

START_TEST(test_arena_rollback_open_transaction_restores_everything)
{
    /* A rollback restores fields that were set once or several times, overlapping or not. */
    struct cut_test *test = cut_new();
    uint8_t *state = arena_section(&test->arena, 0);
    uint8_t before[100];

    for (uint32_t i = 0; i < 100; i++)
        state[i] = (uint8_t)i;
    memcpy(before, state, sizeof before);
    arena_begin(&test->arena);
    arena_set(&test->arena, state, 3);
    memset(state, 0xee, 3);
    arena_set(&test->arena, state + 1, 50);
    memset(state + 1, 0xdd, 50);
    arena_set(&test->arena, state, 100);
    memset(state, 0xcc, 100);
    ck_assert_int_eq(arena_rollback(&test->arena), OK);
    ck_assert_mem_eq(state, before, sizeof before);
    ck_assert(!arena_is_open(&test->arena));
    ck_assert_int_eq(arena_rollback(&test->arena), OK);
    cut_free(test);
}
END_TEST

START_TEST(test_arena_commit_outcome_is_kept_per_hart)
{
    /* Each hart's outcome stays until that hart's next; a commit without one keeps all. */
    struct cut_test *test = cut_new();

    for (uint64_t seq = 1; seq <= 3; seq++)
        for (uint32_t hart = 0; hart < 2; hart++) {
            struct exit_outcome outcome = {.seq = seq * 10 + hart, .pc = seq};
            arena_begin(&test->arena);
            arena_commit(&test->arena, hart, &outcome);
            arena_begin(&test->arena);
            arena_commit(&test->arena, hart, NULL);
            ck_assert_uint_eq(arena_outcome(&test->arena, hart)->seq, seq * 10 + hart);
        }
    ck_assert_uint_eq(arena_outcome(&test->arena, 0)->seq, 30);
    ck_assert_uint_eq(arena_outcome(&test->arena, 1)->seq, 31);
    ck_assert_uint_eq(arena_outcome(&test->arena, 2)->seq, 0);
    cut_free(test);
}
END_TEST

/* Sets two fields that always agree, and the outcome that belongs to them. */
static void transaction(struct cut_test *test, uint64_t value)
{
    uint64_t *first = arena_section(&test->arena, 0), *second = arena_section(&test->arena, 1);
    struct exit_outcome *outcome = arena_outcome_draft(&test->arena, 0);

    arena_begin(&test->arena);
    *outcome = (struct exit_outcome){.seq = value, .pc = ~value};
    cut_here(test);
    arena_set(&test->arena, first, sizeof *first);
    *first = value;
    cut_here(test);
    arena_set(&test->arena, second, sizeof *second);
    *second = value;
    cut_here(test);
    arena_set(&test->arena, first, sizeof *first);
    *first = value ^ 0xff;
    cut_here(test);
    *first = value;
    cut_here(test);
    arena_commit(&test->arena, 0, outcome);
}

START_TEST(test_arena_rollback_cut_at_every_write_is_all_or_nothing)
{
    /* Wherever the process dies, state and outcome are both of the old exit or both of the new. */
    struct cut_test *test = cut_new();
    size_t old_seen = 0, new_seen = 0;

    transaction(test, 1);
    test->cuts = 0;
    test->arena.on_write = cut_here;
    test->arena.opaque = test;
    transaction(test, 2);
    ck_assert_uint_gt(test->cuts, 15);
    for (size_t i = 0; i < test->cuts; i++) {
        struct arena after = {0};
        memcpy(test->memory, test->cut + i * test->bytes, test->bytes);
        ck_assert_int_eq(arena_attach(&after, test->memory, test->bytes, wants, WANTS), OK);
        ck_assert_int_eq(arena_rollback(&after), OK);
        uint64_t first = *(uint64_t *)arena_section(&after, 0);
        uint64_t second = *(uint64_t *)arena_section(&after, 1);
        const struct exit_outcome *outcome = arena_outcome(&after, 0);
        ck_assert_uint_eq(first, second);
        ck_assert_uint_eq(first, outcome->seq);
        ck_assert_uint_eq(outcome->pc, ~outcome->seq);
        old_seen += first == 1;
        new_seen += first == 2;
    }
    ck_assert_uint_gt(old_seen, 10);
    ck_assert_uint_eq(new_seen, 1); /* only the last write commits */
    cut_free(test);
}
END_TEST

START_TEST(test_arena_rollback_cut_during_rollback_can_be_repeated)
{
    /* A rollback that is cut short, at any write, is finished by the next rollback. */
    struct cut_test *test = cut_new();
    uint64_t *first = arena_section(&test->arena, 0), *second = arena_section(&test->arena, 1);

    arena_begin(&test->arena);
    arena_set(&test->arena, first, sizeof *first);
    *first = 7;
    arena_set(&test->arena, second, sizeof *second);
    *second = 7;
    test->arena.on_write = cut_here;
    test->arena.opaque = test;
    ck_assert_int_eq(arena_rollback(&test->arena), OK);
    ck_assert_uint_ge(test->cuts, 3);
    for (size_t i = 0; i < test->cuts; i++) {
        struct arena after = {0};
        memcpy(test->memory, test->cut + i * test->bytes, test->bytes);
        ck_assert_int_eq(arena_attach(&after, test->memory, test->bytes, wants, WANTS), OK);
        ck_assert_int_eq(arena_rollback(&after), OK);
        ck_assert_uint_eq(*(uint64_t *)arena_section(&after, 0), 0);
        ck_assert_uint_eq(*(uint64_t *)arena_section(&after, 1), 0);
    }
    cut_free(test);
}
END_TEST

START_TEST(test_arena_format_cut_at_every_write_is_no_arena_until_the_last)
{
    /* A half-formatted arena is refused. */
    struct cut_test *test = cut_new();
    struct arena after = {0};

    test->arena.on_write = cut_here;
    test->arena.opaque = test;
    ck_assert_int_eq(arena_format(&test->arena, test->memory, test->bytes, wants, WANTS), OK);
    ck_assert_uint_ge(test->cuts, 3);
    for (size_t i = 0; i < test->cuts; i++) {
        memcpy(test->memory, test->cut + i * test->bytes, test->bytes);
        ck_assert_int_eq(arena_attach(&after, test->memory, test->bytes, wants, WANTS),
                         i + 1 < test->cuts ? ERR_NOT_FOUND : OK);
    }
    cut_free(test);
}
END_TEST

START_TEST(test_arena_rollback_log_that_does_not_parse_is_refused)
{
    /* Offsets and lengths left in a log are checked before a byte is written. */
    const struct {
        uint64_t used;
        uint32_t offset, bytes;
    } rows[] = {
        {arena_log_bytes(wants, WANTS) + 8, 0, 0},
        {4, 0, 0},
        {16, 0, 8},
        {16, UINT32_MAX, 8},
        {16, 0x100000, 8},
        {16, 0x2000, UINT32_MAX},
        {16, 0x2000, 4096},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cut_test *test = cut_new();
        uint8_t *before = malloc(test->bytes);
        arena_begin(&test->arena);
        arena_set(&test->arena, arena_section(&test->arena, 0), 1);
        memcpy(&test->arena.header->log[8], &rows[i].offset, 4);
        memcpy(&test->arena.header->log[12], &rows[i].bytes, 4);
        test->arena.header->log_used_bytes = rows[i].used;
        memcpy(before, test->memory, test->bytes);
        ck_assert_int_eq(arena_rollback(&test->arena), ERR_FORMAT);
        ck_assert_mem_eq(test->memory, before, test->bytes);
        free(before);
        cut_free(test);
    }
}
END_TEST

START_TEST(test_arena_set_outside_sections_stops_the_process)
{
    /* A change that could not be undone is not made. */
    struct cut_test *test = cut_new();
    arena_begin(&test->arena);
    arena_set(&test->arena, &test->arena.header->magic, 8);
}
END_TEST

START_TEST(test_arena_set_without_transaction_stops_the_process)
{
    /* A change outside a transaction is refused, because no rollback could undo it. */
    struct cut_test *test = cut_new();
    arena_set(&test->arena, arena_section(&test->arena, 0), 8);
}
END_TEST

START_TEST(test_arena_set_full_log_stops_the_process)
{
    /* A change for which the log has no room is refused. */
    struct cut_test *test = cut_new();
    arena_begin(&test->arena);
    for (uint32_t i = 0; i <= test->arena.log_bytes / 72; i++)
        arena_set(&test->arena, arena_section(&test->arena, 1), 64);
}
END_TEST

TCase *arena_tcase(void)
{
    TCase *tcase = tcase_create("arena");
    int trap = 4; /* SIGILL, of __builtin_trap() */

    tcase_add_test(tcase, test_arena_format_fresh_is_attachable_and_zero);
    tcase_add_test(tcase, test_arena_format_bad_arguments_are_refused);
    tcase_add_test(tcase, test_arena_set_whole_of_a_large_section_is_rolled_back);
    tcase_add_test(tcase, test_arena_set_every_word_and_as_many_again_as_promised_fits);
    tcase_add_test(tcase, test_machine_arena_bytes_is_within_what_the_root_server_gives);
    tcase_add_test(tcase, test_arena_attach_other_layout_is_refused);
    tcase_add_test(tcase, test_arena_transaction_that_sets_nothing_is_one_store);
    tcase_add_test(tcase, test_arena_rollback_open_transaction_restores_everything);
    tcase_add_test(tcase, test_arena_commit_outcome_is_kept_per_hart);
    tcase_add_test(tcase, test_arena_rollback_cut_at_every_write_is_all_or_nothing);
    tcase_add_test(tcase, test_arena_rollback_cut_during_rollback_can_be_repeated);
    tcase_add_test(tcase, test_arena_format_cut_at_every_write_is_no_arena_until_the_last);
    tcase_add_test(tcase, test_arena_rollback_log_that_does_not_parse_is_refused);
    tcase_add_test_raise_signal(tcase, test_arena_set_outside_sections_stops_the_process, trap);
    tcase_add_test_raise_signal(tcase, test_arena_set_without_transaction_stops_the_process, trap);
    tcase_add_test_raise_signal(tcase, test_arena_set_full_log_stops_the_process, trap);
    return tcase;
}
