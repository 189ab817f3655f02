/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The registers that take part in a system call, named as in the register
 * convention at the top of interface.toml.
 */
#ifndef ABI_REGS_H
#define ABI_REGS_H

#include <stdint.h>

struct abi_regs {
    uint64_t a0, a1, a2, a3, a4, a5, a6, a7;
    uint64_t t0, t1, t2;
};

#endif
