/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A VMM of another version takes over the arena: what it converts, what it refuses, and that a
 * death at any store of the conversion loses nothing.  This file is compiled as the code under
 * test is (test/fakes/stores.h).
 */
#include <stdlib.h>
#include <string.h>

#include <test/fakes/stores.h>
#include <vmm/state/takeover.h>

#include "suites.h"

/* Version 1 of "grown" is a number of 32 bits; version 2 is one of 64, and its double. */
struct grown {
    uint64_t number;
    uint64_t twice;
};

static enum err grown_convert(uint32_t old_version, const void *old, uint32_t old_bytes,
                              void *fresh)
{
    uint32_t number;
    struct grown *grown = fresh;

    if (old_version != 1 || old_bytes != sizeof number)
        return ERR_NOT_SUPPORTED;
    memcpy(&number, old, sizeof number);
    *grown = (struct grown){number, 2 * (uint64_t)number};
    return OK;
}

#define SHAPE(list, logs) {list, sizeof list / sizeof list[0], logs}

static const struct arena_want old_wants[] = {{"same", 3, 100, ARENA_WRITER_VCPU, NULL},
                                              {"grown", 1, 4, ARENA_WRITER_VCPU, NULL}};
static const struct arena_want new_wants[] = {{"grown", 2, 16, ARENA_WRITER_VCPU, grown_convert},
                                              {"same", 3, 100, ARENA_WRITER_VCPU, NULL}};
static const struct arena_shape old_shape = SHAPE(old_wants, 2), new_shape = SHAPE(new_wants, 2);

static uint8_t *memory, *left;
static uint64_t bytes;

/* An old arena whose two VMM threads died: one with an open transaction, both with an outcome. */
static void old_make(void)
{
    struct arena arena = {0};
    uint32_t number = 21;

    bytes = 2 * arena_size_needed(&new_shape);
    memory = aligned_alloc(ARENA_ALIGN, bytes);
    left = aligned_alloc(ARENA_ALIGN, bytes);
    memset(memory, 0, bytes);
    ck_assert_int_eq(arena_format(&arena, memory, bytes, &old_shape), OK);
    memset(arena_section(&arena, 0), 0x5a, 100);
    memcpy(arena_section(&arena, 1), &number, sizeof number);
    for (uint32_t i = 0; i < 2; i++) {
        struct log log;
        arena_log(&arena, i, ARENA_WRITER_VCPU, &log);
        log_begin(&log);
        log_outcome_draft(&log)->seq = 7 + i;
        log_commit_draft(&log);
        if (i == 0)
            continue;
        log_begin(&log);
        log_set(&log, arena_section(&arena, 0), 16);
        memset(arena_section(&arena, 0), 0xee, 16);
    }
}

static void old_free(void)
{
    free(memory);
    free(left);
}

static void converted_check(uint8_t *at)
{
    struct takeover_problem problem;
    struct arena arena = {0};

    ck_assert_int_eq(takeover_arena(&arena, at, bytes, &new_shape, &problem), OK);
    const struct grown *grown = arena_section(&arena, 0);
    ck_assert_uint_eq(grown->number, 21);
    ck_assert_uint_eq(grown->twice, 42);
    for (uint32_t i = 0; i < 100; i++)
        ck_assert_uint_eq(((const uint8_t *)arena_section(&arena, 1))[i], 0x5a);
    for (uint32_t i = 0; i < 2; i++) {
        struct log log;
        arena_log(&arena, i, ARENA_WRITER_VCPU, &log);
        ck_assert_uint_eq(log_outcome(&log)->seq, 7 + i);
        ck_assert(!log_is_open(&log));
    }
}

static uint32_t stores_seen;

static void die_here(const void *at, size_t store_bytes)
{
    (void)store_bytes;
    if ((uintptr_t)at - (uintptr_t)memory >= bytes)
        return;
    stores_before = NULL;
    stores_seen++;
    memcpy(left, memory, bytes);
    converted_check(left);
    stores_before = die_here;
}

START_TEST(test_takeover_conversion_cut_at_every_store_loses_nothing)
{
    /* Wherever the converting VMM dies, the next one finds the old state or the converted one. */
    struct takeover_problem problem;
    struct arena arena = {0};

    old_make();
    stores_seen = 0;
    stores_before = die_here;
    enum err err = takeover_arena(&arena, memory, bytes, &new_shape, &problem);
    stores_before = NULL;
    ck_assert_int_eq(err, OK);
    ck_assert_uint_gt(stores_seen, 1000);
    converted_check(memory);
    old_free();
}
END_TEST

START_TEST(test_takeover_converted_arena_can_be_converted_again)
{
    /* The second conversion goes back to the first bank. */
    static const struct arena_want third_wants[] = {
        {"grown", 1, 4, ARENA_WRITER_VCPU, grown_convert},
        {"same", 3, 100, ARENA_WRITER_VCPU, NULL}};
    const struct arena_shape third = SHAPE(third_wants, 2);
    struct takeover_problem problem;
    struct arena arena = {0};

    old_make();
    converted_check(memory);
    ck_assert_int_eq(takeover_arena(&arena, memory, bytes, &third, &problem), ERR_FORMAT);
    ck_assert_str_eq(problem.name, "grown");
    ck_assert_uint_eq(problem.found, 2);
    ck_assert_uint_eq(problem.wanted, 1);
    converted_check(memory);
    const struct arena_shape back = SHAPE(new_wants, 2);
    struct arena_want other[2] = {new_wants[1], new_wants[0]};
    const struct arena_shape swapped = {other, 2, back.log_count};
    ck_assert_int_eq(takeover_arena(&arena, memory, bytes, &swapped, &problem), OK);
    ck_assert_uint_lt(arena.bank, bytes / 2);
    ck_assert_uint_eq(((struct grown *)arena_section(&arena, 1))->twice, 42);
    old_free();
}
END_TEST

