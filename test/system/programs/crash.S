/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A process, used in place of a VMM, whose first instruction faults: a store to
 * an unmapped page.
 */
    .text
    .globl _start
_start:
    sd      zero, 8(zero)
1:  j       1b
