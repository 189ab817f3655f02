/* SPDX-License-Identifier: BSD-2-Clause */
/* libs/rt/rt_pages: anonymous memory is disjoint, zeroed, and can be freed. */
#include <stdlib.h>
#include <string.h>

#include <rt/rt_pages.h>
#include <test/unit/run.h>

#define PAGES 64

static struct rt_pages pages;
static uint8_t *region;

static void setup(void)
{
    region = aligned_alloc(RT_PAGE_BYTES, PAGES * RT_PAGE_BYTES);
    ck_assert_ptr_nonnull(region);
    memset(region, 0, PAGES * RT_PAGE_BYTES);
    rt_pages_init(&pages, region, PAGES * RT_PAGE_BYTES + 100);
}

static void teardown(void)
{
    free(region);
}

START_TEST(test_alloc_rounds_up_and_runs_out)
{
    /* A request takes whole pages; only one that is larger than any free run is refused. */
    void *a, *b, *c = &a;
    ck_assert_int_eq(rt_pages_alloc(&pages, 1, &a), OK);
    ck_assert_int_eq(rt_pages_alloc(&pages, RT_PAGE_BYTES + 1, &b), OK);
    ck_assert_ptr_eq((uint8_t *)b - RT_PAGE_BYTES, a);
    ck_assert_int_eq(rt_pages_alloc(&pages, (PAGES - 2) * RT_PAGE_BYTES, &c), ERR_NO_MEMORY);
    ck_assert_ptr_eq(c, &a);
    ck_assert_int_eq(rt_pages_alloc(&pages, SIZE_MAX, &c), ERR_NO_MEMORY);
    ck_assert_int_eq(rt_pages_alloc(&pages, 0, &c), ERR_INVALID_ARG);
    ck_assert_int_eq(rt_pages_alloc(&pages, (PAGES - 3) * RT_PAGE_BYTES, &c), OK);
}
END_TEST

START_TEST(test_free_bad_range_refused)
{
    /* A free of no page, of zero bytes, or outside the region is refused. */
    void *a;
    ck_assert_int_eq(rt_pages_alloc(&pages, PAGES * RT_PAGE_BYTES, &a), OK);
    ck_assert_int_eq(rt_pages_free(&pages, region + 1, 10), ERR_ALIGN);
    ck_assert_int_eq(rt_pages_free(&pages, region, 0), ERR_RANGE);
    ck_assert_int_eq(rt_pages_free(&pages, region + RT_PAGE_BYTES, PAGES * RT_PAGE_BYTES),
                     ERR_RANGE);
    ck_assert_int_eq(rt_pages_free(&pages, region - RT_PAGE_BYTES, RT_PAGE_BYTES), ERR_RANGE);
    ck_assert_int_eq(rt_pages_free(&pages, region, SIZE_MAX), ERR_RANGE);
    ck_assert_int_eq(rt_pages_alloc(&pages, 1, &a), ERR_NO_MEMORY);
}
END_TEST

START_TEST(test_random_sequence_keeps_runs_disjoint_and_zeroed)
{
    /* For any order of requests and frees, runs never overlap and are zero when handed out. */
    struct {
        uint8_t *at;
        size_t bytes;
        uint8_t mark;
    } run[20] = {0};
    srand(11);
    for (unsigned round = 0; round < 20000; round++) {
        unsigned i = (unsigned)rand() % 20;
        if (run[i].at != NULL) {
            for (size_t k = 0; k < run[i].bytes; k += 509)
                ck_assert_uint_eq(run[i].at[k], run[i].mark);
            ck_assert_int_eq(rt_pages_free(&pages, run[i].at, run[i].bytes), OK);
            run[i].at = NULL;
            continue;
        }
        void *at;
        run[i].bytes = (size_t)rand() % (8 * RT_PAGE_BYTES) + 1;
        if (rt_pages_alloc(&pages, run[i].bytes, &at) != OK)
            continue;
        run[i].at = at;
        run[i].mark = (uint8_t)(round | 1);
        for (size_t k = 0; k < run[i].bytes; k += 509)
            ck_assert_uint_eq(run[i].at[k], 0);
        memset(run[i].at, run[i].mark, run[i].bytes);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rt-pages");
    TCase *tc = tcase_create("rt-pages");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, test_alloc_rounds_up_and_runs_out);
    tcase_add_test(tc, test_free_bad_range_refused);
    tcase_add_test(tc, test_random_sequence_keeps_runs_disjoint_and_zeroed);
    suite_add_tcase(suite, tc);
    return run_suites(srunner_create(suite));
}
