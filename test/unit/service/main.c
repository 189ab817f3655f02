/* SPDX-License-Identifier: BSD-2-Clause */
#include <test/unit/run.h>
#include <test/unit/service/suites.h>

int main(void)
{
    SRunner *runner = srunner_create(protocol_suite());

    srunner_add_suite(runner, call_suite());
    srunner_add_suite(runner, request_suite());
    srunner_add_suite(runner, restart_suite());
    return run_suites(runner);
}
