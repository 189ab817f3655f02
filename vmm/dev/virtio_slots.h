/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The eight places of QEMU's `virt` for devices by virtio over MMIO, with nothing plugged in.
 * Kernels that do not read the device tree look there at their start and take an access fault for
 * the end.  They find what an empty place of QEMU answers: magic, version 1 (QEMU's default is the
 * legacy interface), device id 0, vendor "QEMU", all else 0; stores do nothing.
 *
 * Specification: Virtual I/O Device (VIRTIO), "MMIO Device Register Layout": a device id of 0 is no
 * device, and a driver must ignore it.
 */
#ifndef VMM_DEV_VIRTIO_SLOTS_H
#define VMM_DEV_VIRTIO_SLOTS_H

#include <vmm/core/dev.h>

#define VIRTIO_SLOTS_COUNT 8u

extern const struct dev_model virtio_slots_model;

#endif
