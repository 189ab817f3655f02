/* SPDX-License-Identifier: BSD-2-Clause */
/* The system call futex of musl.  Results are as in Linux: a value, or minus an errno. */
#include <errno.h>
#include <time.h>

#include <rt/calls.h>

#include "rt_state.h"

#define NS_PER_S UINT64_C(1000000000)

/* The deadline that is `wait` from now, in ticks; no earlier than that. */
static uint64_t futex_deadline(const struct timespec *wait)
{
    uint64_t hz = rt_state.config.timebase_hz, now = rt_time_ticks();
    uint64_t seconds = (uint64_t)wait->tv_sec;
    uint64_t part = ((uint64_t)wait->tv_nsec * hz + NS_PER_S - 1) / NS_PER_S + 1;

    if (seconds >= (DEADLINE_NEVER - 1 - now - part) / hz)
        return DEADLINE_NEVER;
    return now + seconds * hz + part;
}

static long futex_wait(atomic_int *address, int value, const struct timespec *wait)
{
    uint64_t deadline = DEADLINE_NEVER;

    if (wait != NULL) {
        if (wait->tv_sec < 0 || wait->tv_nsec < 0 || (uint64_t)wait->tv_nsec >= NS_PER_S)
            return -EINVAL;
        deadline = futex_deadline(wait);
    }
    switch (rt_futex_wait(&rt_state.futex, rt_thread_number(), address, value, deadline)) {
    case OK:
        return 0;
    case ERR_STATE:
        return -EAGAIN;
    case ERR_TIMEOUT:
        return -ETIMEDOUT;
    case ERR_NOT_SUPPORTED:
        return -ENOSYS;
    default:
        return -EINTR;
    }
}

long rt_futex_call(void *address, long operation, long value, long wait_or_most, void *to)
{
    enum { WAIT = 0, WAKE = 1, REQUEUE = 3, PRIVATE = 128 };

    switch (operation & ~(long)PRIVATE) {
    case WAIT:
        return futex_wait(address, (int)value, (const struct timespec *)wait_or_most);
    case WAKE:
        return (long)rt_futex_wake(&rt_state.futex, address, (unsigned)value);
    case REQUEUE:
        return (long)rt_futex_requeue(&rt_state.futex, address, (unsigned)value, to,
                                      (unsigned)wait_or_most);
    default:
        return -ENOSYS;
    }
}
