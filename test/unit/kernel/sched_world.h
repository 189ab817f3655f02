/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of the scheduler do to the hart. */
#ifndef TEST_KERNEL_SCHED_WORLD_H
#define TEST_KERNEL_SCHED_WORLD_H

#include <check.h>

#include "world.h"

/* Leaves the kernel to a thread, and returns this thread. */
static inline struct thread *leave_to_user(void)
{
    ck_assert_int_eq(fake_leave(&hart), FAKE_LEFT_USER);
    ck_assert_ptr_eq(fake.entered_context, &hart.current->context);
    return hart.current;
}

/* The hart's timer goes off. */
static inline void tick(uint64_t now)
{
    fake.now = now;
    timer_expire(&hart);
}

#endif
