/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses that kernel.ld defines. */
#ifndef HAL_RISCV64_IMAGE_H
#define HAL_RISCV64_IMAGE_H

#include <stdint.h>

extern uint8_t _start[], text_end[], rodata_end[], stack_guard[], image_end[];

/* The kernel's own page tables. */
enum kernel_table {
    TABLE_ROOT,
    TABLE_IMAGE_GIB,  /* the image where it is linked: its GiB, then its 2 MiB */
    TABLE_IMAGE,
    TABLE_DIRECT_GIB, /* the image in the mapping of physical memory */
    TABLE_DIRECT,
    TABLE_COUNT
};
extern uint64_t kernel_tables[TABLE_COUNT][512];

#endif
