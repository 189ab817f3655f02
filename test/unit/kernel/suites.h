/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TEST_KERNEL_SUITES_H
#define TEST_KERNEL_SUITES_H

#include <check.h>

TCase *timer_cases(void);
TCase *sched_cases(void);
TCase *sched_deadline_cases(void);
TCase *ipc_cases(void);
TCase *ipc_death_cases(void);
TCase *ipc_fast_cases(void);
TCase *ipc_until_cases(void);
TCase *thread_cases(void);
TCase *notification_cases(void);
TCase *irq_cases(void);
TCase *fp_cases(void);
TCase *vcpu_cases(void);
TCase *vcpu_run_cases(void);
TCase *vcpu_irq_cases(void);
TCase *vcpu_timer_cases(void);
TCase *vcpu_fast_cases(void);
TCase *slot_cases(void);
TCase *untyped_cases(void);
TCase *cnode_cases(void);
TCase *space_cases(void);
TCase *recovery_cases(void);
TCase *syscall_cases(void);

#endif
