/* SPDX-License-Identifier: BSD-2-Clause */
/* Begins C code on a thread's stack, and begins it again from the stack's end. */
    .text
    .global rt_thread_wait
    .type rt_thread_wait, @function
    .global rt_thread_wait_again
    .type rt_thread_wait_again, @function

/* rt_thread_wait(number, lock_slot): rt_thread_serve(number, lock_slot, sp). */
rt_thread_wait:
    andi a2, sp, -16
/* rt_thread_wait_again(number, lock_slot, stack_end): drops all frames. */
rt_thread_wait_again:
    mv sp, a2
    li ra, 0
    li s0, 0
    li tp, 0
    tail rt_thread_serve
    .size rt_thread_wait, . - rt_thread_wait

/* rt_thread_enter(number, tls): rt_thread_run(number) in the thread's TLS. */
    .global rt_thread_enter
    .type rt_thread_enter, @function
rt_thread_enter:
    mv tp, a1
    tail rt_thread_run
    .size rt_thread_enter, . - rt_thread_enter

    .section .note.GNU-stack, "", @progbits
