/* SPDX-License-Identifier: BSD-2-Clause */
#include "suites.h"
#include "world.h"

#include <stdlib.h>

#include <test/unit/run.h>

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
    return run_suites(runner);
}
