/* SPDX-License-Identifier: BSD-2-Clause */
/* A bound VCpu with its VMM's thread, and another thread that manages the VCpu. */
#ifndef TEST_KERNEL_VCPU_WORLD_H
#define TEST_KERNEL_VCPU_WORLD_H

#include "world.h"

#define VSSTIE UINT64_C(0x020) /* the guest's sie.STIE; VSSSIE and VSSEIE likewise */

struct vcpu_set {
    struct thread *manager, *vmm;
    struct vcpu *vcpu;
    struct vcpu_page *page;
    struct notification *word; /* bound to the VMM's thread */
    uint32_t vmm_slot, vcpu_slot, gspace_slot, page_slot, word_slot;
};

extern struct vcpu_set vw;

void vw_setup(void);

/* Makes a second guest with its own thread, memory, page and VCpu. */
struct vcpu_set vw_second(void);

/* The VMM's thread calls vcpu_run, without a deadline and with one. */
enum err vw_run(uint64_t done);
enum err vw_run_of(struct vcpu_set *set, uint64_t done);
enum err vw_run_until(struct vcpu_set *set, uint64_t done, uint64_t deadline_ticks);

/* Calls vcpu_run and checks that the guest is entered. */
void vw_enter(void);

/* The running guest traps. */
void vw_exit(const struct guest_trap *trap);
void vw_exit_ecall(void);
/* The running guest executes WFI; then the kernel leaves: its thread may block or run again. */
enum fake_left vw_exit_wfi(void);
/* The same with the guest's timer enabled and set to a late deadline. */
void vw_wfi_with_deadline(void);

/* Signal the notification bound to the VMM's thread. */
void vw_signal(void);

/* The exit reason that the latest vcpu_run returned. */
uint64_t vw_reason(void);
uint64_t vw_seq(void);

void vw_ck_blocked_in_wfi(void);
void vw_ck_in_guest(enum fake_left left);

#endif
