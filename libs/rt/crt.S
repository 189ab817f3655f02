/* SPDX-License-Identifier: BSD-2-Clause */
/* The first instructions of each thread of a process.  a0: the argument of rt_begin(); a1: the
 * thread's number; sp: top of its stack. */
    .section .text.start, "ax"
    .global _start
    .type _start, @function
_start:
    .option push
    .option norelax
    la gp, __global_pointer$
    .option pop
    li ra, 0
    li s0, 0
    li tp, 0
    andi sp, sp, -16
    bnez a1, 1f
    tail rt_begin
1:  tail rt_thread_begin
    .size _start, . - _start
    .section .note.GNU-stack, "", @progbits
