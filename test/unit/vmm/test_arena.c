/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include <rootserver/plan/layout.h>
#include <vmm/board/machine.h>
#include <vmm/state/arena.h>

#include "suites.h"

static const struct arena_want wants[] = {{"first", 1, 100, ARENA_WRITER_VCPU, NULL},
                                          {"second", 3, 64, ARENA_WRITER_VCPU, NULL}};
#define WANTS 2u
static const struct arena_shape shape = {wants, WANTS, 2};

struct arena_test {
    struct arena arena;
    struct log log[2];
    uint8_t *memory;
    uint64_t bytes;
};

static struct arena_test *test_new(const struct arena_shape *wanted)
{
    struct arena_test *test = calloc(1, sizeof *test);

    test->bytes = arena_size_needed(wanted);
    test->memory = aligned_alloc(ARENA_ALIGN, test->bytes);
    memset(test->memory, 0xff, test->bytes);
    ck_assert_int_eq(arena_format(&test->arena, test->memory, test->bytes, wanted), OK);
    for (uint32_t i = 0; i < wanted->log_count && i < 2; i++)
        arena_log(&test->arena, i, ARENA_WRITER_VCPU, &test->log[i]);
    return test;
}

static void test_free(struct arena_test *test)
{
    free(test->memory);
    free(test);
}

START_TEST(test_arena_format_fresh_is_attachable_and_zero)
{
    /* A fresh arena has every section, aligned and zeroed, and logs without an outcome. */
    struct arena_test *test = test_new(&shape);
    struct arena again = {0};

    ck_assert_int_eq(arena_attach(&again, test->memory, test->bytes, &shape), OK);
    for (uint32_t i = 0; i < WANTS; i++) {
        const uint8_t *section = arena_section(&again, i);
        ck_assert_uint_eq((uintptr_t)section % ARENA_ALIGN, 0);
        for (uint32_t at = 0; at < wants[i].bytes; at++)
            ck_assert_uint_eq(section[at], 0);
    }
    for (uint32_t i = 0; i < 2; i++) {
        ck_assert_uint_eq((uintptr_t)test->log[i].area % ARENA_ALIGN, 0);
        ck_assert_uint_eq(log_outcome(&test->log[i])->seq, 0);
        ck_assert(!log_is_open(&test->log[i]));
    }
    test_free(test);
}
END_TEST

START_TEST(test_arena_format_bad_arguments_are_refused)
{
    /* Each error of arena_format() has its cause. */
    struct arena_want many[ARENA_SECTIONS_MAX + 1];
    const struct arena_want long_name[] = {
        {"a name of exactly 24 chars", 1, 8, ARENA_WRITER_VCPU, NULL}};
    const struct arena_shape bad[] = {
        {many, ARENA_SECTIONS_MAX + 1, 1},
        {long_name, 1, 1},
        {wants, WANTS, 0},
        {wants, WANTS, ARENA_LOGS_MAX + 1},
    };
    struct arena_test *test = test_new(&shape);
    struct arena arena = {0};

    for (uint32_t i = 0; i < ARENA_SECTIONS_MAX + 1; i++)
        many[i] = (struct arena_want){"x", 1, 1, ARENA_WRITER_VCPU, NULL};
    ck_assert_int_eq(arena_format(&arena, test->memory + 8, test->bytes - 8, &shape), ERR_ALIGN);
    ck_assert_int_eq(arena_format(&arena, test->memory, test->bytes - 1, &shape), ERR_NO_MEMORY);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_int_eq(arena_format(&arena, test->memory, test->bytes, &bad[i]), ERR_INVALID_ARG);
    test_free(test);
}
END_TEST

static const struct arena_want large[] = {{"words", 1, 1000, ARENA_WRITER_VCPU, NULL},
                                          {"large", 1, 20000, ARENA_WRITER_VCPU, NULL}};
static const struct arena_shape large_shape = {large, 2, 1};

START_TEST(test_log_set_whole_of_a_large_section_is_rolled_back)
{
    /* A transaction can keep a whole section of any size: the log's size follows the sections. */
    struct arena_test *test = test_new(&large_shape);
    uint8_t *state = arena_section(&test->arena, 1);

    memset(state, 0x11, 20000);
    log_begin(&test->log[0]);
    log_set(&test->log[0], state, 20000);
    memset(state, 0x22, 20000);
    ck_assert_int_eq(log_rollback(&test->log[0]), OK);
    for (uint32_t i = 0; i < 20000; i++)
        ck_assert_uint_eq(state[i], 0x11);
    test_free(test);
}
END_TEST

