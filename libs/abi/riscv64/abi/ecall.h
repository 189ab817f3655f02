/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ecall instruction.  Each function lists the registers that it passes and returns;
 * the kernel preserves all others, except where noted.  Memory is clobbered: a call can
 * map, zero and share it.
 */
#ifndef ABI_ECALL_H
#define ABI_ECALL_H

#include <stdbool.h>

#include <abi/regs.h>

/* Arguments up to a2. */
static inline void abi_ecall_short(struct abi_regs *regs)
{
    register uint64_t a0 __asm__("a0") = regs->a0;
    register uint64_t a1 __asm__("a1") = regs->a1;
    register uint64_t a2 __asm__("a2") = regs->a2;
    register uint64_t a7 __asm__("a7") = regs->a7;

    __asm__ volatile("ecall" : "+r"(a0), "+r"(a1), "+r"(a2) : "r"(a7) : "memory");
    regs->a0 = a0;
    regs->a1 = a1;
    regs->a2 = a2;
}

/* The same for a call that preserves only sp, gp, tp and s0 of the general registers. */
static inline void abi_ecall_scratch(struct abi_regs *regs)
{
    register uint64_t a0 __asm__("a0") = regs->a0;
    register uint64_t a1 __asm__("a1") = regs->a1;
    register uint64_t a2 __asm__("a2") = regs->a2;
    register uint64_t a7 __asm__("a7") = regs->a7;

    __asm__ volatile("ecall"
                     : "+r"(a0), "+r"(a1), "+r"(a2), "+r"(a7)
                     :
                     : "memory", "ra", "t0", "t1", "t2", "t3", "t4", "t5", "t6", "a3", "a4", "a5",
                       "a6", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11");
    regs->a0 = a0;
    regs->a1 = a1;
    regs->a2 = a2;
}

/* Arguments up to a6 and t1. */
static inline void abi_ecall_long(struct abi_regs *regs)
{
    register uint64_t a0 __asm__("a0") = regs->a0;
    register uint64_t a1 __asm__("a1") = regs->a1;
    register uint64_t a2 __asm__("a2") = regs->a2;
    register uint64_t a3 __asm__("a3") = regs->a3;
    register uint64_t a4 __asm__("a4") = regs->a4;
    register uint64_t a5 __asm__("a5") = regs->a5;
    register uint64_t a6 __asm__("a6") = regs->a6;
    register uint64_t a7 __asm__("a7") = regs->a7;
    register uint64_t t1 __asm__("t1") = regs->t1;

    __asm__ volatile("ecall"
                     : "+r"(a0), "+r"(a1), "+r"(a2)
                     : "r"(a3), "r"(a4), "r"(a5), "r"(a6), "r"(a7), "r"(t1)
                     : "memory");
    regs->a0 = a0;
    regs->a1 = a1;
    regs->a2 = a2;
}

/* A message: passes and returns all of them, but passes t2 only as a deadline.  Of the other
 * registers the kernel preserves those that a C function preserves. */
static inline void abi_ecall_message(struct abi_regs *regs, bool has_deadline)
{
    register uint64_t a0 __asm__("a0") = regs->a0;
    register uint64_t a1 __asm__("a1") = regs->a1;
    register uint64_t a2 __asm__("a2") = regs->a2;
    register uint64_t a3 __asm__("a3") = regs->a3;
    register uint64_t a4 __asm__("a4") = regs->a4;
    register uint64_t a5 __asm__("a5") = regs->a5;
    register uint64_t a6 __asm__("a6") = regs->a6;
    register uint64_t a7 __asm__("a7") = regs->a7;
    register uint64_t t0 __asm__("t0") = regs->t0;
    register uint64_t t1 __asm__("t1") = regs->t1;
    register uint64_t t2 __asm__("t2");

    if (has_deadline)
        t2 = regs->t2;
    else
        __asm__("" : "=r"(t2)); /* uninitialised on purpose: without an instruction */
    __asm__ volatile("ecall"
                     : "+r"(a0), "+r"(a1), "+r"(a2), "+r"(a3), "+r"(a4), "+r"(a5), "+r"(a6),
                       "+r"(a7), "+r"(t0), "+r"(t1), "+r"(t2)
                     :
                     : "memory", "ra", "t3", "t4", "t5", "t6");
    regs->a0 = a0;
    regs->a1 = a1;
    regs->a2 = a2;
    regs->a3 = a3;
    regs->a4 = a4;
    regs->a5 = a5;
    regs->a6 = a6;
    regs->t1 = t1;
    regs->t2 = t2;
}

#endif
