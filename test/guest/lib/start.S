/* SPDX-License-Identifier: BSD-2-Clause */
/* Boot header (Linux "Boot image header in RISC-V"), entry, and the trap vector. */
    .section .head, "ax"
    .globl _start
_start:
    j       enter
    .balign 8
    .dword  0x200000            /* text_offset: from the start of RAM */
    .dword  __image_size
    .dword  0                   /* flags: little endian */
    .word   2                   /* header version 0.2 */
    .word   0
    .dword  0
    .ascii  "RISCV\0\0\0"
    .ascii  "RSC\x05"
    .word   0

enter:
    .option push
    .option norelax
    la      sp, __stack_top
    la      t0, trap_vector
    csrw    stvec, t0
    la      t0, __bss_start
    la      t1, __bss_end
1:  bgeu    t0, t1, 2f
    sd      zero, 0(t0)
    addi    t0, t0, 8
    j       1b
2:  call    guest_main
3:  wfi
    j       3b
    .option pop

    .text
    .balign 4
/* Saves x1-x31 in a struct trap_frame on the stack; trap_handle() may change its pc. */
    .globl trap_vector
trap_vector:
    csrw    sscratch, sp
    addi    sp, sp, -272
    andi    sp, sp, -16
    .irp r, 1,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    sd      x\r, \r*8(sp)
    .endr
    csrr    t0, sscratch
    sd      t0, 16(sp)
    csrr    t0, sepc
    sd      t0, 256(sp)
    mv      a0, sp
    csrr    a1, scause
    csrr    a2, stval
    call    trap_handle
    ld      t0, 256(sp)
    csrw    sepc, t0
    .irp r, 1,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    ld      x\r, \r*8(sp)
    .endr
    ld      sp, 16(sp)
    sret

    .section .bss
    .balign 16
    .skip   16384
__stack_top:
