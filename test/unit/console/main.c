/* SPDX-License-Identifier: BSD-2-Clause */
#include <test/unit/console/suites.h>

int main(void)
{
    SRunner *runner = srunner_create(mux_suite());

    srunner_add_suite(runner, filter_suite());
    srunner_add_suite(runner, uart_suite());
    srunner_add_suite(runner, service_suite());
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
