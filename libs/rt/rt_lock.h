/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A lock of rt's own.  A thread that finds the lock taken blocks (rt_futex.h) and does not spin, so
 * that the owner can run at a lower priority.  While the lock is free, neither call enters the
 * kernel, and neither uses TLS.
 */
#ifndef RT_RT_LOCK_H
#define RT_RT_LOCK_H

#include <stdatomic.h>

/* All zero: free. */
struct rt_lock {
    atomic_int word; /* enum rt_lock_word */
};

void rt_lock_take(struct rt_lock *lock);
void rt_lock_release(struct rt_lock *lock);

#endif
