/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CSRs by number, so that every assembler takes them without knowing the
 * extension (privileged specification, "CSR Listing"), and the fields used.
 */
#ifndef HAL_RISCV64_CSR_H
#define HAL_RISCV64_CSR_H

#define CSR_FCSR       0x003
#define CSR_TIME       0xc01
#define CSR_SSTATUS    0x100
#define CSR_SIE        0x104
#define CSR_STVEC      0x105
#define CSR_SCOUNTEREN 0x106
#define CSR_SENVCFG    0x10a
#define CSR_SSTATEEN0  0x10c
#define CSR_SSTATEEN1  0x10d
#define CSR_SSTATEEN2  0x10e
#define CSR_SSTATEEN3  0x10f
#define CSR_SCOUNTINHIBIT 0x120
#define CSR_SSCRATCH   0x140
#define CSR_SEPC       0x141
#define CSR_SCAUSE     0x142
#define CSR_STVAL      0x143
#define CSR_SIP        0x144
#define CSR_STIMECMP   0x14d
#define CSR_SCTRCTL    0x14e
#define CSR_SATP       0x180
#define CSR_VSSTATUS   0x200
#define CSR_VSIE       0x204
#define CSR_VSTVEC     0x205
#define CSR_VSSCRATCH  0x240
#define CSR_VSEPC      0x241
#define CSR_VSCAUSE    0x242
#define CSR_VSTVAL     0x243
#define CSR_VSIP       0x244
#define CSR_VSTIMECMP  0x24d
#define CSR_VSCTRCTL   0x24e
#define CSR_VSISELECT  0x250
#define CSR_VSATP      0x280
#define CSR_SCONTEXT   0x5a8
#define CSR_HSTATUS    0x600
#define CSR_HEDELEG    0x602
#define CSR_HIDELEG    0x603
#define CSR_HTIMEDELTA 0x605
#define CSR_HCOUNTEREN 0x606
#define CSR_HIE        0x604
#define CSR_HGEIE      0x607
#define CSR_HVIEN      0x608
#define CSR_HVICTL     0x609
#define CSR_HENVCFG    0x60a
#define CSR_HSTATEEN0  0x60c
#define CSR_HSTATEEN1  0x60d
#define CSR_HSTATEEN2  0x60e
#define CSR_HSTATEEN3  0x60f
#define CSR_HTVAL      0x643
#define CSR_HVIP       0x645
#define CSR_HVIPRIO1   0x646
#define CSR_HVIPRIO2   0x647
#define CSR_HTINST     0x64a
#define CSR_HGATP      0x680
#define CSR_HCONTEXT   0x6a8

#define CAUSE_ECALL_U  8

#define SSTATUS_SPIE   0x20
#define SSTATUS_SPP    0x100
#define SSTATUS_FS     0x6000
#define HSTATUS_SPV    0x80
#define HSTATUS_SPVP   0x100

#ifndef __ASSEMBLER__

#include <stdint.h>

#define SSTATUS_SIE       (UINT64_C(1) << 1)
#define SSTATUS_UBE       (UINT64_C(1) << 6)
#define SSTATUS_VS        (UINT64_C(3) << 9)
#define SSTATUS_FS_CLEAN  (UINT64_C(2) << 13)
#define SSTATUS_FS_DIRTY  (UINT64_C(3) << 13)
#define SSTATUS_SPELP     (UINT64_C(1) << 23)
#define SSTATUS_SDT       (UINT64_C(1) << 24)
#define SSTATUS_SUM       (UINT64_C(1) << 18)
#define SSTATUS_MXR       (UINT64_C(1) << 19)
#define SSTATUS_UXL_64    (UINT64_C(2) << 32)
#define HSTATUS_VTW       (UINT64_C(1) << 21)
#define HSTATUS_VSXL_64   (UINT64_C(2) << 32)
#define SENVCFG_WRITABLE  UINT64_C(0xf1) /* FIOM, CBIE, CBCFE, CBZE */
#define HENVCFG_ADUE      (UINT64_C(1) << 61)
#define HENVCFG_STCE      (UINT64_C(1) << 63)
#define HSTATEEN0_SENVCFG (UINT64_C(1) << 62)
#define COUNTEREN_TIME    UINT64_C(2)

#define IRQ_S_TIMER       5u
#define IRQ_S_EXTERNAL    9u
#define SCAUSE_INTERRUPT  (UINT64_C(1) << 63)
#define CAUSE_ILLEGAL     2u

#define ATP_MODE_SV39     (UINT64_C(8) << 60) /* satp, vsatp; Sv39x4 in hgatp */
#define ATP_ID_SHIFT      44                  /* ASID; VMID in hgatp */

/* An instruction that changes a CSR (csrrw, csrrs, csrrc), and the old value. */
#define CSR_CHANGE(instruction, csr, value)                                                        \
    ({                                                                                             \
        uint64_t old_;                                                                             \
        __asm__ volatile(instruction " %0, %1, %2"                                                 \
                         : "=r"(old_)                                                              \
                         : "i"(csr), "rK"((uint64_t)(value))                                       \
                         : "memory");                                                              \
        old_;                                                                                      \
    })
#define CSR_READ(csr)             CSR_CHANGE("csrrs", csr, 0)
#define CSR_READ_CLEAR(csr, bits) CSR_CHANGE("csrrc", csr, bits)
#define CSR_SWAP(csr, value)      CSR_CHANGE("csrrw", csr, value)
#define CSR_WRITE(csr, value)                                                                      \
    __asm__ volatile("csrw %0, %1" : : "i"(csr), "rK"((uint64_t)(value)) : "memory")
#define CSR_SET(csr, bits)                                                                         \
    __asm__ volatile("csrs %0, %1" : : "i"(csr), "rK"((uint64_t)(bits)) : "memory")
#define CSR_CLEAR(csr, bits)                                                                       \
    __asm__ volatile("csrc %0, %1" : : "i"(csr), "rK"((uint64_t)(bits)) : "memory")

#endif
#endif
