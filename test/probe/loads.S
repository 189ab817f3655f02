/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 64 KiB of one load after another, each from the address in a0.  .text.unlikely is first in .text,
 * so these loads stand at the addresses where other programs, linked alike, have their code.
 */
#define LOADS 16384

    .section .text.unlikely, "ax"
    .balign 4
    .global probe_loads, probe_loads_end
    .option push
    .option norvc
probe_loads:
    .rept LOADS
    ld t0, 0(a0)
    .endr
probe_loads_end:
    .option pop

    .section .note.GNU-stack, "", @progbits
