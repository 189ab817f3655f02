/* SPDX-License-Identifier: BSD-2-Clause */
/* Power-off, reboot and failure by one register: SiFive's test finisher, as on QEMU virt. */
#ifndef VMM_DEV_SYSCON_H
#define VMM_DEV_SYSCON_H

#include <vmm/core/dev.h>

#define SYSCON_FAIL     0x3333u /* | exit code << 16 */
#define SYSCON_POWEROFF 0x5555u
#define SYSCON_REBOOT   0x7777u

extern const struct dev_model syscon_model;

#endif
