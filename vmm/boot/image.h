/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Decides from the kernel's headers (libs/payload) where a guest's kernel, initial RAM disk
 * and device tree go in the guest's RAM.  Copies them there.
 *
 *   ram                                                    ram + bytes, or IMAGE_LOW_GPA
 *   | 0 .. | kernel, with its memory | free | initrd | free | dtb: the last 2 MiB |
 *
 * These are QEMU's places.  The initrd is 2 MiB behind the middle of the RAM, or at
 * 514 MiB if that is less.  Initrd and device tree are below 3 GiB, because some kernels map
 * no more memory at first.
 *
 * Specification: Linux, Documentation/arch/riscv/boot.rst.
 */
#ifndef VMM_BOOT_IMAGE_H
#define VMM_BOOT_IMAGE_H

#include <stdint.h>

#include <base/err.h>
#include <payload/payload.h>
#include <vmm/memory/guestmem.h>

#define IMAGE_DTB_BYTES  UINT64_C(0x200000)
#define IMAGE_LOW_GPA    UINT64_C(0xc0000000)
#define IMAGE_INITRD_MAX UINT64_C(0x20000000)

struct image_plan {
    struct payload payload;
    uint64_t entry_gpa;
    uint64_t kernel_end_gpa;
    uint64_t initrd_gpa; /* page-aligned; equal to initrd_end_gpa when there is none */
    uint64_t initrd_end_gpa;
    uint64_t dtb_gpa; /* IMAGE_DTB_BYTES of room */
};

/*
 * Fills *out; nothing is copied.
 * Errors: ERR_ALIGN        ram_gpa is not a multiple of 2 MiB
 *         ERR_NO_MEMORY    kernel, initrd and device tree do not fit in the RAM
 *         those of payload_open()
 */
MUST_CHECK image_plan(const uint8_t *kernel, uint64_t kernel_bytes, uint64_t initrd_bytes,
                      uint64_t ram_gpa, uint64_t ram_bytes, struct image_plan *out);

/*
 * Copies kernel and initrd to their places in the plan, at the given pace.  The caller has
 * zeroed the RAM.
 * Errors: ERR_RANGE when the plan is not for this RAM or this kernel: nothing is copied.
 */
MUST_CHECK image_load(const struct image_plan *plan, const struct guestmem *ram,
                      const uint8_t *kernel, uint64_t kernel_bytes, const uint8_t *initrd,
                      uint64_t initrd_bytes, const struct pace *pace);

#endif
