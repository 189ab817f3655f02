/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs the tests of one device, against fakes of the kernel, the console and the clock. */
#include <stdlib.h>

#include "device.h"

int main(void)
{
    Suite *suite = suite_create("device");

    suite_add_tcase(suite, device_tcase());
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner) != 0 || srunner_ntests_run(runner) == 0;
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
