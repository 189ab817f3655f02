/* SPDX-License-Identifier: BSD-2-Clause */
/* The F and D registers to and from struct fp_state; sstatus.FS is on. */
#include "csr.h"

    .option push
    .option arch, +f, +d

.macro EACH_FP op
    .irp    n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, \
            23, 24, 25, 26, 27, 28, 29, 30, 31
    \op     f\n, 8 * \n(a0)
    .endr
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
