/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The state page: one 4 KiB frame shared by the kernel and the VMM that owns
 * the vCPU.  The trap handler stores the guest's general registers here, and the
 * VMM changes them here.  The kernel trusts nothing in the page: it reads each
 * word once, and any value of any word is legal (it can only hurt the guest).
 *
 *   0x000  general registers and pc        written by both
 *   0x108  interrupt word                  atomic operations only
 *   0x110  timer                           written by the VMM
 *   0x140  exit record                     written by the kernel at an exit
 */
#ifndef ABI_VCPU_PAGE_H
#define ABI_VCPU_PAGE_H

#include <stdint.h>

/* Why vcpu_run() returned: in the exit record and in the result. */
enum vcpu_exit {
    VCPU_EXIT_NONE = 0,        /* no new exit: a signal, or the deadline has passed */
    VCPU_EXIT_ECALL = 1,       /* ecall from VS mode: registers a0-a7 hold an SBI call */
    VCPU_EXIT_LOAD = 2,        /* load guest-page fault (cause 21) */
    VCPU_EXIT_STORE = 3,       /* store/AMO guest-page fault (cause 23) */
    VCPU_EXIT_FETCH = 4,       /* instruction guest-page fault (cause 20) */
    VCPU_EXIT_VIRTUAL_INSN = 5,/* virtual-instruction exception (cause 22), WFI excepted */
    VCPU_EXIT_OTHER = 6,       /* any other synchronous exception not delegated: see cause */
};

/*
 * Bits of vcpu_page.irq.  Change them only by atomic operations.  Positions are those of hvip
 * (privileged specification, "Hypervisor Virtual Interrupt Pending").
 *
 *   TIMER, EXTERNAL  levels: the kernel copies them to hvip at each entry and leaves them set.
 *   SOFT_CLEAR, SOFT_SET  requests: at the next entry the kernel clears the bit here, and clears or
 *       sets VSSIP in hvip; SOFT_CLEAR first.  The guest clears its own sip.SSIP.
 *   TIMER_SET  a request: at the next entry the kernel sets the guest's timer to `timer`, as
 *       sbi_set_timer does, and withdraws the interrupt of an earlier timer.
 *   WAIT  the virtual hart waits as in a WFI that does not end early.  Once an interrupt that the
 *       guest has enabled in sie is pending, the kernel clears the bit and enters the guest.  A
 *       vcpu_run() that returns before that leaves the bit set.
 *
 * A thread other than the vCPU's own signals the bound notification after a change.
 */
#define VCPU_IRQ_SOFT_SET   (UINT64_C(1) << 2)
#define VCPU_IRQ_TIMER      (UINT64_C(1) << 6)
#define VCPU_IRQ_EXTERNAL   (UINT64_C(1) << 10)
#define VCPU_IRQ_SOFT_CLEAR (UINT64_C(1) << 34)
#define VCPU_IRQ_TIMER_SET  (UINT64_C(1) << 38)
#define VCPU_IRQ_WAIT       (UINT64_C(1) << 42)

/*
 * One exit.  `seq` counts exits of this vCPU from 1.  The record stays valid
 * until vcpu_run() is called with `done` equal to `seq`.
 */
struct vcpu_exit_record {
    uint64_t seq;
    uint32_t reason;     /* enum vcpu_exit */
    uint32_t insn_valid; /* 1: `insn` holds the bits at pc (low 16 for a compressed one) */
    uint64_t cause;      /* scause */
    uint64_t tval;       /* stval: guest virtual address, or instruction bits */
    uint64_t gpa;        /* faulting guest physical address, maybe of a page-table entry; else 0 */
    uint64_t htinst;     /* as in the CSR; 0: the hart reported none */
    uint64_t insn;       /* fetched by the kernel with HLVX when htinst is 0 */
    uint64_t pc;         /* guest pc of the instruction that exited */
    uint64_t mode;       /* bit 0: 1 from VS, 0 from VU (sstatus.SPP) */
};

struct vcpu_page {
    uint64_t x[32]; /* x[0] is ignored on entry and 0 after an exit */
    uint64_t pc;
    uint64_t irq;
    uint64_t timer; /* guest ticks, absolute; all ones for never */
    uint64_t reserved[5];
    struct vcpu_exit_record exit;
};

_Static_assert(sizeof(struct vcpu_exit_record) == 72, "exit record layout");
_Static_assert(__builtin_offsetof(struct vcpu_page, pc) == 0x100, "pc offset");
_Static_assert(__builtin_offsetof(struct vcpu_page, irq) == 0x108, "irq offset");
_Static_assert(__builtin_offsetof(struct vcpu_page, timer) == 0x110, "timer offset");
_Static_assert(__builtin_offsetof(struct vcpu_page, exit) == 0x140, "exit offset");
_Static_assert(sizeof(struct vcpu_page) <= 4096, "the page is one frame");

/*
 * Register numbers for vcpu_get_reg() and vcpu_set_reg().  A VS CSR has the
 * number of its S-mode CSR, which the guest uses: 0x100 sstatus, 0x104
 * sie, 0x105 stvec, 0x106 scounteren, 0x10a senvcfg, 0x140 sscratch, 0x141
 * sepc, 0x142 scause, 0x143 stval, 0x144 sip, 0x14d stimecmp, 0x180 satp.
 */
#define VCPU_REG_CSR(number) (UINT64_C(0x1000) | (number))
#define VCPU_REG_FP(index)   (UINT64_C(0x2000) | (index)) /* 0..31 */
#define VCPU_REG_FCSR        UINT64_C(0x2020)
#define VCPU_REG_TIMEDELTA   UINT64_C(0x3000) /* htimedelta, ticks */
#define VCPU_REG_VSMODE      UINT64_C(0x3001) /* 1: the next entry is in VS, 0: VU */

#endif
