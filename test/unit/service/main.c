/* SPDX-License-Identifier: BSD-2-Clause */
#include <test/unit/service/suites.h>

int main(void)
{
    SRunner *runner = srunner_create(protocol_suite());

    srunner_add_suite(runner, request_suite());
    srunner_add_suite(runner, restart_suite());
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