START_TEST(test_log_set_every_word_and_as_many_again_as_promised_fits)
{
    /* One transaction can keep each 32-bit word of each section, and the promised small fields. */
    struct arena_test *test = test_new(&large_shape);
    struct log *log = &test->log[0];

    log_begin(log);
    for (uint32_t section = 0; section < 2; section++)
        for (uint32_t at = 0; at < large[section].bytes; at += 4) {
            uint8_t *word = (uint8_t *)arena_section(&test->arena, section) + at;
            log_set(log, word, 4);
            memset(word, 0x33, 4);
        }
    for (uint32_t i = 0; i < ARENA_SMALL_SETS_MAX; i++)
        log_set(log, (uint8_t *)arena_section(&test->arena, 0) + 8 * (i % 8), 8);
    ck_assert_int_eq(log_rollback(log), OK);
    for (uint32_t at = 0; at < 20000; at++)
        ck_assert_uint_eq(((uint8_t *)arena_section(&test->arena, 1))[at], 0);
    test_free(test);
}
END_TEST

START_TEST(test_machine_arena_bytes_is_within_what_the_root_server_gives)
{
    /* The sections and logs of the largest machine fit in a guest's arena. */
    struct board_config config = {.hart_count = GUEST_HARTS_MAX};

    ck_assert_int_eq(board_start(&config), OK);
    for (const struct dev_model *const *model = dev_models; *model; model++)
        ck_assert_int_eq(board_add(&config, (*model)->name), OK);
    ck_assert_uint_gt(machine_arena_bytes(&config), 0);
    /* Twice: a VMM of another version builds its arena beside the old one. */
    ck_assert_uint_le(2 * machine_arena_bytes(&config), LAYOUT_ARENA_PAGES * UINT64_C(4096));
}
END_TEST

START_TEST(test_arena_attach_other_layout_is_refused)
{
    /* State of another layout is refused. */
    const struct arena_want other_version[] = {{"first", 2, 100, ARENA_WRITER_VCPU, NULL},
                                               {"second", 3, 64, ARENA_WRITER_VCPU, NULL}};
    const struct arena_want other_name[] = {{"first", 1, 100, ARENA_WRITER_VCPU, NULL},
                                            {"third", 3, 64, ARENA_WRITER_VCPU, NULL}};
    const struct arena_want other_size[] = {{"first", 1, 96, ARENA_WRITER_VCPU, NULL},
                                            {"second", 3, 64, ARENA_WRITER_VCPU, NULL}};
    const struct arena_shape other[] = {
        {other_version, 2, 2}, {other_name, 2, 2}, {other_size, 2, 2}, {wants, 1, 2}, {wants, 2, 1},
    };
    struct arena_test *test = test_new(&shape);
    struct arena_header *header = test->arena.header;
    struct arena arena = {0};

    for (size_t i = 0; i < sizeof other / sizeof other[0]; i++)
        ck_assert_int_eq(arena_attach(&arena, test->memory, test->bytes, &other[i]), ERR_FORMAT);
    ck_assert_int_eq(arena_attach(&arena, test->memory, test->bytes - 64, &shape), ERR_FORMAT);
    ck_assert_int_eq(arena_attach(&arena, test->memory, 16, &shape), ERR_NOT_FOUND);
    ck_assert_int_eq(arena_attach(&arena, test->memory + 8, test->bytes - 8, &shape), ERR_ALIGN);
    header->log_bytes += 64;
    ck_assert_int_eq(arena_attach(&arena, test->memory, test->bytes, &shape), ERR_FORMAT);
    header->log_bytes -= 64;
    header->section[1].offset += 64;
    ck_assert_int_eq(arena_attach(&arena, test->memory, test->bytes, &shape), ERR_FORMAT);
    header->section[1].offset -= 64;
    header->version++;
    ck_assert_int_eq(arena_attach(&arena, test->memory, test->bytes, &shape), ERR_FORMAT);
    header->version--;
    test->arena.root->bank += 64;
    ck_assert_int_eq(arena_attach(&arena, test->memory, test->bytes, &shape), ERR_FORMAT);
    test->arena.root->bank -= 64;
    test->arena.root->magic ^= 1;
    ck_assert_int_eq(arena_attach(&arena, test->memory, test->bytes, &shape), ERR_FORMAT);
    test->arena.root->magic = 0;
    ck_assert_int_eq(arena_attach(&arena, test->memory, test->bytes, &shape), ERR_NOT_FOUND);
    test_free(test);
}
END_TEST

START_TEST(test_log_transaction_that_sets_nothing_is_one_store)
{
    /* A transaction without changes writes no entry; one word publishes its outcome. */
    struct arena_test *test = test_new(&shape);
    struct log *log = &test->log[1];
    uint64_t before = log->area->commit;

    log_begin(log);
    ck_assert(!log_is_open(log));
    log_commit(log);
    ck_assert_uint_eq(log->area->commit, before);
    log_begin(log);
    log_outcome_draft(log)->seq = 7;
    ck_assert_uint_eq(log->area->commit, before);
    log_commit_draft(log);
    ck_assert_uint_eq(log->area->commit, before ^ (UINT64_C(1) << 63));
    ck_assert_uint_eq(log_outcome(log)->seq, 7);
    ck_assert_uint_eq(log->area->entry[0].offset, 0);
    test_free(test);
}
END_TEST

