/* SPDX-License-Identifier: BSD-2-Clause */
/* The F and D registers to and from struct fp_state; sstatus.FS is on. */
#include "csr.h"

    .option push
    .option arch, +f, +d

.macro EACH_FP op
    \op     f0, 0(a0)
    \op     f1, 8(a0)
    \op     f2, 16(a0)
    \op     f3, 24(a0)
    \op     f4, 32(a0)
    \op     f5, 40(a0)
    \op     f6, 48(a0)
    \op     f7, 56(a0)
    \op     f8, 64(a0)
    \op     f9, 72(a0)
    \op     f10, 80(a0)
    \op     f11, 88(a0)
    \op     f12, 96(a0)
    \op     f13, 104(a0)
    \op     f14, 112(a0)
    \op     f15, 120(a0)
    \op     f16, 128(a0)
    \op     f17, 136(a0)
    \op     f18, 144(a0)
    \op     f19, 152(a0)
    \op     f20, 160(a0)
    \op     f21, 168(a0)
    \op     f22, 176(a0)
    \op     f23, 184(a0)
    \op     f24, 192(a0)
    \op     f25, 200(a0)
    \op     f26, 208(a0)
    \op     f27, 216(a0)
    \op     f28, 224(a0)
    \op     f29, 232(a0)
    \op     f30, 240(a0)
    \op     f31, 248(a0)
.endm

    .text
    .globl cpu_fp_save
cpu_fp_save:                            /* (struct fp_state *) */
    EACH_FP fsd
    csrr    t0, CSR_FCSR
    sd      t0, 256(a0)
    ret

    .globl cpu_fp_load
cpu_fp_load:                            /* (const struct fp_state *) */
    EACH_FP fld
    ld      t0, 256(a0)
    csrw    CSR_FCSR, t0
    ret

    .option pop
