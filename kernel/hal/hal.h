/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All functions through which the kernel's core uses the machine.  kernel/hal/riscv64
 * implements them on the hart; test/fakes/hal implements them on the host with a
 * modelled TLB and a log of every write, fence and interrupt, in order.
 *
 * All functions act on the hart that calls them, with interrupts off, and none
 * blocks.  Registers and terms keep the spelling of the RISC-V privileged
 * specification.
 */
#ifndef KERNEL_HAL_HAL_H
#define KERNEL_HAL_HAL_H

#include <abi/vcpu_page.h>
#include <base/attr.h>
#include <base/err.h>
#include <kernel/hal/types.h>

struct hart;

/* ---- registers of a thread in U mode -------------------------------------- */

struct user_context {
    uint64_t x[32]; /* x[0] is not used */
    uint64_t pc;
};

enum user_register { REG_RA = 1, REG_SP = 2, REG_GP = 3, REG_TP = 4, REG_T0 = 5, REG_T1 = 6,
                     REG_T2 = 7, REG_A0 = 10, REG_A1 = 11, REG_A2 = 12, REG_A3 = 13, REG_A4 = 14,
                     REG_A5 = 15, REG_A6 = 16, REG_A7 = 17 };

/* ---- memory ---------------------------------------------------------------- */

/* The kernel's mapping of physical memory.  It covers all RAM and never changes. */
void *hal_phys_to_virt(hpa_t address);
hpa_t hal_virt_to_phys(const void *pointer);

/* Fill ordinary memory with zeros. */
void hal_memory_zero(void *at, uint64_t bytes);

/* Store one page-table entry by a single store.  A later fence orders it for page-table walks. */
void hal_pte_write(uint64_t *entry, uint64_t value);

/* Fill the kernel's part of a new, zeroed VSpace root table. */
void hal_vspace_init(hpa_t root);

/* Load a space.  `id` is its ASID or VMID. */
void hal_vspace_load(uint16_t id, hpa_t root);
void hal_gspace_load(uint16_t id, hpa_t root);

/* Load the kernel's own address space, or no G stage: afterwards no space is in use. */
void hal_vspace_unload(void);
void hal_gspace_unload(void);

/* Order earlier PTE stores before later walks: SFENCE.VMA / HFENCE.GVMA of one page
 * (`address` in bytes of the space) or of everything of one identifier. */
void hal_vspace_fence_page(uint16_t id, uint64_t address);
void hal_vspace_fence_all(uint16_t id);
void hal_gspace_fence_page(uint16_t id, uint64_t address);
void hal_gspace_fence_all(uint16_t id);

/* The number of identifiers that this hart implements (ASIDLEN, VMIDLEN): at least 1. */
uint32_t hal_vspace_id_count(void);
uint32_t hal_gspace_id_count(void);

/* ---- time and interrupts --------------------------------------------------- */

uint64_t hal_time(void);                       /* ticks: the time CSR */
void hal_timer_arm(uint64_t deadline_ticks);   /* absolute; UINT64_MAX disarms */

/* Is an interrupt pending that the kernel should take?  For preemption points. */
bool hal_interrupt_pending(void);

/* Number of sources of the machine's interrupt controller: valid sources are 1 .. count. */
uint32_t hal_irq_count(void);
void hal_irq_unmask(uint32_t source);
void hal_irq_mask(uint32_t source);
bool hal_irq_is_pending(void);         /* would hal_irq_claim() find one? */
uint32_t hal_irq_claim(void);          /* 0: none */
void hal_irq_complete(uint32_t source);

/* ---- floating point -------------------------------------------------------- */

struct fp_state {
    uint64_t f[32];
    uint64_t fcsr;
};

/* Save and load the hart's F/D registers.  Both leave them clean. */
void hal_fp_save(struct fp_state *state);
void hal_fp_load(const struct fp_state *state);
/* Were the F/D registers written since the last load or save? */
bool hal_fp_is_dirty(void);
/* May U mode use the F/D registers?  If not, its first use is an illegal-instruction trap. */
void hal_fp_set_user_access(bool is_allowed);

