/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stands for the ecall where there is no kernel beneath: a test that links code
 * with stubs defines abi_ecall(), reads a7 and the arguments, and leaves an
 * enum err in a0 and the results in their registers.
 */
#ifndef ABI_ECALL_H
#define ABI_ECALL_H

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

static inline void abi_ecall_message(struct abi_regs *regs)
{
    abi_ecall(regs);
}

#endif
