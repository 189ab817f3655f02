/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "tree.h"

int main(void)
{
    SRunner *runner = srunner_create(suite_range());

    srunner_add_suite(runner, suite_machine());
    srunner_add_suite(runner, suite_hostile());
    srunner_add_suite(runner, suite_memory());
    srunner_add_suite(runner, suite_wiring());
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
