/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What start-up asks of the machine, beyond hal.h: kernel/main.c calls these
 * once, in this order, before anything of the core runs.
 */
#ifndef KERNEL_HAL_BOOT_H
#define KERNEL_HAL_BOOT_H

#include <base/attr.h>
#include <base/err.h>
#include <kernel/hal/types.h>

struct hart;
struct machine;
struct range;

/* The HAL calls this when the kernel's address space and stack are in force.  The console
 * works; nothing else does. */
ATTR_NORETURN void kernel_main(uint64_t hart_id, hpa_t dtb);

/* The physical memory that the kernel's image and stack take. */
struct range hal_image_range(void);

/*
 * Start hart `id` at the image's first instruction with the same device tree, and stop this one.
 * The other zeroes what this one has used: nothing is left of it.  Returns only when firmware
 * refuses (SBI specification, "Hart State Management Extension"): this hart goes on.
 */
void hal_hand_over(uint64_t id, hpa_t dtb);

/* The registers that hal_machine_fail() writes to, within the kernel's mapping; 0 bytes: none. */
void hal_set_test_device(struct range registers);

/* Probe the hart, set its CSRs, take over timer and interrupt controller.
 * ERR_NOT_SUPPORTED: it cannot run Warren; *problem says why. */
MUST_CHECK hal_setup(const struct machine *machine, const char **problem);

/* May a guest choose this MODE of satp (privileged specification, "Virtual Supervisor Address
 * Translation and Protection Register")?  Sv39 always.  After hal_setup(). */
enum satp_mode { SATP_SV39 = 8, SATP_SV48 = 9, SATP_SV57 = 10 };
bool hal_guest_has_satp_mode(enum satp_mode mode);

/* What the trap handlers pass to the core. */
void hal_set_hart(struct hart *hart);

#endif
