/* SPDX-License-Identifier: BSD-2-Clause */
/* Page-table entries (privileged specification, "Sv39: Page-Based 39-bit Virtual-Memory
 * System"). */
#ifndef HAL_RISCV64_PTE_H
#define HAL_RISCV64_PTE_H

#include <stdint.h>

#define PTE_V UINT64_C(0x01)
#define PTE_R UINT64_C(0x02)
#define PTE_W UINT64_C(0x04)
#define PTE_X UINT64_C(0x08)
#define PTE_G UINT64_C(0x20)
#define PTE_A UINT64_C(0x40)
#define PTE_D UINT64_C(0x80)

/* A and D are set from the start: not every hart sets them itself. */
#define PTE_KERNEL_LEAF (PTE_V | PTE_G | PTE_A | PTE_D)

#define PTE_COUNT 512

static inline uint64_t pte_make(uint64_t address, uint64_t bits)
{
    return address >> 12 << 10 | bits;
}

#endif
