/* SPDX-License-Identifier: BSD-2-Clause */
/* The page-table entries of the kernel's own half. */
#ifndef HAL_RISCV64_PTE_H
#define HAL_RISCV64_PTE_H

#include <kernel/core/pte.h>

#define PTE_G UINT64_C(0x20)

/* A and D are always set: not every hart sets them itself. */
#define PTE_KERNEL_LEAF (PTE_V | PTE_G | PTE_A | PTE_D)

/* Bytes that an entry of each level above the lowest covers. */
#define MIB2 UINT64_C(0x200000)
#define GIB  UINT64_C(0x40000000)

#endif
