/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finds a hart that the console's device can interrupt.  A machine can have several PLICs,
 * each wired to some of the harts (QEMU's virt: one for each NUMA node), and firmware may
 * boot any hart.
 */
#ifndef KERNEL_BOOT_WIRING_H
#define KERNEL_BOOT_WIRING_H

#include <base/err.h>
#include <stdint.h>

/*
 * Choose the hart to run on.  `bytes` is the size of the device tree.  The console's PLIC is the
 * PLIC of /chosen's stdout-path; without a stdout-path, the PLIC that most devices have as
 * interrupt-parent.  *hart is the hart that booted if it has an S context in that PLIC, else the
 * first enabled hart that has; if there is no such hart or no PLIC, the hart that booted.
 *   ERR_FORMAT  the blob is damaged
 */
MUST_CHECK wiring_hart_choose(const void *dtb, uint64_t bytes, uint64_t boot_hart, uint64_t *hart);

#endif
