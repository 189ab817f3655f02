/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Instructions of the H extension, which the compiler does not know, and CSR accesses
 * that may trap, which return struct probe {value, ok}.
 */
#include "csr.h"
#include "layout.h"

    .option push
    .option arch, +h

    .text
/* A probe stores in CPU_FIXUP where to continue after a trap, and clears it at the end. */
.macro PROBE name, insn:vararg
    .globl \name
\name:
    lla     t0, 1f
    sd      t0, CPU_FIXUP(tp)
    mv      t2, a0
    li      a0, 0
    li      a1, 0
    \insn
    li      a1, 1
    .balign 4
1:  sd      zero, CPU_FIXUP(tp)
    ret
.endm

PROBE cpu_probe_hstateen0, csrr a0, CSR_HSTATEEN0
PROBE cpu_probe_stimecmp, csrr a0, CSR_STIMECMP
PROBE cpu_probe_vsiselect, csrr a0, CSR_VSISELECT
PROBE cpu_probe_hvictl, csrr a0, CSR_HVICTL
PROBE cpu_probe_hstatus, csrr a0, CSR_HSTATUS
PROBE cpu_fetch_guest_half, hlvx.hu a0, (t2)

    .globl cpu_clear_optional           /* () */
cpu_clear_optional:
    .irp    csr, CSR_SSTATEEN0, CSR_SSTATEEN1, CSR_SSTATEEN2, CSR_SSTATEEN3, CSR_HSTATEEN1, \
            CSR_HSTATEEN2, CSR_HSTATEEN3, CSR_SCOUNTINHIBIT, CSR_SCTRCTL, CSR_VSCTRCTL, \
            CSR_SCONTEXT, CSR_HCONTEXT
    lla     t0, 1f
    sd      t0, CPU_FIXUP(tp)
    csrw    \csr, zero
    .balign 4
1:
    .endr
    sd      zero, CPU_FIXUP(tp)
    ret

    .globl cpu_zero_blocks              /* (start, end, block bytes): 8 blocks, or 16, ... */
cpu_zero_blocks:
    lla     t0, 2f
    sd      t0, CPU_FIXUP(tp)
    mv      t2, a0
    li      a0, 0
1:  .rept   8
    .insn   i 0x0f, 2, x0, t2, 4        /* cbo.zero (t2) */
    add     t2, t2, a2
    .endr
    bltu    t2, a1, 1b
    li      a0, 1
    .balign 4
2:  sd      zero, CPU_FIXUP(tp)
    ret

    .globl cpu_hfence_gvma_all, cpu_hfence_gvma_vmid, cpu_hfence_gvma
cpu_hfence_gvma_all:                    /* () */
    hfence.gvma
    ret
cpu_hfence_gvma_vmid:                   /* (vmid) */
    hfence.gvma zero, a0
    ret
cpu_hfence_gvma:                        /* (guest physical address >> 2, vmid) */
    hfence.gvma a0, a1
    ret

    .globl cpu_hfence_vvma_all, cpu_hfence_vvma_asid, cpu_hfence_vvma, cpu_hfence_vvma_both
cpu_hfence_vvma_all:                    /* () */
    hfence.vvma
    ret
cpu_hfence_vvma_asid:                   /* (asid) */
    hfence.vvma zero, a0
    ret
cpu_hfence_vvma:                        /* (guest virtual address) */
    hfence.vvma a0, zero
    ret
cpu_hfence_vvma_both:                   /* (guest virtual address, asid) */
    hfence.vvma a0, a1
    ret

    .option pop
