/* SPDX-License-Identifier: BSD-2-Clause */
/* A guest that executes an instruction that does not exist: illegal instruction, cause 2. */
    .globl _start
_start:
    la      t0, trapped
    csrw    stvec, t0
    .word   0xffffffff
    .balign 4
trapped:
    csrr    a0, scause
    j       tell_and_power_off
