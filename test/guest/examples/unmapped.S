/* SPDX-License-Identifier: BSD-2-Clause */
/* A guest that reads an address where its machine has nothing: load access fault, cause 5. */
    .globl _start
_start:
    la      t0, trapped
    csrw    stvec, t0
    li      t0, 0x18000000
    ld      t0, (t0)
    .balign 4
trapped:
    csrr    a0, scause
    j       tell_and_power_off
