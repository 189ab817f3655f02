/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_run(struct fuzz_context *): sret to context->pc with its registers and sstatus.  The
 * function returns at the next trap, for any cause and any register values: a0 is scause, and the
 * context holds the registers of the trap.
 *
 *   0x000  x1 to x31 for the guest code     0x100  pc     0x108  sstatus
 *   0x110  ours: ra, sp, gp, tp, s0-s11
 */
    .option norelax
    .text
    .balign 4
    .globl fuzz_run
fuzz_run:
    sd      ra, 0x110(a0)
    sd      sp, 0x118(a0)
    sd      gp, 0x120(a0)
    sd      tp, 0x128(a0)
    .irp    n, 8, 9, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27
    sd      x\n, 0x110 + 8 * \n(a0)
    .endr
    csrw    sscratch, a0
    ld      t0, 0x100(a0)
    csrw    sepc, t0
    ld      t0, 0x108(a0)
    csrw    sstatus, t0
    la      t0, fuzz_trap
    csrw    stvec, t0
    mv      x31, a0
    .irp    n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, \
            24, 25, 26, 27, 28, 29, 30, 31
    ld      x\n, 8 * \n(x31)
    .endr
    sret

    .balign 4
    .globl fuzz_trap
fuzz_trap:
    csrrw   a1, sscratch, a1
    csrw    satp, zero
    sfence.vma
    .irp    n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, \
            25, 26, 27, 28, 29, 30, 31
    sd      x\n, 8 * \n(a1)
    .endr
    csrr    t0, sscratch
    sd      t0, 8 * 11(a1)
    la      t0, trap_vector
    csrw    stvec, t0
    ld      ra, 0x110(a1)
    ld      sp, 0x118(a1)
    ld      gp, 0x120(a1)
    ld      tp, 0x128(a1)
    .irp    n, 8, 9, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27
    ld      x\n, 0x110 + 8 * \n(a1)
    .endr
    csrr    a0, scause
    ret

/* fuzz_read_fp(uint64_t f[32]), with sstatus.FS on. */
    .option arch, +f, +d
    .globl fuzz_read_fp
fuzz_read_fp:
    .irp    n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, \
            23, 24, 25, 26, 27, 28, 29, 30, 31
    fsd     f\n, 8 * \n(a0)
    .endr
    ret
