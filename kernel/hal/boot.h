/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The functions that only start-up needs.  kernel/main.c calls them once, before the
 * core runs.
 */
#ifndef KERNEL_HAL_BOOT_H
#define KERNEL_HAL_BOOT_H

#include <base/attr.h>
#include <base/err.h>
#include <kernel/hal/types.h>

struct hart;
struct machine;
struct range;

/* The HAL calls this once the kernel's address space and stack are in use.  Of hal.h, only the
 * console and the address conversions work yet. */
ATTR_NORETURN void kernel_main(uint64_t hart_id, hpa_t dtb);

/* The physical memory that the kernel's image and stack take. */
struct range hal_image_range(void);

/*
 * Start hart `id` at the image's first instruction with the same device tree, and stop this hart.
 * The other hart zeroes all memory that this hart has used.  Returns only when firmware refuses
 * (SBI specification, "Hart State Management Extension"): then this hart continues.
 */
void hal_hand_over(uint64_t id, hpa_t dtb);

/* The registers that hal_machine_fail() writes to, within the kernel's mapping; 0 bytes: none. */
void hal_set_test_device(struct range registers);

/* Probe the hart, set its CSRs, set up the timer and the interrupt controller.
 * ERR_NOT_SUPPORTED: this hart cannot run Warren; *problem says why. */
MUST_CHECK hal_setup(const struct machine *machine, const char **problem);

/* May a guest choose this MODE of satp (privileged specification, "Virtual Supervisor Address
 * Translation and Protection Register")?  Sv39 always.  After hal_setup(). */
enum satp_mode { SATP_SV39 = 8, SATP_SV48 = 9, SATP_SV57 = 10 };
bool hal_guest_has_satp_mode(enum satp_mode mode);

/* Set the pointer that the trap handlers pass to the core. */
void hal_set_hart(struct hart *hart);

#endif
