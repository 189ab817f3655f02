/* SPDX-License-Identifier: BSD-2-Clause */
/* The program of the tests of rootserver/parse. */
#include "blob.h"

#include <test/unit/run.h>

int main(void)
{
    Suite *suite = suite_create("rootserver-parse");
    TCase *tc = tcase_create("parse");

    tcase_add_checked_fixture(tc, blob_setup, NULL);
    tcase_set_timeout(tc, 60);
    parse_system_cases(tc);
    parse_machine_cases(tc);
    suite_add_tcase(suite, tc);
    return run_suites(srunner_create(suite));
}
