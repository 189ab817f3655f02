/* SPDX-License-Identifier: BSD-2-Clause */
/* Between setup.c and start.S. */
#ifndef HAL_RISCV64_SETUP_H
#define HAL_RISCV64_SETUP_H

#include <base/attr.h>
#include <stdint.h>

/* Continue in the kernel's address space, on its stack, with tp set. */
ATTR_NORETURN void cpu_boot(uint64_t hart_id, uint64_t dtb_address, uint64_t image_address);

/* In start.S: the second half of hal_hand_over(). */
void cpu_hand_over(uint64_t id, uint64_t image_address, uint64_t dtb_address);

#endif
