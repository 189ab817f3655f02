/* SPDX-License-Identifier: BSD-2-Clause */
/* void sbi_raw(uint64_t x[32]): an ecall with all registers but x0 from x; they come back in x. */
    .text
    .globl sbi_raw
sbi_raw:
    addi    sp, sp, -112
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
    sd      sp, 0(a0)               /* x[0] has no other use */
    csrw    sscratch, a0
    la      t0, saved_s11
    sd      s11, (t0)
    mv      x31, a0
    .irp r, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    ld      x\r, \r * 8(x31)
    .endr
    ecall
    csrrw   x31, sscratch, x31
    .irp r, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
    sd      x\r, \r * 8(x31)
    .endr
    csrr    t0, sscratch
    sd      t0, 248(x31)
    ld      sp, 0(x31)
    la      t0, saved_s11
    ld      s11, (t0)
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
    addi    sp, sp, 112
    ret

/* Where a non-retentive suspend resumes: what the hart was given goes to resume_state, and on. */
    .globl resume_entry
    .balign 4
resume_entry:
    la      t0, resume_state
    sd      a0, 0(t0)
    sd      a1, 8(t0)
    csrr    t1, satp
    sd      t1, 16(t0)
    csrr    t1, sstatus
    sd      t1, 24(t0)
    ld      sp, 32(t0)
    ld      t0, 40(t0)
    jr      t0

/*
 * void suspend_and_resume(uint64_t type, uint64_t opaque): returns when resumed, or refused.  All
 * registers but a0, a1, satp and sstatus.SIE are undefined after a non-retentive suspend.
 */
    .globl suspend_and_resume
suspend_and_resume:
    addi    sp, sp, -144
    sd      ra, 0(sp)
    sd      gp, 8(sp)
    sd      tp, 16(sp)
    .irp r, 0,1,2,3,4,5,6,7,8,9,10,11
    sd      s\r, 24 + \r * 8(sp)
    .endr
    csrr    t0, stvec
    sd      t0, 120(sp)
    csrr    t0, sie
    sd      t0, 128(sp)
    la      t0, resume_state
    sd      sp, 32(t0)
    la      t1, 1f
    sd      t1, 40(t0)
    mv      a2, a1
    la      a1, resume_entry
    li      a6, 3
    li      a7, 0x48534d
    ecall
1:  ld      ra, 0(sp)
    ld      gp, 8(sp)
    ld      tp, 16(sp)
    .irp r, 0,1,2,3,4,5,6,7,8,9,10,11
    ld      s\r, 24 + \r * 8(sp)
    .endr
    ld      t0, 120(sp)
    csrw    stvec, t0
    ld      t0, 128(sp)
    csrw    sie, t0
    addi    sp, sp, 144
    ret

    .bss
    .balign 8
saved_s11:
    .skip 8
    .globl resume_state
resume_state:
    .skip 48
