/* SPDX-License-Identifier: BSD-2-Clause */
#include "suites.h"
#include "world.h"

#include <stdlib.h>

int main(void)
{
    TCase *(*const cases[])(void) = { timer_cases,        sched_cases, ipc_cases, ipc_death_cases,
                                      ipc_fast_cases,
                                      thread_cases,       notification_cases,     irq_cases,
                                      fp_cases,           vcpu_cases, vcpu_run_cases,
                                      vcpu_irq_cases,     vcpu_timer_cases, vcpu_fast_cases,
                                      slot_cases,         untyped_cases,
                                      cnode_cases,        space_cases,
                                      recovery_cases,     syscall_cases };
    Suite *suite = suite_create("kernel");

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        suite_add_tcase(suite, cases[i]());
    }
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