static const struct arena_want no_grown[] = {{"same", 3, 100, ARENA_WRITER_VCPU, NULL}};
static const struct arena_want more[] = {{"same", 3, 100, ARENA_WRITER_VCPU, NULL},
                                         {"grown", 1, 4, ARENA_WRITER_VCPU, NULL},
                                         {"more", 1, 8, ARENA_WRITER_VCPU, NULL}};
static const struct arena_want deaf[] = {{"same", 4, 100, ARENA_WRITER_VCPU, NULL},
                                         {"grown", 1, 4, ARENA_WRITER_VCPU, NULL}};
static const struct arena_want size[] = {{"same", 3, 96, ARENA_WRITER_VCPU, NULL},
                                         {"grown", 1, 4, ARENA_WRITER_VCPU, NULL}};
static const struct {
    struct arena_shape shape;
    const char *name;
    uint32_t found, wanted;
} refused[] = {
    {SHAPE(no_grown, 2), "grown", 1, 0}, {SHAPE(more, 2), "more", 0, 1},
    {SHAPE(deaf, 2), "same", 3, 4},      {SHAPE(size, 2), "same", 3, 3},
    {SHAPE(old_wants, 1), "logs", 2, 1},
};

START_TEST(test_takeover_state_that_cannot_be_converted_is_refused_and_kept)
{
    /* The report names the section and both versions; the state can still be taken over. */
    struct takeover_problem problem;
    struct arena arena = {0};

    old_make();
    ck_assert_int_eq(takeover_arena(&arena, memory, bytes, &refused[_i].shape, &problem),
                     ERR_FORMAT);
    ck_assert_str_eq(problem.name, refused[_i].name);
    ck_assert_uint_eq(problem.found, refused[_i].found);
    ck_assert_uint_eq(problem.wanted, refused[_i].wanted);
    converted_check(memory);
    old_free();
}
END_TEST

START_TEST(test_takeover_header_that_makes_no_sense_is_refused)
{
    /* Numbers in the root and in the header are checked before they are used. */
    struct takeover_problem problem;
    struct arena arena = {0};

    old_make();
    struct arena_root *root = (void *)memory;
    struct arena_header *header = (void *)(memory + sizeof *root);
    uint64_t *words[] = {&root->magic, &root->bank, &header->size_bytes, &header->log_bytes,
                         &header->section[1].offset};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        for (uint64_t change = 1; change != 0; change <<= 9) {
            *words[i] ^= change;
            ck_assert_int_eq(takeover_arena(&arena, memory, bytes, &new_shape, &problem),
                             ERR_FORMAT);
            ck_assert_str_eq(problem.name, "arena");
            *words[i] ^= change;
        }
    header->section_count = UINT32_MAX;
    ck_assert_int_eq(takeover_arena(&arena, memory, bytes, &new_shape, &problem), ERR_FORMAT);
    header->section_count = 2;
    memset(header->section[0].name, 'x', ARENA_NAME_BYTES);
    ck_assert_int_eq(takeover_arena(&arena, memory, bytes, &new_shape, &problem), ERR_FORMAT);
    old_free();
}
END_TEST

START_TEST(test_takeover_without_an_arena_or_room_is_an_error)
{
    /* Memory of zeros has no arena; a conversion needs a second bank. */
    struct takeover_problem problem;
    struct arena arena = {0};

    old_make();
    uint64_t all = bytes, one = arena_size_needed(&old_shape);
    struct arena_root *root = (void *)memory;
    root->magic = 0;
    ck_assert_int_eq(takeover_arena(&arena, memory, all, &new_shape, &problem), ERR_NOT_FOUND);
    ck_assert_int_eq(arena_format(&arena, memory, one, &old_shape), OK);
    ck_assert_int_eq(takeover_arena(&arena, memory, one, &new_shape, &problem), ERR_NO_MEMORY);
    ck_assert_int_eq(takeover_arena(&arena, memory, one, &old_shape, &problem), OK);
    ck_assert_int_eq(takeover_arena(&arena, memory + 8, one, &old_shape, &problem), ERR_ALIGN);
    old_free();
}
END_TEST

TCase *takeover_tcase(void)
{
    TCase *tcase = tcase_create("takeover");

    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, test_takeover_conversion_cut_at_every_store_loses_nothing);
    tcase_add_test(tcase, test_takeover_converted_arena_can_be_converted_again);
    tcase_add_loop_test(tcase, test_takeover_state_that_cannot_be_converted_is_refused_and_kept, 0,
                        sizeof refused / sizeof refused[0]);
    tcase_add_test(tcase, test_takeover_header_that_makes_no_sense_is_refused);
    tcase_add_test(tcase, test_takeover_without_an_arena_or_room_is_an_error);
    return tcase;
}
