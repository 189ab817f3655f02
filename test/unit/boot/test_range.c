/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "tree.h"

static struct range r(uint64_t start, uint64_t bytes)
{
    return (struct range){ start, bytes };
}

static void set_is(const struct range_set *set, uint32_t count, const struct range *expected)
{
    ck_assert_uint_eq(set->count, count);
    for (uint32_t i = 0; i < count; i++) {
        ck_assert_uint_eq(set->at[i].start, expected[i].start);
        ck_assert_uint_eq(set->at[i].bytes, expected[i].bytes);
    }
}

/* Ranges that touch or overlap become one; others stay in ascending order. */
START_TEST(test_range_add_touching_unites)
{
    struct range_set set = { 0 };

    ck_assert_int_eq(range_set_add(&set, r(0x5000, 0x1000)), OK);
    ck_assert_int_eq(range_set_add(&set, r(0x1000, 0x1000)), OK);
    ck_assert_int_eq(range_set_add(&set, r(0x3000, 0)), OK);
    set_is(&set, 2, (struct range[]){ { 0x1000, 0x1000 }, { 0x5000, 0x1000 } });
    ck_assert_int_eq(range_set_add(&set, r(0x2000, 0x3000)), OK);
    set_is(&set, 1, (struct range[]){ { 0x1000, 0x5000 } });
    ck_assert_int_eq(range_set_add(&set, r(0x2000, 0x10)), OK);
    set_is(&set, 1, (struct range[]){ { 0x1000, 0x5000 } });
    ck_assert_uint_eq(range_set_bytes(&set), 0x5000);
}
END_TEST

/* Taking from the middle leaves both sides; taking over several leaves the outer ends. */
START_TEST(test_range_remove_middle_splits)
{
    struct range_set set = { 2, { { 0x1000, 0x4000 }, { 0x8000, 0x4000 } } };

    ck_assert_int_eq(range_set_remove(&set, r(0x2000, 0x1000)), OK);
    set_is(&set, 3, (struct range[]){ { 0x1000, 0x1000 }, { 0x3000, 0x2000 }, { 0x8000, 0x4000 } });
    ck_assert_int_eq(range_set_remove(&set, r(0x4000, 0x5000)), OK);
    set_is(&set, 3, (struct range[]){ { 0x1000, 0x1000 }, { 0x3000, 0x1000 }, { 0x9000, 0x3000 } });
    ck_assert_int_eq(range_set_remove(&set, r(0x5000, 0x1000)), OK);
    ck_assert_uint_eq(set.count, 3);
    ck_assert_int_eq(range_set_remove(&set, r(0, UINT64_MAX)), OK);
    ck_assert_uint_eq(set.count, 0);
}
END_TEST

/* A range that wraps is refused and changes nothing. */
START_TEST(test_range_wrapping_is_refused)
{
    struct range_set set = { 1, { { 0x1000, 0x1000 } } };
    struct range out;

    ck_assert_int_eq(range_set_add(&set, r(UINT64_MAX, 2)), ERR_RANGE);
    ck_assert_int_eq(range_set_remove(&set, r(2, UINT64_MAX)), ERR_RANGE);
    set_is(&set, 1, (struct range[]){ { 0x1000, 0x1000 } });
    ck_assert_int_eq(range_round_out(r(UINT64_MAX - 1, 1), &out), ERR_RANGE);
    ck_assert_int_eq(range_round_out(r(UINT64_MAX, 2), &out), ERR_RANGE);
}
END_TEST

/* A full set refuses a change that needs one more place, and accepts a change that needs none. */
START_TEST(test_range_full_set_is_unchanged)
{
    struct range_set set = { 0 }, before;

    for (uint64_t i = 0; i < RANGE_MAX; i++)
        ck_assert_int_eq(range_set_add(&set, r(i * 0x4000, 0x3000)), OK);
    before = set;
    ck_assert_int_eq(range_set_add(&set, r(UINT64_C(1) << 40, 1)), ERR_NO_MEMORY);
    ck_assert_int_eq(range_set_remove(&set, r(0x1000, 0x1000)), ERR_NO_MEMORY);
    set_is(&set, before.count, before.at);
    ck_assert_int_eq(range_set_add(&set, r(0x3000, 0x1000)), OK);
    ck_assert_uint_eq(set.count, RANGE_MAX - 1);
}
END_TEST

START_TEST(test_range_round_out_covers_pages)
{
    struct range out;

    ck_assert_int_eq(range_round_out(r(0x1fff, 2), &out), OK);
    ck_assert_uint_eq(out.start, 0x1000);
    ck_assert_uint_eq(out.bytes, 0x2000);
    ck_assert_int_eq(range_round_out(r(0x1234, 0), &out), OK);
    ck_assert_uint_eq(out.bytes, 0);
}
END_TEST

/* A set holds a range only if the range lies wholly inside one of the set's ranges. */
START_TEST(test_range_holds_only_inside)
{
    struct range_set set = { 2, { { 0x1000, 0x1000 }, { 0x3000, 0x1000 } } };

    ck_assert(range_set_holds(&set, r(0x1000, 0x1000)));
    ck_assert(range_set_holds(&set, r(0x1fff, 1)));
    ck_assert(!range_set_holds(&set, r(0x1fff, 2)));
    ck_assert(!range_set_holds(&set, r(0xfff, 2)));
    ck_assert(!range_set_holds(&set, r(0x1000, 0x3000)));
    ck_assert(!range_set_holds(&set, r(0x3001, UINT64_MAX)));
}
END_TEST

#define BITS 64u

static uint64_t set_mask(const struct range_set *set)
{
    uint64_t mask = 0;

    for (uint32_t i = 0; i < set->count; i++) {
        ck_assert_uint_gt(set->at[i].bytes, 0);
        if (i > 0)
            ck_assert_uint_gt(set->at[i].start, set->at[i - 1].start + set->at[i - 1].bytes);
        for (uint64_t b = 0; b < set->at[i].bytes; b++)
            mask |= UINT64_C(1) << (set->at[i].start + b);
    }
    return mask;
}

/* Any sequence of additions and removals has the same result as on a bit set. */
START_TEST(test_range_random_matches_bits)
{
    struct range_set set = { 0 };
    uint64_t mask = 0;

    srand(1);
    for (int step = 0; step < 20000; step++) {
        uint64_t start = (uint64_t)rand() % BITS;
        uint64_t bytes = (uint64_t)rand() % (BITS - start + 1);
        uint64_t bits = bytes == 64 ? UINT64_MAX : ((UINT64_C(1) << bytes) - 1) << start;
        if (rand() % 2 == 0) {
            ck_assert_int_eq(range_set_add(&set, r(start, bytes)), OK);
            mask |= bits;
        } else {
            ck_assert_int_eq(range_set_remove(&set, r(start, bytes)), OK);
            mask &= ~bits;
        }
        ck_assert_uint_eq(set_mask(&set), mask);
    }
}
END_TEST

Suite *suite_range(void)
{
    Suite *suite = suite_create("range");
    TCase *all = tcase_create("range");

    tcase_add_test(all, test_range_add_touching_unites);
    tcase_add_test(all, test_range_remove_middle_splits);
    tcase_add_test(all, test_range_wrapping_is_refused);
    tcase_add_test(all, test_range_full_set_is_unchanged);
    tcase_add_test(all, test_range_round_out_covers_pages);
    tcase_add_test(all, test_range_holds_only_inside);
    tcase_add_test(all, test_range_random_matches_bits);
    suite_add_tcase(suite, all);
    return suite;
}
