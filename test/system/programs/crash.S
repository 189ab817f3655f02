/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A process that faults with its first instruction: it stores to a page that
 * nobody has mapped.  It stands in a VMM's place.
 */
    .text
    .globl _start
_start:
    sd      zero, 8(zero)
1:  j       1b
