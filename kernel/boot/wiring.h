/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which hart the devices can interrupt.  A machine can have several PLICs, each wired to
 * some of its harts (QEMU's virt: one for each NUMA node), and firmware lets any hart start.
 */
#ifndef KERNEL_BOOT_WIRING_H
#define KERNEL_BOOT_WIRING_H

#include <base/err.h>
#include <stdint.h>

/*
 * The hart to run on, of a device tree of `bytes` bytes: the one that booted, if it has an S
 * context in the PLIC of the console (/chosen's stdout-path; without one, in the PLIC that most
 * devices name as their interrupt-parent); else the first enabled one that has.  A machine
 * without a PLIC, or whose PLIC no hart is wired to, leaves the hart that booted.
 *   ERR_FORMAT  the blob is damaged
 */
MUST_CHECK wiring_hart_choose(const void *dtb, uint64_t bytes, uint64_t boot_hart, uint64_t *hart);

#endif
