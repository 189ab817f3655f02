/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's half of every address space (Sv39), and the offsets that assembly
 * uses.  Included by C and by assembly; kernel.ld repeats KERNEL_BASE.
 *
 *   0xffffffc000000000  all physical memory below DIRECT_BYTES, RW: 1 GiB leaves, smaller around
 *                       the image, whose text and constants are R here
 *   0xffffffff80000000  the kernel's image: text RX, rodata R, data RW, 4 KiB leaves
 */
#ifndef HAL_RISCV64_LAYOUT_H
#define HAL_RISCV64_LAYOUT_H

#define DIRECT_BASE 0xffffffc000000000
#define DIRECT_BYTES 0x3f80000000 /* 254 GiB: up to the image's own GiB */
#define KERNEL_BASE 0xffffffff80000000

/* struct cpu */
#define CPU_REGS    0
#define CPU_SCRATCH 8
#define CPU_FIXUP   16
#define CPU_PANIC   24

/* A register block: struct user_context and struct vcpu_page have the same beginning. */
#define REGS_X(n) (8 * (n))
#define REGS_PC   256
#define REGS_BYTES 264

/* Numbers of the system calls that have a fast path in trap_entry. */
#define ENTRY_CALL_CALL       1
#define ENTRY_CALL_REPLY_RECV 2
#define ENTRY_CALL_VCPU_RUN   9

#endif
