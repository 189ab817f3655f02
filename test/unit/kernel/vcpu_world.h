/* SPDX-License-Identifier: BSD-2-Clause */
/* A bound VCpu with its VMM's thread, and somebody else who manages it. */
#ifndef TEST_KERNEL_VCPU_WORLD_H
#define TEST_KERNEL_VCPU_WORLD_H

#include "world.h"

#define VSSTIE UINT64_C(0x020) /* the guest's sie.STIE; VSSSIE and VSSEIE its neighbours */

struct vcpu_set {
    struct thread *manager, *vmm;
    struct vcpu *vcpu;
    struct vcpu_page *page;
    struct notification *word; /* bound to the VMM's thread */
    uint32_t vmm_slot, vcpu_slot, gspace_slot, page_slot, word_slot;
};

extern struct vcpu_set vw;

void vw_setup(void);

/* One more guest: thread, memory, page and VCpu of its own. */
struct vcpu_set vw_second(void);

/* vcpu_run of its thread, without a deadline and with one. */
enum err vw_run(uint64_t done);
enum err vw_run_of(struct vcpu_set *set, uint64_t done);
enum err vw_run_until(struct vcpu_set *set, uint64_t done, uint64_t deadline_ticks);

/* vcpu_run, and into the guest. */
void vw_enter(void);

/* The running guest traps. */
void vw_exit(const struct guest_trap *trap);
void vw_exit_ecall(void);
/* It executes WFI, and the kernel goes on from there: the thread may block or enter again. */
enum fake_left vw_exit_wfi(void);
/* The same with its timer enabled and set, but far off. */
void vw_wfi_with_deadline(void);

/* Signal the notification bound to the VMM's thread. */
void vw_signal(void);

/* What the latest vcpu_run returned besides OK. */
uint64_t vw_reason(void);
uint64_t vw_seq(void);

void vw_ck_blocked_in_wfi(void);
void vw_ck_in_guest(enum fake_left left);

#endif
