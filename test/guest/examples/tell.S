/* SPDX-License-Identifier: BSD-2-Clause */
/* Prints "cause " and the digit in a0 through the SBI's debug console, and powers off. */
    .globl tell_and_power_off
tell_and_power_off:
    addi    a0, a0, '0'
    la      a1, digit
    sb      a0, (a1)
    li      a0, 8                   /* bytes, */
    la      a1, text                /* their physical address, */
    li      a2, 0                   /* and its upper half */
    li      a6, 0                   /* function 0, write */
    li      a7, 0x4442434e          /* of the Debug Console extension */
    ecall
    li      a7, 0x53525354
    li      a6, 0
    li      a0, 0
    li      a1, 0
    ecall

    .data
text:
    .ascii  "cause "
digit:
    .ascii  "?\n"
