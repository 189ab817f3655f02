/* SPDX-License-Identifier: BSD-2-Clause */
/* A guest that executes a hypervisor's instruction; its hart has no H extension: cause 2. */
    .globl _start
_start:
    la      t0, trapped
    csrw    stvec, t0
    .option arch, +h
    hfence.vvma
    .balign 4
trapped:
    csrr    a0, scause
    j       tell_and_power_off
