/* SPDX-License-Identifier: BSD-2-Clause */
#include <test/unit/console/suites.h>
#include <test/unit/run.h>

static Suite *service_suite(void)
{
    Suite *suite = suite_create("service");

    suite_add_tcase(suite, service_tcase());
    suite_add_tcase(suite, lines_tcase());
    suite_add_tcase(suite, sleep_tcase());
    suite_add_tcase(suite, new_life_tcase());
    return suite;
}

int main(void)
{
    SRunner *runner = srunner_create(mux_suite());

    srunner_add_suite(runner, filter_suite());
    srunner_add_suite(runner, uart_suite());
    srunner_add_suite(runner, service_suite());
    return run_suites(runner);
}
