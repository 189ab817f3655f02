/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_call(): every general register from fuzz_before[], an ecall, and every one into
 * fuzz_after[]; ft0 keeps x31 meanwhile.  Not even sp, gp and tp mean anything to the kernel.
 */
    .option norelax                     /* gp is random, too */
    .text
    .globl fuzz_call
fuzz_call:
    la      t0, saved
    .irp    n, 1, 2, 3, 4, 8, 9, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27
    sd      x\n, 8 * \n(t0)
    .endr
    la      x31, fuzz_before
    .irp    n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, \
            24, 25, 26, 27, 28, 29, 30, 31
    ld      x\n, 8 * \n(x31)
    .endr
    ecall
    fmv.d.x ft0, x31
    lla     x31, fuzz_after
    .irp    n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, \
            24, 25, 26, 27, 28, 29, 30
    sd      x\n, 8 * \n(x31)
    .endr
    fmv.x.d t0, ft0
    sd      t0, 8 * 31(x31)
    lla     t0, saved
    .irp    n, 1, 2, 3, 4, 8, 9, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27
    ld      x\n, 8 * \n(t0)
    .endr
    ret

    .bss
    .balign 8
saved:
    .skip   256
