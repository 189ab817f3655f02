/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The copy between rt_access_start and rt_access_end may fault; see rt_access.h.
 *
 *   a0  destination: the next byte to write
 *   a1  source: the next byte to read (in the shifting loop t3 is the aligned address)
 *   a2  bytes, later scratch
 *   a3  1: the destination is the process's own memory (rt_copy_in); 0: the source is
 *   a4  end of the destination
 *
 * No loop accesses more than 64 bytes from a0 and a1 before it advances both, and none writes a
 * callee-saved register or the stack: the second exit relies on that.
 */
#define OK            0
#define ERR_PEER_DIED 15 /* of base/err.h, which is C */
#define CHUNK         64

    .section .text.rt_access, "ax"
    .global rt_copy_in
    .type rt_copy_in, @function
    .global rt_copy_out
    .type rt_copy_out, @function
    .global rt_access_start, rt_access_end, rt_access_exit
rt_access_start:
rt_copy_in:
    li a3, 1
    j copy
rt_copy_out:
    li a3, 0
copy:
    add a4, a0, a2
    li t0, 16
    bltu a2, t0, bytes /* too short to be worth aligning */

    /* Bytes until the destination is aligned. */
1:  andi t0, a0, 7
    beqz t0, 2f
    lbu t1, 0(a1)
    addi a1, a1, 1
    sb t1, 0(a0)
    addi a0, a0, 1
    j 1b
2:  andi t0, a1, 7
    bnez t0, shift

    /* Both are aligned: chunks, then words. */
    sub a2, a4, a0
    andi a2, a2, -CHUNK
    add a2, a0, a2
    beq a0, a2, 4f
3:  ld t0, 0(a1)
    ld t1, 8(a1)
    ld t2, 16(a1)
    ld t3, 24(a1)
    ld t4, 32(a1)
    ld t5, 40(a1)
    ld t6, 48(a1)
    ld a5, 56(a1)
    sd t0, 0(a0)
    sd t1, 8(a0)
    sd t2, 16(a0)
    sd t3, 24(a0)
    sd t4, 32(a0)
    sd t5, 40(a0)
    sd t6, 48(a0)
    sd a5, 56(a0)
    addi a1, a1, CHUNK
    addi a0, a0, CHUNK
    bne a0, a2, 3b
4:  andi a2, a4, -8
    beq a0, a2, bytes
5:  ld t0, 0(a1)
    addi a1, a1, 8
    sd t0, 0(a0)
    addi a0, a0, 8
    bne a0, a2, 5b

bytes:
    beq a0, a4, 7f
6:  lbu t0, 0(a1)
    addi a1, a1, 1
    sb t0, 0(a0)
    addi a0, a0, 1
    bne a0, a4, 6b
7:  li a0, OK
    ret

    /* The destination is aligned and the source is not: each word written has bytes of two aligned
     * words of the source.  Every aligned word that is read has bytes to copy, so none lies on a
     * page that the source does not reach.  t1, t2: shifts; t0: the lower word. */
shift:
    andi a2, a4, -8
    beq a0, a2, bytes
    andi t3, a1, -8
    slli t1, a1, 3
    andi t1, t1, 63
    li t2, 64
    sub t2, t2, t1
    ld t0, 0(t3)
8:  ld t4, 8(t3)
    srl t0, t0, t1
    sll t5, t4, t2
    or t0, t0, t5
    sd t0, 0(a0)
    mv t0, t4
    addi t3, t3, 8
    addi a1, a1, 8
    addi a0, a0, 8
    bne a0, a2, 8b
    j bytes
rt_access_end:
    .size rt_copy_in, . - rt_copy_in
    .size rt_copy_out, . - rt_copy_out

    /* The second exit.  Touch the process's own side where the copy was, at the first byte and at
     * the last that the loop can have reached: if that side caused the fault, this access faults
     * too, and outside of the range the process dies. */
    .type rt_access_exit, @function
rt_access_exit:
    mv t0, a0
    bnez a3, 1f
    mv t0, a1
1:  sub t1, a4, a0
    addi t1, t1, -1
    li t2, CHUNK - 1
    bleu t1, t2, 2f
    mv t1, t2
2:  add t1, t0, t1
    lbu t2, 0(t0)
    lbu t3, 0(t1)
    beqz a3, 3f
    sb t2, 0(t0)
    sb t3, 0(t1)
3:  li a0, ERR_PEER_DIED
    ret
    .size rt_access_exit, . - rt_access_exit

    /* struct elf64_note_header, the name, struct elf_recovery: see libs/elf/elf.c. */
    .section .note.warren.recovery, "a", @note
    .balign 4
    .4byte 2f - 1f
    .4byte 4f - 3f
    .4byte 1
1:  .asciz "Warren"
2:  .balign 4
3:  .8byte rt_access_start
    .8byte rt_access_end - rt_access_start
    .8byte rt_access_exit
4:
    .section .note.GNU-stack, "", @progbits