START_TEST(test_log_rollback_open_transaction_restores_everything)
{
    /* A rollback restores fields that were set once or several times, overlapping or not. */
    struct arena_test *test = test_new(&shape);
    struct log *log = &test->log[0];
    uint8_t *state = arena_section(&test->arena, 0);
    uint8_t before[100];

    for (uint32_t i = 0; i < 100; i++)
        state[i] = (uint8_t)i;
    memcpy(before, state, sizeof before);
    log_begin(log);
    log_set(log, state, 3);
    memset(state, 0xee, 3);
    log_set(log, state + 1, 50);
    memset(state + 1, 0xdd, 50);
    log_set(log, state, 100);
    memset(state, 0xcc, 100);
    ck_assert_int_eq(log_rollback(log), OK);
    ck_assert_mem_eq(state, before, sizeof before);
    ck_assert(!log_is_open(log));
    ck_assert_int_eq(log_rollback(log), OK);
    test_free(test);
}
END_TEST

START_TEST(test_log_commit_outcome_is_kept_per_log)
{
    /* Each log's outcome stays until that log's next; a commit without one keeps all. */
    struct arena_test *test = test_new(&shape);

    for (uint64_t seq = 1; seq <= 3; seq++)
        for (uint32_t i = 0; i < 2; i++) {
            log_begin(&test->log[i]);
            *log_outcome_draft(&test->log[i]) = (struct exit_outcome){.seq = seq * 10 + i};
            log_commit_draft(&test->log[i]);
            log_begin(&test->log[i]);
            log_set(&test->log[i], arena_section(&test->arena, i), 8);
            log_commit(&test->log[i]);
            ck_assert_uint_eq(log_outcome(&test->log[i])->seq, seq * 10 + i);
        }
    ck_assert_uint_eq(log_outcome(&test->log[0])->seq, 30);
    ck_assert_uint_eq(log_outcome(&test->log[1])->seq, 31);
    test_free(test);
}
END_TEST

START_TEST(test_log_rollback_area_that_makes_no_sense_is_refused)
{
    /* Counts and offsets left in a log are checked before a word is written. */
    const struct {
        uint64_t count, offset; /* from the first section */
    } rows[] = {
        {UINT64_C(1) << 62, 0}, {2000, 0}, {2, 4},    {2, 192},
        {2, UINT64_C(0) - 8},   {2, 1},    {2, 4096}, {2, UINT64_MAX - 7},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct arena_test *test = test_new(&shape);
        struct log *log = &test->log[1];
        uint8_t *before = malloc(test->bytes);
        log_begin(log);
        log_set(log, arena_section(&test->arena, 0), 1);
        log->area->entry[1].offset = log->first + rows[i].offset;
        log->area->commit = rows[i].count;
        memcpy(before, test->memory, test->bytes);
        ck_assert_int_eq(log_rollback(log), ERR_FORMAT);
        ck_assert_int_eq(arena_rollback(&test->arena), ERR_FORMAT);
        ck_assert_mem_eq(test->memory, before, test->bytes);
        free(before);
        test_free(test);
    }
}
END_TEST

START_TEST(test_log_set_outside_sections_stops_the_process)
{
    /* A change that could not be undone is not made. */
    struct arena_test *test = test_new(&shape);
    log_begin(&test->log[0]);
    log_set(&test->log[0], &test->arena.root->magic, 8);
}
END_TEST

static const struct arena_want split_wants[] = {{"vcpu", 1, 64, ARENA_WRITER_VCPU, NULL},
                                                {"queue", 1, 64, ARENA_WRITER_QUEUE, NULL}};
static const struct arena_shape split = {split_wants, 2, 2};

START_TEST(test_log_set_of_the_own_section_is_kept)
{
    /* The vCPU's thread and the queue thread change their sections, and each rolls back its own. */
    struct arena_test *test = test_new(&split);

    for (uint32_t i = 0; i < 2; i++) {
        uint64_t *word = arena_section(&test->arena, i);
        arena_log(&test->arena, i, split_wants[i].writer, &test->log[i]);
        log_begin(&test->log[i]);
        log_set(&test->log[i], word, sizeof *word);
        *word = 5;
    }
    for (uint32_t i = 0; i < 2; i++) {
        ck_assert_int_eq(log_rollback(&test->log[i]), OK);
        ck_assert_uint_eq(*(uint64_t *)arena_section(&test->arena, i), 0);
    }
    test_free(test);
}
END_TEST

