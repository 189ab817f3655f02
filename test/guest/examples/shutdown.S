/* SPDX-License-Identifier: BSD-2-Clause */
/* A guest: starts in S mode with a0 = hart and a1 = device tree, and powers off. */
    .globl _start
_start:
    li      a7, 0x53525354          /* the SBI's System Reset extension: */
    li      a6, 0                   /* function 0, system reset */
    li      a0, 0                   /* type: shutdown */
    li      a1, 0                   /* reason: none */
    ecall
