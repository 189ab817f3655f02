/* SPDX-License-Identifier: BSD-2-Clause */
#include <bench/plugin/sites.h>
#include <test/unit/run.h>
#include <stdlib.h>

static struct sites *sites;

static void setup(void)
{
    sites = calloc(1, sizeof *sites);
    ck_assert_ptr_nonnull(sites);
}

static void teardown(void)
{
    free(sites);
}

START_TEST(test_index_same_site_same_index)
{
    /* A second look-up of a site returns the same index. */
    struct site site = { .address = 0x1000, .page = 7, .insn = 0x13, .mode = 1 };

    uint32_t first = sites_index(sites, &site);
    ck_assert_uint_eq(first, 0);
    ck_assert_uint_eq(sites_index(sites, &site), first);
    ck_assert_uint_eq(sites->count, 1);
}
END_TEST

START_TEST(test_index_any_difference_new_index)
{
    /* Sites differ if address, page, instruction or mode differ. */
    struct site site = { .address = 0x1000, .page = 7, .insn = 0x13, .mode = 1 }, other[4];

    for (unsigned i = 0; i < 4; i++)
        other[i] = site;
    other[0].address++;
    other[1].page++;
    other[2].insn++;
    other[3].mode++;
    (void)sites_index(sites, &site);
    for (unsigned i = 0; i < 4; i++)
        ck_assert_uint_eq(sites_index(sites, &other[i]), i + 1);
}
END_TEST

START_TEST(test_index_full_refused)
{
    /* A full table refuses a new site, and still finds its sites. */
    struct site site = { .page = 1 };
    uint32_t wrong = 0;

    for (uint32_t i = 0; i < SITE_COUNT_MAX; i++) {
        site.address = (uint64_t)i * 4;
        wrong += sites_index(sites, &site) != i;
    }
    ck_assert_uint_eq(wrong, 0);
    site.address = UINT64_C(1) << 40;
    ck_assert_uint_eq(sites_index(sites, &site), SITE_NONE);
    site.address = 4;
    ck_assert_uint_eq(sites_index(sites, &site), 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bench-sites");
    TCase *one = tcase_create("sites");

    tcase_add_checked_fixture(one, setup, teardown);
    tcase_add_test(one, test_index_same_site_same_index);
    tcase_add_test(one, test_index_any_difference_new_index);
    tcase_add_test(one, test_index_full_refused);
    tcase_set_timeout(one, 30);
    suite_add_tcase(suite, one);
    return run_suites(srunner_create(suite));
}
