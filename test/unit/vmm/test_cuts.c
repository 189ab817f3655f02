/* SPDX-License-Identifier: BSD-2-Clause */
/* The VMM's pure part dies between any two of its stores (test/fakes/stores.h). */

#include <test/unit/run.h>
#include "suites.h"

int main(void)
{
    Suite *suite = suite_create("vmm-cuts");

    suite_add_tcase(suite, log_cuts_tcase());
    suite_add_tcase(suite, takeover_tcase());
    suite_add_tcase(suite, recovery_tcase());
    suite_add_tcase(suite, lives_tcase());

    return run_suites(srunner_create(suite));
}
