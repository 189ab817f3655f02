/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Found before musl's own syscall_arch.h.  Where musl would trap into a Linux
 * kernel it calls one function of our runtime, which answers from what the
 * process was given (libs/rt/rt_syscall.c).  An ordinary call keeps the
 * compiler's idea of which registers live on, which an ecall does not.
 */
#ifndef WARREN_SYSCALL_ARCH_H
#define WARREN_SYSCALL_ARCH_H

#define __SYSCALL_LL_E(x) (x)
#define __SYSCALL_LL_O(x) (x)

__attribute__((__visibility__("hidden")))
long rt_syscall(long n, long a, long b, long c, long d, long e, long f);

static inline long __syscall0(long n)
{
    return rt_syscall(n, 0, 0, 0, 0, 0, 0);
}

static inline long __syscall1(long n, long a)
{
    return rt_syscall(n, a, 0, 0, 0, 0, 0);
}

static inline long __syscall2(long n, long a, long b)
{
    return rt_syscall(n, a, b, 0, 0, 0, 0);
}

static inline long __syscall3(long n, long a, long b, long c)
{
    return rt_syscall(n, a, b, c, 0, 0, 0);
}

static inline long __syscall4(long n, long a, long b, long c, long d)
{
    return rt_syscall(n, a, b, c, d, 0, 0);
}

static inline long __syscall5(long n, long a, long b, long c, long d, long e)
{
    return rt_syscall(n, a, b, c, d, e, 0);
}

static inline long __syscall6(long n, long a, long b, long c, long d, long e, long f)
{
    return rt_syscall(n, a, b, c, d, e, f);
}

#define IPC_64 0

#endif
