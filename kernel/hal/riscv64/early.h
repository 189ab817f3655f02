/* SPDX-License-Identifier: BSD-2-Clause */
/* For start.S. */
#ifndef HAL_RISCV64_EARLY_H
#define HAL_RISCV64_EARLY_H

#include <stdint.h>

/* Fill the kernel's page tables for an image at `image`, a multiple of 2 MiB; returns satp. */
uint64_t early_map(const uint8_t *image);

#endif
