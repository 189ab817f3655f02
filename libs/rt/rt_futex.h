/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Waits until a word of the process's memory changes. The locks of the C library use these calls
 * (Linux manual page futex(2), FUTEX_WAIT, FUTEX_WAKE and FUTEX_REQUEUE).
 *
 * Each thread has one place in a table.  In the place stands the address that the thread waits for,
 * or 0, and beside it the thread's lock Notification, which carries no signals but those of this
 * table.  So a wait in the C library takes no bit of the program's own notifications.
 *
 *   wait  1. store the address in the own place     wake  1. change the word (the caller did that)
 *         2. is the word still the value? else end        2. which places hold the address?
 *         3. wait for the lock Notification               3. exchange one for 0: then signal it
 *            until the place is 0
 *
 * No wake-up is lost: both sides store first and load afterwards, in one order of all (seq_cst).
 * So either the waiter sees the changed word, or the waker sees the waiter's place.  The thread
 * that exchanges the address for 0 decides how the wait ends: the waker (the wait succeeds, and a
 * signal is in flight) or the waiter (timeout).  A signal that comes after the end of its wait is
 * taken by a
 * later wait, which looks at its place and waits again.
 *
 * No step waits for another thread, and there is no lock: a thread that is preempted in any step
 * delays no other thread, whatever the priorities.
 */
#ifndef RT_RT_FUTEX_H
#define RT_RT_FUTEX_H

#include <stdatomic.h>
#include <stdint.h>

#include <base/err.h>

#define RT_THREADS_MAX 9 /* of one process, with the first */

/* All zero: a table of threads that do not wait. */
struct rt_futex {
    atomic_uint_fast64_t tickets; /* given to waits, so that the oldest is woken first */
    struct rt_futex_place {
        atomic_uintptr_t address; /* that the thread waits for; 0: none, or woken */
        atomic_uint_fast64_t ticket;
        uint32_t lock_slot; /* Notification, READ and WRITE; 0: no such thread */
    } place[RT_THREADS_MAX];
};

/*
 * Thread `thread`, the caller, waits until another thread wakes `address`, unless the word there
 * has another value than `value`.  OK: woken, perhaps for another reason: look at the word again.
 *   ERR_STATE          the word has another value
 *   ERR_TIMEOUT        the deadline (ticks of the time CSR) passed
 *   ERR_NOT_SUPPORTED  the thread has no lock Notification
 *   ERR_CANCELLED and the other errors of notification_wait()
 */
MUST_CHECK rt_futex_wait(struct rt_futex *futex, unsigned thread, atomic_int *address, int value,
                         uint64_t deadline_ticks);

/* Wakes at most `most` threads that wait for the address, the oldest first; returns how many. */
unsigned rt_futex_wake(struct rt_futex *futex, const void *address, unsigned most);

/* Wakes as above; then at most `move_most` of those that are left wait for `to` instead.  Returns
 * the number of both. */
unsigned rt_futex_requeue(struct rt_futex *futex, const void *address, unsigned most,
                          const void *to, unsigned move_most);

#endif
