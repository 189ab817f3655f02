/* SPDX-License-Identifier: BSD-2-Clause */
/* The VMM's pure part dies between any two of its stores (test/fakes/stores.h). */
#include <stdlib.h>

#include "suites.h"

int main(void)
{
    Suite *suite = suite_create("vmm-cuts");

    suite_add_tcase(suite, log_cuts_tcase());
    suite_add_tcase(suite, takeover_tcase());
    suite_add_tcase(suite, recovery_tcase());
    suite_add_tcase(suite, lives_tcase());

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner) != 0 || srunner_ntests_run(runner) == 0;
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
