/* SPDX-License-Identifier: BSD-2-Clause */
/* Unit types of the kernel: one field each, so that mixing them does not compile. */
#ifndef KERNEL_HAL_TYPES_H
#define KERNEL_HAL_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A physical address of the machine, bytes. */
typedef struct {
    uint64_t raw;
} hpa_t;

static inline hpa_t hpa(uint64_t raw)
{
    return (hpa_t){ .raw = raw };
}

#define PAGE_BITS  12u
#define PAGE_BYTES (UINT64_C(1) << PAGE_BITS)

#endif
