/* SPDX-License-Identifier: BSD-2-Clause */
/* All 32 FP registers from a seed: f<i> = seed + i, as raw bits; and back. */
    .option arch, +f, +d
    .text
    .globl pattern_fill_fp
pattern_fill_fp:
    .irp i, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    addi    t0, a0, \i
    fmv.d.x f\i, t0
    .endr
    andi    t0, a0, 0x1f
    fscsr   t0
    ret

    .globl pattern_any_fp
/* Returns 0 when every register is 0, as a new hart's are. */
pattern_any_fp:
    frcsr   a0
    .irp i, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    fmv.x.d t0, f\i
    or      a0, a0, t0
    .endr
    ret

    .globl pattern_check_fp
/* a0: seed.  Returns 0 when every register holds its value, else a word with other bits. */
pattern_check_fp:
    li      t2, 0
    .irp i, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    addi    t0, a0, \i
    fmv.x.d t1, f\i
    xor     t0, t0, t1
    or      t2, t2, t0
    .endr
    frcsr   t0
    andi    t1, a0, 0x1f
    xor     t0, t0, t1
    or      a0, t2, t0
    ret
