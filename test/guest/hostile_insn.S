/* SPDX-License-Identifier: BSD-2-Clause */
/* Snippets that provoke traps, each a function of its address argument; and the way into U mode. */
    .option arch, +a, +f, +d
    .text
    .macro snippet name
    .globl  snippet_\name
    .balign 4
snippet_\name:
    .endm

    snippet illegal_word
    .word   0xffffffff
    ret
    snippet illegal_zero
    .half   0
    ret
    snippet ebreak
    .option push
    .option norvc
    ebreak
    .option pop
    ret
    snippet machine_csr
    csrr    a0, mstatus
    ret
    snippet write_time
    .word   0xc0101073          /* csrrw x0, time, x0 */
    ret
    snippet no_such_csr
    csrr    a0, 0x5c0
    ret
    snippet hypervisor_csr
    csrr    a0, 0x600           /* hstatus */
    ret
    snippet vs_csr
    csrr    a0, 0x200           /* vsstatus */
    ret
    snippet hfence
    .word   0x62000073          /* hfence.gvma */
    ret
    snippet hypervisor_load
    .word   0x60054573          /* hlv.b a0, (a0) */
    ret
    snippet mret
    mret
    ret
    snippet fadd
    fadd.d  fa0, fa0, fa0
    ret
    snippet vector
    .word   0x0d0072d7          /* vsetvli t0, zero, e64, m1 */
    ret
    snippet nop
    ret

    .irp op, lb, lh, lw, ld, lbu, lhu, lwu
    snippet \op
    \op     a0, 0(a0)
    ret
    .endr
    .irp op, sb, sh, sw, sd
    snippet \op
    \op     zero, 0(a0)
    ret
    .endr
    snippet c_lw
    .option rvc
    c.lw    a0, 0(a0)
    ret
    snippet c_sd
    c.sd    a1, 0(a0)
    ret
    snippet c_fld
    c.fld   fa0, 0(a0)
    ret
    snippet lr
    lr.w    a0, (a0)
    ret
    snippet sc
    sc.w    a0, zero, (a0)
    ret
    snippet amo
    amoadd.d a0, zero, (a0)
    ret
    snippet flw
    flw     fa0, 0(a0)
    ret
    snippet fsd
    fsd     fa0, 0(a0)
    ret

    snippet rdinstret
    rdinstret a0
    ret
    snippet rdtime
    rdtime  a0
    ret
    snippet supervisor_csr
    csrr    a0, sscratch
    ret
    snippet wfi
    wfi
    ret
    snippet sret
    sret
    ret
    snippet sfence
    sfence.vma
    ret
    snippet user_ecall
    ecall
    ret

/* enter_user(function, argument): run it in U mode; back in S mode when it traps.  sp, gp and the
 * callee-saved registers are kept, so the trap handler returns to `user_return`. */
    .globl  enter_user
enter_user:
    addi    sp, sp, -112
    .irp r, 0,1,2,3,4,5,6,7,8,9,10,11
    sd      s\r, \r*8(sp)
    .endr
    sd      ra, 96(sp)
    la      t0, user_stack
    sd      sp, 0(t0)
    csrw    sepc, a0
    mv      a0, a1
    li      t0, 0x100           /* SPP: U */
    csrc    sstatus, t0
    la      ra, user_finished
    sret
user_finished:                  /* in U mode: the snippet returned without a trap */
    li      a7, 0x5553
    ecall
    .globl  user_return
user_return:
    la      t0, user_stack
    ld      sp, 0(t0)
    .irp r, 0,1,2,3,4,5,6,7,8,9,10,11
    ld      s\r, \r*8(sp)
    .endr
    ld      ra, 96(sp)
    addi    sp, sp, 112
    ret

    .section .bss
    .balign 8
user_stack:
    .dword  0
