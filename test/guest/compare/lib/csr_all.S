/* SPDX-License-Identifier: BSD-2-Clause */
/* A function of eight bytes for each CSR number: reads it to a0. As words, for all numbers. */
    .text
    .balign 8
    .globl csr_readers
csr_readers:
    .set    number, 0
    .rept   4096
    .word   0x00002573 | number << 20   /* csrrs a0, number, x0 */
    .word   0x00008067                  /* ret */
    .set    number, number + 1
    .endr
