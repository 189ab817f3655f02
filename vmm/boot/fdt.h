/* SPDX-License-Identifier: BSD-2-Clause */
/* Builds the guest's device tree from the configuration and from the node of each device. */
#ifndef VMM_BOOT_FDT_H
#define VMM_BOOT_FDT_H

#include <stdint.h>

#include <base/err.h>
#include <vmm/board/machine.h>
#include <vmm/boot/image.h>

/*
 * Writes the device tree blob to `blob`, with free room in it for the nodes of a boot loader.
 * Errors: ERR_NO_MEMORY  size_bytes is too small for the blob
 *         ERR_FORMAT     libfdt refuses the tree (a defect of ours)
 */
MUST_CHECK fdt_build(const struct machine *machine, const struct image_plan *plan, uint8_t *blob,
                     uint64_t size_bytes);

#endif
