/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Named methods to stop a device whose driver is gone.  The caller begins a reset, and then polls
 * until the device confirms; no function waits.
 *
 *   none     there is nothing to stop: the device reads and writes no memory
 *   virtio   virtio 1.2, "MMIO Device Register Layout" and "Driver Requirements: Device Status
 *            Field": store 0 to Status, then read Status until it is 0
 */
#ifndef ROOTSERVER_RESET_H
#define ROOTSERVER_RESET_H

#include <stdbool.h>

#include <rootserver/parse/system.h>

/* `registers`: the device's first register, mapped in the root server; not used by "none". */
void reset_begin(enum system_reset method, volatile void *registers);
bool reset_is_done(enum system_reset method, const volatile void *registers);

#endif
