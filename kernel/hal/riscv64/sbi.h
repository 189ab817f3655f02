/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls to the machine's firmware (SBI specification 2.0): "Binary Encoding",
 * "Base Extension", "Timer Extension", "Hart State Management Extension",
 * "Debug Console Extension", "Legacy Extensions".
 */
#ifndef HAL_RISCV64_SBI_H
#define HAL_RISCV64_SBI_H

/* For assembly too. */
#define SBI_EXT_HSM       0x48534d
#define SBI_HSM_START     0
#define SBI_HSM_STOP      1

#ifndef __ASSEMBLER__

#include <stdint.h>

#define SBI_EXT_PUTCHAR   UINT64_C(0x01)
#define SBI_EXT_BASE      UINT64_C(0x10)
#define SBI_EXT_TIME      UINT64_C(0x54494d45)
#define SBI_EXT_DBCN      UINT64_C(0x4442434e)
#define SBI_BASE_PROBE    3
#define SBI_TIME_SET      0
#define SBI_DBCN_WRITE    0

struct sbi_result {
    int64_t error;
    uint64_t value;
};

static inline struct sbi_result sbi_call(uint64_t extension, uint64_t function, uint64_t arg0,
                                         uint64_t arg1, uint64_t arg2)
{
    register uint64_t a0 __asm__("a0") = arg0;
    register uint64_t a1 __asm__("a1") = arg1;
    register uint64_t a2 __asm__("a2") = arg2;
    register uint64_t a6 __asm__("a6") = function;
    register uint64_t a7 __asm__("a7") = extension;

    __asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a2), "r"(a6), "r"(a7) : "memory");
    return (struct sbi_result){ .error = (int64_t)a0, .value = a1 };
}

#endif
#endif
