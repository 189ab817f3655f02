/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Replaces the ecall on the host, where there is no kernel.  A test that links code with
 * stubs defines abi_ecall(), which reads a7 and the arguments, and writes an enum err to
 * a0 and the results to their registers.
 */
#ifndef ABI_ECALL_H
#define ABI_ECALL_H

#include <stdbool.h>

#include <abi/regs.h>

void abi_ecall(struct abi_regs *regs);

static inline void abi_ecall_short(struct abi_regs *regs)
{
    abi_ecall(regs);
}

static inline void abi_ecall_scratch(struct abi_regs *regs)
{
    abi_ecall(regs);
}

static inline void abi_ecall_long(struct abi_regs *regs)
{
    abi_ecall(regs);
}

static inline void abi_ecall_message(struct abi_regs *regs, bool has_deadline)
{
    (void)has_deadline;
    abi_ecall(regs);
}

#endif
