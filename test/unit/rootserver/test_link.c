/* SPDX-License-Identifier: BSD-2-Clause */
/* The program of the tests of rootserver/link. */
#include "link_world.h"

#include <test/unit/run.h>

int main(void)
{
    Suite *suite = suite_create("rootserver-link");
    TCase *tc = tcase_create("link");

    tcase_add_checked_fixture(tc, world_setup, NULL);
    link_ping_cases(tc);
    link_offers_cases(tc);
    lines_cases(tc);
    suite_add_tcase(suite, tc);
    return run_suites(srunner_create(suite));
}
