/* SPDX-License-Identifier: BSD-2-Clause */
/* The VMM's pure part, against fakes of the kernel, the console and the clock. */

#include <test/unit/run.h>
#include "suites.h"

int main(void)
{
    Suite *suite = suite_create("vmm");

    suite_add_tcase(suite, arena_tcase());
    suite_add_tcase(suite, board_tcase());
    suite_add_tcase(suite, bus_tcase());
    suite_add_tcase(suite, memory_tcase());
    suite_add_tcase(suite, image_tcase());
    suite_add_tcase(suite, sbi_tcase());
    suite_add_tcase(suite, sbi_dbcn_tcase());
    suite_add_tcase(suite, sbi_legacy_tcase());
    suite_add_tcase(suite, exit_tcase());
    suite_add_tcase(suite, loop_tcase());
    suite_add_tcase(suite, stream_ring_tcase());
    suite_add_tcase(suite, record_tcase());

    return run_suites(srunner_create(suite));
}
