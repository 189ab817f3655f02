/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The eight places for virtio-MMIO devices of QEMU's `virt`, without a device.  Kernels that do
 * not read the device tree probe these places when they start, and would not survive an access
 * fault.  A place reads as an empty place of QEMU: magic, version 1 (QEMU's default is the legacy
 * interface), device id 0, vendor "QEMU", all else 0.  Stores do nothing.
 *
 * Specification: Virtual I/O Device (VIRTIO), "MMIO Device Register Layout": a device id of 0 is no
 * device, and a driver must ignore it.
 */
#ifndef VMM_DEV_VIRTIO_SLOTS_H
#define VMM_DEV_VIRTIO_SLOTS_H

#include <vmm/board/dev.h>

#define VIRTIO_SLOTS_COUNT 8u

extern const struct dev_model virtio_slots_model;

#endif
