/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs the tests of one device, against fakes of the kernel, the console and the clock. */

#include <test/unit/run.h>
#include "device.h"

int main(void)
{
    Suite *suite = suite_create("device");

    suite_add_tcase(suite, device_tcase());
    return run_suites(srunner_create(suite));
}