static void set_of_other(enum arena_writer writer)
{
    struct arena_test *test = test_new(&split);
    uint32_t other = writer == ARENA_WRITER_VCPU ? 1 : 0;

    arena_log(&test->arena, 0, writer, &test->log[0]);
    log_begin(&test->log[0]);
    log_set(&test->log[0], arena_section(&test->arena, other), 8);
}

START_TEST(test_log_set_by_the_vcpu_of_queue_state_stops_the_process)
{
    /* The vCPU's thread cannot change what the queue thread writes. */
    set_of_other(ARENA_WRITER_VCPU);
}
END_TEST

START_TEST(test_log_set_by_the_queue_of_vcpu_state_stops_the_process)
{
    /* The queue thread cannot change what the vCPU's thread writes. */
    set_of_other(ARENA_WRITER_QUEUE);
}
END_TEST

START_TEST(test_arena_format_writers_out_of_order_is_refused)
{
    /* The sections of the queue thread are the last. */
    static const struct arena_want wrong[] = {{"queue", 1, 64, ARENA_WRITER_QUEUE, NULL},
                                              {"vcpu", 1, 64, ARENA_WRITER_VCPU, NULL}};
    static const struct arena_shape shape_wrong = {wrong, 2, 1};
    static _Alignas(64) uint8_t memory[1 << 16];
    struct arena arena;

    ck_assert_int_eq(arena_format(&arena, memory, sizeof memory, &shape_wrong), ERR_INVALID_ARG);
}
END_TEST

START_TEST(test_log_set_across_the_end_stops_the_process)
{
    /* The last byte counts too. */
    struct arena_test *test = test_new(&shape);
    log_begin(&test->log[0]);
    log_set(&test->log[0], arena_section(&test->arena, 1), 65);
}
END_TEST

START_TEST(test_log_set_without_transaction_stops_the_process)
{
    /* A change outside a transaction is refused, because no rollback could undo it. */
    struct arena_test *test = test_new(&shape);
    log_set(&test->log[0], arena_section(&test->arena, 0), 8);
}
END_TEST

START_TEST(test_log_set_after_commit_stops_the_process)
{
    /* A commit ends the transaction. */
    struct arena_test *test = test_new(&shape);
    log_begin(&test->log[0]);
    log_commit(&test->log[0]);
    log_set(&test->log[0], arena_section(&test->arena, 0), 8);
}
END_TEST

START_TEST(test_log_set_full_log_stops_the_process)
{
    /* A change for which the log has no room is refused. */
    struct arena_test *test = test_new(&shape);
    log_begin(&test->log[0]);
    for (uint32_t i = 0; i <= test->log[0].capacity / 8; i++)
        log_set(&test->log[0], arena_section(&test->arena, 1), 64);
}
END_TEST

TCase *arena_tcase(void)
{
    TCase *tcase = tcase_create("arena");
    int trap = 4; /* SIGILL, of __builtin_trap() */

    tcase_add_test(tcase, test_arena_format_fresh_is_attachable_and_zero);
    tcase_add_test(tcase, test_arena_format_bad_arguments_are_refused);
    tcase_add_test(tcase, test_log_set_whole_of_a_large_section_is_rolled_back);
    tcase_add_test(tcase, test_log_set_every_word_and_as_many_again_as_promised_fits);
    tcase_add_test(tcase, test_machine_arena_bytes_is_within_what_the_root_server_gives);
    tcase_add_test(tcase, test_arena_attach_other_layout_is_refused);
    tcase_add_test(tcase, test_log_transaction_that_sets_nothing_is_one_store);
    tcase_add_test(tcase, test_log_rollback_open_transaction_restores_everything);
    tcase_add_test(tcase, test_log_commit_outcome_is_kept_per_log);
    tcase_add_test(tcase, test_log_rollback_area_that_makes_no_sense_is_refused);
    tcase_add_test_raise_signal(tcase, test_log_set_outside_sections_stops_the_process, trap);
    tcase_add_test(tcase, test_log_set_of_the_own_section_is_kept);
    tcase_add_test(tcase, test_arena_format_writers_out_of_order_is_refused);
    tcase_add_test_raise_signal(tcase, test_log_set_by_the_vcpu_of_queue_state_stops_the_process,
                                trap);
    tcase_add_test_raise_signal(tcase, test_log_set_by_the_queue_of_vcpu_state_stops_the_process,
                                trap);
    tcase_add_test_raise_signal(tcase, test_log_set_across_the_end_stops_the_process, trap);
    tcase_add_test_raise_signal(tcase, test_log_set_without_transaction_stops_the_process, trap);
    tcase_add_test_raise_signal(tcase, test_log_set_after_commit_stops_the_process, trap);
    tcase_add_test_raise_signal(tcase, test_log_set_full_log_stops_the_process, trap);
    return tcase;
}
