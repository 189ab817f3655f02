/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The HAL's state of one hart (struct cpu).  It lies just above the hart's kernel stack.
 * While the hart is in the kernel, tp points at it and sscratch is 0.  While the hart is
 * in U mode or in a guest, sscratch points at it.
 */
#ifndef HAL_RISCV64_CPU_H
#define HAL_RISCV64_CPU_H

#include <abi/calls.h>
#include <kernel/hal/hal.h>
#include <kernel/hal/riscv64/layout.h>

struct thread;

struct cpu {
    void *regs;                         /* trap_entry saves the registers there */
    uint64_t scratch;                   /* for trap_entry */
    uint64_t fixup;                     /* not 0: a trap in the kernel continues there */
    uint64_t panic_regs[REGS_BYTES / 8];
    bool is_panicking;
    struct hart *hart;
    struct hal_vcpu *vcpu;              /* the guest entered last */
    uint64_t fp_status;                 /* FS when FP was last turned off; a fast exit adds SPP */

    uint64_t id;                        /* hart id */
    uint64_t image_start;               /* physical address of the kernel's image */
    uint64_t kernel_satp;
    uint64_t zero_block_bytes;          /* block size of CBO.ZERO; 0: not in the device tree */

    bool has_sstc, has_stateen, has_dbcn;
    bool has_open_vsiselect;            /* guests can access siselect */
    uint32_t asid_count, vmid_count;
    uint64_t vsatp_modes;               /* bit m: vsatp takes MODE m */

    volatile uint32_t *test_device;     /* sifive,test0; NULL: none */
    volatile uint8_t *plic;
    uint32_t plic_source_count, plic_context;
};

_Static_assert(offsetof(struct cpu, regs) == CPU_REGS, "assembly's offset");
_Static_assert(offsetof(struct cpu, scratch) == CPU_SCRATCH, "assembly's offset");
_Static_assert(offsetof(struct cpu, fixup) == CPU_FIXUP, "assembly's offset");
_Static_assert(offsetof(struct cpu, panic_regs) == CPU_PANIC, "assembly's offset");
_Static_assert(offsetof(struct user_context, pc) == REGS_PC, "one register block");
_Static_assert(offsetof(struct vcpu_page, pc) == REGS_PC, "one register block");

static inline struct cpu *cpu_this(void)
{
    struct cpu *cpu;
    __asm__("mv %0, tp" : "=r"(cpu));
    return cpu;
}

_Static_assert(ENTRY_CALL_VCPU_RUN == CALL_VCPU_RUN && ENTRY_CALL_CALL == CALL_CALL &&
                   ENTRY_CALL_REPLY_RECV == CALL_REPLY_RECV,
               "assembly's numbers");
_Static_assert(ENTRY_CALL_REPLY_RECV == ENTRY_CALL_CALL + 1, "one range in assembly");

/* trap.S: load the registers at `regs`, let later traps save there, and sret. */
ATTR_NORETURN void cpu_leave(struct cpu *cpu, void *regs);
void cpu_resume(struct cpu *cpu, void *regs); /* the same, for tail calls */

/* trap.S: the same for a thread whose call returns OK and a message.  The words come from `sender`,
 * tag and badge from `context`.  Registers that a message does not preserve become 0. */
void cpu_resume_message(struct cpu *cpu, struct user_context *context,
                        const struct user_context *sender);

#endif
