/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entry into the kernel, and return.  The registers of U mode and of a guest are saved
 * directly to struct user_context or struct vcpu_page, which have the same beginning.  The
 * kernel starts with an empty stack.
 *
 * Some calls do not preserve all registers (libs/abi/interface.toml), so that the fast paths
 * need neither save nor load the others:
 *
 *   vcpu_run, and an exit (vcpu_fast.c)    preserve sp, gp, tp, s0
 *   call and reply_recv (ipc_fast.c)       preserve sp, gp, tp, s0 to s11
 *
 * Each other register holds a result, or after an exit the guest's value (which is in the
 * state page too), or 0, so that the caller sees no value of the kernel.
 */
#include "csr.h"
#include "layout.h"

/* All registers except x0, sp, tp and t0; a0 is last; `op` is sd or ld. */
.macro EACH_REGISTER op, base
    .irp    n, 1, 3, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, \
            27, 28, 29, 30, 31, 10
    \op     x\n, 8 * \n(\base)
    .endr
.endm

/* s1 to s11: with s0, sp, gp and tp all registers that a C function preserves. */
.macro EACH_SAVED op, base
    .irp    n, 9, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27
    \op     x\n, 8 * \n(\base)
    .endr
.endm

/* The words of a message: a2 to a6 and t1. */
.macro EACH_WORD op, base
    .irp    n, 6, 16, 15, 14, 13, 12
    \op     x\n, 8 * \n(\base)
    .endr
.endm

/* Save the registers that both fast paths preserve; t2 becomes the pc. */
.macro SAVE_CALLER
    csrrw   t0, CSR_SSCRATCH, zero
    ld      t1, CPU_SCRATCH(tp)
    csrr    t2, CSR_SEPC
    sd      t1, REGS_X(2)(sp)
    sd      gp, REGS_X(3)(sp)
    sd      t0, REGS_X(4)(sp)
    sd      s0, REGS_X(8)(sp)
.endm

/* Let later traps save at `regs`, and let sret go to the pc there. */
.macro CPU_ENTER cpu, regs
    sd      \regs, CPU_REGS(\cpu)
    ld      t0, REGS_PC(\regs)
    csrw    CSR_SEPC, t0
    csrw    CSR_SSCRATCH, \cpu
    addi    t0, \cpu, CPU_SCRATCH
    sc.d    zero, zero, (t0)            /* clear the LR reservation of the code before */
.endm

    .text
    .balign 4
    .globl trap_entry
trap_entry:
    csrrw   tp, CSR_SSCRATCH, tp
    beqz    tp, trap_in_kernel
    sd      sp, CPU_SCRATCH(tp)
    ld      sp, CPU_REGS(tp)
    sd      t0, REGS_X(5)(sp)
    csrr    t0, CSR_SCAUSE
    addi    t0, t0, -CAUSE_ECALL_U
    beqz    t0, call_from_user
save_all:
    EACH_REGISTER sd, sp
    csrrw   t0, CSR_SSCRATCH, zero      /* the old tp; 0: in the kernel */
    ld      t1, CPU_SCRATCH(tp)         /* the old sp */
    csrr    t2, CSR_SEPC
    sd      zero, REGS_X(0)(sp)
    sd      t1, REGS_X(2)(sp)
    sd      t0, REGS_X(4)(sp)
    sd      t2, REGS_PC(sp)
    mv      sp, tp
    mv      a0, tp
    call    trap_from_below             /* returns after a fast exit only */

    /* a0 = context of the thread in vcpu_run; its results: OK, x[11], x[12]. */
    ld      t0, REGS_PC(a0)             /* may stay in t0: the caller's own pc */
    csrw    CSR_SEPC, t0
    csrw    CSR_SSCRATCH, tp
    sd      a0, CPU_REGS(tp)
    ld      sp, REGS_X(2)(a0)
    ld      gp, REGS_X(3)(a0)
    ld      tp, REGS_X(4)(a0)
    ld      s0, REGS_X(8)(a0)
    ld      a1, REGS_X(11)(a0)
    ld      a2, REGS_X(12)(a0)
    .irp    r, a0, a3, a4, a5, a6, a7, t1, t2, t3, t4, t5, t6, ra
    li      \r, 0
    .endr
    sret

call_from_user:
    addi    t0, a7, -ENTRY_CALL_VCPU_RUN
    beqz    t0, 1f
    addi    t0, a7, -ENTRY_CALL_CALL
    sltiu   t0, t0, ENTRY_CALL_REPLY_RECV - ENTRY_CALL_CALL + 1
    beqz    t0, save_all
    EACH_WORD sd, sp
    SAVE_CALLER
    EACH_SAVED sd, sp
    sd      t2, REGS_PC(sp)
    sd      a0, REGS_X(10)(sp)
    sd      a1, REGS_X(11)(sp)
    sd      a7, REGS_X(17)(sp)
    mv      sp, tp
    j       trap_message
1:  SAVE_CALLER
    addi    t2, t2, 4                   /* behind the ecall */
    sd      t2, REGS_PC(sp)
    mv      sp, tp
    j       trap_vcpu_run               /* a0 to a2 hold the caller's arguments */

    /* cpu_resume_message(cpu, context, sender's context) */
    .globl cpu_resume_message
cpu_resume_message:
    CPU_ENTER a0, a1
    ld      sp, REGS_X(2)(a1)
    ld      gp, REGS_X(3)(a1)
    ld      tp, REGS_X(4)(a1)
    ld      t2, REGS_X(7)(a1)
    ld      s0, REGS_X(8)(a1)
    EACH_SAVED ld, a1
    EACH_WORD ld, a2                    /* a2 itself comes last */
    ld      a1, REGS_X(11)(a1)
    .irp    r, a0, a7, t0, t3, t4, t5, t6, ra   /* a0: OK */
    li      \r, 0
    .endr
    sret

    /* A trap in a routine of hyp.S that has set CPU_FIXUP continues there; every other trap is a
     * panic.  Those routines expect t0 and t1 to change. */
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
    sd      t0, REGS_X(5)(sp)
    EACH_REGISTER sd, sp
    sd      tp, REGS_X(4)(sp)
    csrr    t0, CSR_SEPC
    sd      t0, REGS_PC(sp)
    mv      sp, tp                      /* the old stack may be the cause */
    mv      a0, tp
    tail    trap_panic

    /* cpu_leave(cpu, regs) */
    .globl cpu_leave, cpu_resume
cpu_leave:
cpu_resume:
    CPU_ENTER a0, a1
    ld      x2, REGS_X(2)(a1)
    ld      x4, REGS_X(4)(a1)
    ld      t0, REGS_X(5)(a1)
    mv      a0, a1
    EACH_REGISTER ld, a0
    sret
