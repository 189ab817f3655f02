/* SPDX-License-Identifier: BSD-2-Clause */
#include <test/unit/console/suites.h>
#include <test/unit/run.h>

int main(void)
{
    SRunner *runner = srunner_create(mux_suite());

    srunner_add_suite(runner, filter_suite());
    srunner_add_suite(runner, uart_suite());
    srunner_add_suite(runner, service_suite());
    return run_suites(runner);
}
