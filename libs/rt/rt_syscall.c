/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The system calls of musl, carried out with the memory and output that the process has.
 *
 *   memory  brk mmap munmap (anonymous, private), from the heap region
 *   output  write writev on 1 and 2; ioctl answers as a terminal, so that libc writes each line
 *   clock   clock_gettime; no clock_nanosleep, because a process waits for notifications
 *   end     exit_group; exit ends a thread
 *   thread  futex set_tid_address gettid sched_yield (rt_threads.h)
 *
 * All other calls return ENOSYS.  Results are as in Linux: a value, or minus an errno.
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>

#include <rt/calls.h>

#include "rt_state.h"

#define NS_PER_S UINT64_C(1000000000)

long rt_syscall(long n, long a, long b, long c, long d, long e, long f);

static long sys_write(long fd, const char *text, size_t bytes)
{
    if (fd != 1 && fd != 2)
        return -EBADF;
    rt_state.config.write(text, bytes);
    return (long)bytes;
}

static long sys_writev(long fd, const struct iovec *iov, long count)
{
    long total = 0;

    for (long i = 0; i < count; i++) {
        long done = sys_write(fd, iov[i].iov_base, iov[i].iov_len);
        if (done < 0)
            return done;
        total += done;
    }
    return total;
}

static long sys_ioctl(long fd, long request, void *out)
{
    if (fd != 1 && fd != 2)
        return -EBADF;
    if (request != TIOCGWINSZ)
        return -ENOTTY;
    memset(out, 0, sizeof(struct winsize));
    return 0;
}

static long sys_mmap(size_t bytes, long flags)
{
    void *at;

    if ((flags & (MAP_ANONYMOUS | MAP_FIXED)) != MAP_ANONYMOUS)
        return -ENODEV;
    rt_lock_take(&rt_state.pages_lock);
    enum err err = rt_pages_alloc(&rt_state.pages, bytes, &at);
    rt_lock_release(&rt_state.pages_lock);
    switch (err) {
    case OK:
        return (long)at;
    case ERR_INVALID_ARG:
        return -EINVAL;
    default:
        return -ENOMEM;
    }
}

static long sys_munmap(void *at, size_t bytes)
{
    rt_lock_take(&rt_state.pages_lock);
    enum err err = rt_pages_free(&rt_state.pages, at, bytes);
    rt_lock_release(&rt_state.pages_lock);
    return err == OK ? 0 : -EINVAL;
}

static long sys_clock_gettime(long clock, struct timespec *out)
{
    uint64_t hz = rt_state.config.timebase_hz, ticks = rt_time_ticks();
    uint64_t seconds = ticks / hz, ns = ticks % hz * NS_PER_S / hz;

    if (clock == CLOCK_REALTIME) {
        if (rt_state.config.realtime_ns == 0)
            return -EINVAL;
        seconds += rt_state.config.realtime_ns / NS_PER_S;
        ns += rt_state.config.realtime_ns % NS_PER_S;
        seconds += ns / NS_PER_S;
        ns %= NS_PER_S;
    } else if (clock != CLOCK_MONOTONIC) {
        return -EINVAL;
    }
    out->tv_sec = (time_t)seconds;
    out->tv_nsec = (long)ns;
    return 0;
}

long rt_syscall(long n, long a, long b, long c, long d, long e, long f)
{
    (void)f;
    switch (n) {
    case SYS_write:
        return sys_write(a, (const char *)b, (size_t)c);
    case SYS_writev:
        return sys_writev(a, (const struct iovec *)b, c);
    case SYS_ioctl:
        return sys_ioctl(a, b, (void *)c);
    case SYS_brk:
        return 0; /* no break: malloc uses mmap */
    case SYS_mmap:
        return sys_mmap((size_t)b, d);
    case SYS_munmap:
        return sys_munmap((void *)a, (size_t)b);
    case SYS_madvise:
        return 0; /* advice */
    case SYS_clock_gettime:
        return sys_clock_gettime(a, (struct timespec *)b);
    case SYS_futex:
        return rt_futex_call((void *)a, b, c, d, (void *)e);
    case SYS_set_tid_address:
        return rt_thread_exit_word((atomic_int *)a);
    case SYS_gettid:
        return rt_thread_tid(rt_thread_number());
    case SYS_getpid:
        return 1;
    case SYS_sched_yield:
        thread_yield();
        return 0;
    case SYS_rt_sigprocmask:
        return 0; /* there are no signals to mask */
    case SYS_exit:
        rt_thread_end();
    case SYS_exit_group:
        rt_state.config.leave((int)a);
    default:
        return -ENOSYS;
    }
}
