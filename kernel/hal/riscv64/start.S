/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first instructions: an Image header (Linux' "Boot image header in RISC-V
 * Linux"), then from physical to virtual addresses.  Entered by firmware with
 * a0 = hart id, a1 = physical address of the device tree, satp = 0.
 */
#include "csr.h"
#include "layout.h"
#include "sbi.h"

    .section .head, "ax"
    .globl _start
    .option norvc
_start:
    j       start
    nop
    .dword  0x200000            /* text_offset: from the start of RAM */
    .dword  image_bytes
    .dword  0                   /* flags: little endian */
    .word   2                   /* version 0.2 */
    .word   0
    .dword  0
    .ascii  "RISCV\0\0\0"
    .ascii  "RSC\005"
    .word   0
    .option rvc

start:
    csrw    CSR_SIE, zero
    csrw    CSR_SATP, zero
    mv      s0, a0
    mv      s1, a1
    lla     s2, _start
    lla     sp, boot_cpu        /* the stack lies below it */

    lla     t0, bss_start
    lla     t1, image_end
1:  sd      zero, 0(t0)
    addi    t0, t0, 8
    bltu    t0, t1, 1b

    mv      a0, s2
    call    early_map           /* -> satp */

    /* Once satp is on, the next fetch faults, and the hart continues at stvec. */
    lla     t0, 2f
    sub     t0, t0, s2
    li      t1, KERNEL_BASE
    add     t0, t0, t1
    csrw    CSR_STVEC, t0
    sfence.vma
    csrw    CSR_SATP, a0
    .balign 4
2:
    lla     t0, trap_entry
    csrw    CSR_STVEC, t0
    csrw    CSR_SSCRATCH, zero
    lla     tp, boot_cpu
    mv      sp, tp
    mv      a0, s0
    mv      a1, s1
    mv      a2, s2
    call    cpu_boot
    unimp

/*
 * cpu_hand_over(hart id, physical address of _start, device tree), while the image is mapped at
 * its physical addresses too.  The other hart zeroes the stack and page tables of this hart, so
 * after the start this hart must use neither.
 */
    .text
    .globl cpu_hand_over
cpu_hand_over:
    csrr    t0, CSR_SATP
    lla     t1, 1f
    lla     t2, _start
    sub     t1, t1, t2
    add     t1, t1, a1
    jr      t1
1:  csrw    CSR_SATP, zero
    li      a7, SBI_EXT_HSM
    li      a6, SBI_HSM_START
    ecall
    bnez    a0, 3f
    li      a6, SBI_HSM_STOP
    ecall
2:  wfi
    j       2b
3:  csrw    CSR_SATP, t0
    sfence.vma
    ret
