/* SPDX-License-Identifier: BSD-2-Clause */

#include <test/unit/run.h>
#include "tree.h"

int main(void)
{
    SRunner *runner = srunner_create(suite_range());

    srunner_add_suite(runner, suite_machine());
    srunner_add_suite(runner, suite_hostile());
    srunner_add_suite(runner, suite_memory());
    srunner_add_suite(runner, suite_wiring());
    return run_suites(runner);
}
