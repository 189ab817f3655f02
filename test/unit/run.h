/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TEST_UNIT_RUN_H
#define TEST_UNIT_RUN_H

#include <check.h>
#include <stdlib.h>

/* Runs the suites of `runner` and frees it.  Returns the exit status for main(): EXIT_FAILURE if a
 * test failed or if no test ran, else EXIT_SUCCESS. */
static inline int run_suites(SRunner *runner)
{
    srunner_run_all(runner, CK_ENV);
    int is_failed = srunner_ntests_failed(runner) != 0 || srunner_ntests_run(runner) == 0;
    srunner_free(runner);
    return is_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
