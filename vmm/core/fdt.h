/* SPDX-License-Identifier: BSD-2-Clause */
/* The guest's device tree, from its configuration and from what each device says of itself. */
#ifndef VMM_CORE_FDT_H
#define VMM_CORE_FDT_H

#include <stdint.h>

#include <base/err.h>
#include <vmm/core/image.h>
#include <vmm/core/machine.h>

/*
 * Writes the device tree blob to `blob`, with some room in it for what a boot loader adds.
 * Errors: ERR_NO_MEMORY  size_bytes is too small for it
 *         ERR_FORMAT     libfdt refuses it (a defect of ours)
 */
MUST_CHECK fdt_build(const struct machine *machine, const struct image_plan *plan, uint8_t *blob,
                     uint64_t size_bytes);

#endif
