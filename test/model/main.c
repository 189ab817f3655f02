/* SPDX-License-Identifier: BSD-2-Clause */
#include "suites.h"
#include "world.h"

#include <stdlib.h>

void world_stop(const char *text)
{
    ck_abort_msg("%s", text);
    abort();
}

int main(void)
{
    SRunner *runner = srunner_create(suite_random());

    srunner_add_suite(runner, suite_many());
    srunner_add_suite(runner, suite_preempt());
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
