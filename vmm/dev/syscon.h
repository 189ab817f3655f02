/* SPDX-License-Identifier: BSD-2-Clause */
/* SiFive's test finisher, as on QEMU's `virt`: one register for power-off, reboot and failure. */
#ifndef VMM_DEV_SYSCON_H
#define VMM_DEV_SYSCON_H

#include <vmm/board/dev.h>

#define SYSCON_FAIL     0x3333u /* | exit code << 16 */
#define SYSCON_POWEROFF 0x5555u
#define SYSCON_REBOOT   0x7777u

extern const struct dev_model syscon_model;

#endif