/* ---- virtual harts --------------------------------------------------------- */

/* The VS CSRs and the registers that are swapped with them.  Opaque to the core. */
struct hal_vcpu {
    uint64_t vsstatus, vsie, vstvec, vsscratch, vsepc, vscause, vstval, vsatp;
    uint64_t vstimecmp, htimedelta, hvip;
    uint64_t vsiselect;                      /* if guests can access it */
    uint64_t scounteren, senvcfg;            /* no VS copies: swapped at each entry and exit */
    uint64_t is_vs;                          /* next entry in VS (1) or VU (0) */
};

bool hal_has_sstc(void);

/* Set the state in which SBI firmware starts a hart: all zeros except is_vs = 1, scounteren = 7,
 * vstimecmp = all ones, UXL = 64 bits. */
void hal_vcpu_reset(struct hal_vcpu *vcpu);
/* Move the VS CSRs between the hart and memory.  Once saved, they translate no address. */
void hal_vcpu_save(struct hal_vcpu *vcpu);
void hal_vcpu_load(const struct hal_vcpu *vcpu);
/* Read or write one register of a saved vCPU (VCPU_REG_*).  A write makes WARL fields legal.
 * ERR_INVALID_ARG: no such register.  ERR_NOT_SUPPORTED: this hart lacks the register. */
MUST_CHECK hal_vcpu_get_reg(const struct hal_vcpu *vcpu, uint64_t reg, uint64_t *value);
MUST_CHECK hal_vcpu_set_reg(struct hal_vcpu *vcpu, uint64_t reg, uint64_t value);
/* Change a saved vCPU as the hart does on a trap into VS mode; returns the new pc. */
uint64_t hal_vcpu_trap(struct hal_vcpu *vcpu, uint64_t cause, uint64_t tval, uint64_t pc);

/* Of the loaded vCPU: set vstimecmp (needs Sstc); clear, then set bits of hvip; read its pending
 * interrupts and its timer. */
void hal_vcpu_set_timer(uint64_t guest_ticks);
void hal_vcpu_update_hvip(uint64_t clear, uint64_t set);
bool hal_vcpu_interrupt_pending(void); /* an interrupt the guest enabled in vsie is pending */
bool hal_vcpu_timer_wakes(void);       /* vsie.STIE is set */
uint64_t hal_vcpu_timer_deadline(void);/* host ticks, saturating; UINT64_MAX without Sstc */

/* Fences for the loaded vCPU's VMID: FENCE.I; HFENCE.VVMA of a range (size 0: all), of an ASID. */
void hal_guest_fence_i(void);
void hal_guest_fence_vvma(uint64_t address, uint64_t bytes);
void hal_guest_fence_vvma_asid(uint64_t address, uint64_t bytes, uint64_t asid);

/* The trap CSRs when a guest exited; general registers and pc are in the state page. */
struct guest_trap {
    uint64_t scause, stval, htval, htinst;
    bool from_vs; /* hstatus.SPVP / sstatus.SPP */
};

/* Fetch the instruction at guest virtual `pc` with HLVX under the loaded vCPU's translation.
 * ERR_RANGE: the fetch faults. */
MUST_CHECK hal_guest_fetch(uint64_t pc, bool from_vs, uint64_t *insn);

/* ---- leaving the kernel ---------------------------------------------------- */

/* Continue in U mode, or in the loaded guest.  The contents of the kernel stack are dropped. */
ATTR_NORETURN void hal_enter_user(struct user_context *context);
ATTR_NORETURN void hal_enter_guest(struct hal_vcpu *vcpu, struct vcpu_page *page);
/* Wait until an interrupt is pending, then return. */
void hal_idle(void);

/* ---- console and end ------------------------------------------------------- */

void hal_console_write(const char *bytes, size_t count);
/* End the machine with a failure code through its test device; a machine without one halts. */
ATTR_NORETURN void hal_machine_fail(uint16_t code);

#endif
