/* SPDX-License-Identifier: BSD-2-Clause */
/* The program of the tests of rootserver/plan. */
#include "planned.h"

#include <test/unit/run.h>

int main(void)
{
    Suite *suite = suite_create("rootserver-plan");
    TCase *tc = tcase_create("plan");

    tcase_set_timeout(tc, 120);
    plan_maps_cases(tc);
    plan_lists_cases(tc);
    plan_record_cases(tc);
    plan_refused_cases(tc);
    suite_add_tcase(suite, tc);
    return run_suites(srunner_create(suite));
}
