/* SPDX-License-Identifier: BSD-2-Clause */
/* The program of the tests of rootserver/lives. */
#include "lives_world.h"

#include <test/unit/run.h>

int main(void)
{
    Suite *suite = suite_create("rootserver-lives");
    TCase *tc = tcase_create("lives");

    tcase_add_checked_fixture(tc, world_setup, world_teardown);
    tcase_set_timeout(tc, 60);
    lives_start_cases(tc);
    lives_restart_cases(tc);
    lives_end_cases(tc);
    suite_add_tcase(suite, tc);
    return run_suites(srunner_create(suite));
}
