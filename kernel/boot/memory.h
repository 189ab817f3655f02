/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Divides the physical memory at boot.  Pure.
 *
 *   RAM        the described RAM without reserved ranges, the kernel's image and state, the
 *              device tree and the archive: in naturally aligned powers of two, 4 KiB at least
 *   archive    whole pages, content kept
 *   device     all other addresses below MEMORY_ADDRESS_END, without reserved ranges, the
 *              interrupt controller and the firmware's registers
 *
 * RAM above MEMORY_RAM_END is not used: the kernel cannot reach it.
 */
#ifndef KERNEL_BOOT_MEMORY_H
#define KERNEL_BOOT_MEMORY_H

#include <abi/bootinfo.h>
#include <kernel/boot/machine.h>

#define MEMORY_RAM_END     UINT64_C(0x3f80000000)
#define MEMORY_ADDRESS_END (UINT64_C(1) << 40)

struct memory {
    struct range_set ram;     /* free */
    struct range archive;     /* in whole pages; 0 bytes: none */
    struct range_set device;
};

/* Can the kernel itself read and write the whole range?  Its mapping of physical memory ends at
 * MEMORY_RAM_END; above it lie virtual addresses of another use. */
bool memory_is_reached(struct range range);

/*
 * Divide the machine's memory; `image` and `dtb` are in use already.  On failure *problem describes
 * the error in one line.
 *   ERR_RANGE      the described RAM does not cover the image, the tree or the archive; these or
 *                  the PLIC overlap; the kernel cannot reach one of them, or the test device
 *   ERR_NO_MEMORY  more pieces than RANGE_MAX
 */
MUST_CHECK memory_divide(const struct machine *machine, struct range image, struct range dtb,
                         struct memory *out, const char **problem);

/* Take `bytes` (whole pages) from the lowest free range that is large enough, for ever.
 * ERR_NO_MEMORY: no range is. */
MUST_CHECK memory_take(struct memory *memory, uint64_t bytes, uint64_t *address);

/*
 * List the Untypeds to create: RAM, then archive, then device, each in ascending order; returns
 * their number.  If there are more than BOOT_UNTYPED_MAX, the smallest are left out.
 */
uint32_t memory_untypeds(const struct memory *memory, struct boot_untyped *out);

#endif
