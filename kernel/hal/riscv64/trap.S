/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Into the kernel and out of it.  From U mode and from a guest the registers go
 * straight into what runs (struct user_context or struct vcpu_page, which begin
 * alike), and the kernel starts with an empty stack; nothing else survives.
 */
#include "csr.h"
#include "layout.h"

/* All but x0, sp and tp, a0 last; `op` is sd or ld. */
.macro EACH_REGISTER op, base
    .irp    n, 1, 3, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, \
            26, 27, 28, 29, 30, 31, 10
    \op     x\n, 8 * \n(\base)
    .endr
.endm

    .text
    .balign 4
    .globl trap_entry
trap_entry:
    csrrw   tp, CSR_SSCRATCH, tp
    beqz    tp, trap_in_kernel
    sd      sp, CPU_SCRATCH(tp)
    ld      sp, CPU_REGS(tp)
    EACH_REGISTER sd, sp
    csrrw   t0, CSR_SSCRATCH, zero      /* what was in tp; "in the kernel" */
    ld      t1, CPU_SCRATCH(tp)         /* what was in sp */
    csrr    t2, CSR_SEPC
    sd      zero, REGS_X(0)(sp)
    sd      t1, REGS_X(2)(sp)
    sd      t0, REGS_X(4)(sp)
    sd      t2, REGS_PC(sp)
    mv      sp, tp
    mv      a0, tp
    tail    trap_from_below

    /* A routine of hyp.S that announced its trap goes on; everything else is the end.
     * Those routines expect t0 and t1 to change. */
trap_in_kernel:
    csrrw   tp, CSR_SSCRATCH, zero
    sd      t0, CPU_SCRATCH(tp)
    ld      t0, CPU_FIXUP(tp)
    beqz    t0, 1f
    csrw    CSR_SEPC, t0
    sret
1:  addi    t0, tp, CPU_PANIC
    sd      sp, REGS_X(2)(t0)
    mv      sp, t0
    ld      t0, CPU_SCRATCH(tp)
    EACH_REGISTER sd, sp
    sd      tp, REGS_X(4)(sp)
    csrr    t0, CSR_SEPC
    sd      t0, REGS_PC(sp)
    mv      sp, tp                      /* the old stack may be what failed */
    mv      a0, tp
    tail    trap_panic

    /* cpu_leave(cpu, regs) */
    .globl cpu_leave
cpu_leave:
    sd      a1, CPU_REGS(a0)
    ld      t0, REGS_PC(a1)
    csrw    CSR_SEPC, t0
    csrw    CSR_SSCRATCH, a0
    addi    t0, a0, CPU_SCRATCH
    sc.d    zero, zero, (t0)            /* no reservation passes from one to another */
    ld      x2, REGS_X(2)(a1)
    ld      x4, REGS_X(4)(a1)
    mv      a0, a1
    EACH_REGISTER ld, a0
    sret
