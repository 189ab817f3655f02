/* SPDX-License-Identifier: BSD-2-Clause */
#include <rt/rt_lock.h>

#include "rt_state.h"

enum rt_lock_word {
    RT_LOCK_FREE = 0,
    RT_LOCK_TAKEN = 1,
    RT_LOCK_AWAITED = 2, /* taken, and a thread may wait for it */
};

/* A thread that had to wait takes the lock as AWAITED: others may still wait. */
void rt_lock_take(struct rt_lock *lock)
{
    int seen = RT_LOCK_FREE;

    if (atomic_compare_exchange_strong(&lock->word, &seen, RT_LOCK_TAKEN))
        return;
    while (atomic_exchange(&lock->word, RT_LOCK_AWAITED) != RT_LOCK_FREE)
        (void)!rt_futex_wait(&rt_state.futex, rt_thread_number(), &lock->word, RT_LOCK_AWAITED,
                             UINT64_MAX);
}

void rt_lock_release(struct rt_lock *lock)
{
    if (atomic_exchange(&lock->word, RT_LOCK_FREE) == RT_LOCK_AWAITED)
        (void)rt_futex_wake(&rt_state.futex, &lock->word, 1);
}
