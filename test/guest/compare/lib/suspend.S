/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * suspend_try(type, address, opaque, result): see sbi_hsm.c.  The hart returns here on each path.
 * A resumed hart has lost its registers, and finds its state by fixed addresses in memory.
 */
    .text
    .globl suspend_try
suspend_try:
    addi    sp, sp, -128
    sd      ra, 0(sp)
    sd      gp, 8(sp)
    sd      tp, 16(sp)
    sd      s0, 24(sp)
    sd      s1, 32(sp)
    sd      s2, 40(sp)
    sd      s3, 48(sp)
    sd      s4, 56(sp)
    sd      s5, 64(sp)
    sd      s6, 72(sp)
    sd      s7, 80(sp)
    sd      s8, 88(sp)
    sd      s9, 96(sp)
    sd      s10, 104(sp)
    sd      s11, 112(sp)
    sd      a3, 120(sp)
    la      t0, suspend_sp
    sd      sp, (t0)
    la      t0, suspend_trapped
    csrw    stvec, t0
    li      a6, 3
    li      a7, 0x48534d
    ecall
    mv      t1, a0
    li      t0, 0
    j       come_back

    .balign 4
suspend_trapped:
    li      t0, 1
    csrr    t1, scause
    csrr    t2, stval
    j       come_back

    .globl suspend_entry
    .balign 4
suspend_entry:
    li      t0, 2
    mv      t1, a0
    mv      t2, a1
    csrr    t3, satp
    csrr    t4, sstatus
    csrr    a4, sie
    csrr    a5, sscratch
    csrr    a6, stvec

come_back:
    la      t5, suspend_sp
    ld      sp, (t5)
    ld      a3, 120(sp)
    sd      t0, 0(a3)
    sd      t1, 8(a3)
    sd      t2, 16(a3)
    sd      t3, 24(a3)
    sd      t4, 32(a3)
    sd      a4, 40(a3)
    sd      a5, 48(a3)
    sd      a6, 56(a3)
    la      t5, trap_vector
    csrw    stvec, t5
    ld      ra, 0(sp)
    ld      gp, 8(sp)
    ld      tp, 16(sp)
    ld      s0, 24(sp)
    ld      s1, 32(sp)
    ld      s2, 40(sp)
    ld      s3, 48(sp)
    ld      s4, 56(sp)
    ld      s5, 64(sp)
    ld      s6, 72(sp)
    ld      s7, 80(sp)
    ld      s8, 88(sp)
    ld      s9, 96(sp)
    ld      s10, 104(sp)
    ld      s11, 112(sp)
    addi    sp, sp, 128
    ret

    .bss
    .balign 8
suspend_sp:
    .skip   8
