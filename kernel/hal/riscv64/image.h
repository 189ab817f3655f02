/* SPDX-License-Identifier: BSD-2-Clause */
/* Where kernel.ld put things. */
#ifndef HAL_RISCV64_IMAGE_H
#define HAL_RISCV64_IMAGE_H

#include <stdint.h>

extern uint8_t _start[], text_end[], rodata_end[], stack_guard[], image_end[];

/* The kernel's own page tables: root, the image's GiB, the image's 2 MiB. */
extern uint64_t kernel_tables[3][512];

#endif
