/* SPDX-License-Identifier: BSD-2-Clause */
#include <test/unit/run.h>
#include "suites.h"
#include "world.h"

int main(void)
{
    TCase *(*const cases[])(void) = { timer_cases,        sched_cases, sched_deadline_cases,
                                      ipc_cases, ipc_death_cases,
                                      ipc_fast_cases,     ipc_until_cases,
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
    return run_suites(srunner_create(suite));
}
