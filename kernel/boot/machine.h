/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads the machine's description from its device tree (Devicetree Specification; RISC-V
 * bindings of the Linux kernel's documentation).  Pure.  The blob comes from firmware: it
 * is checked as a whole before any node is read.
 */
#ifndef KERNEL_BOOT_MACHINE_H
#define KERNEL_BOOT_MACHINE_H

#include <base/err.h>
#include <kernel/boot/range.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MACHINE_DTB_BYTES_MAX    (UINT64_C(1) << 20)
#define MACHINE_DTB_HEADER_BYTES UINT64_C(40) /* Devicetree Specification, "Header" */

struct machine {
    struct range_set ram;       /* as described, reserved parts included */
    struct range_set reserved;  /* never handed out */
    struct range_set firmware;  /* never handed out: other interrupt controllers and timers */
    struct range archive;       /* linux,initrd-start/-end; 0 bytes: none */
    struct range plic;          /* 0 bytes: none */
    struct range test;          /* sifive,test0; 0 bytes: none */
    uint64_t timebase_hz;
    uint64_t zero_block_bytes;  /* of the boot hart's CBO.ZERO, a power of 2; 0: unknown */
    uint32_t hart_count;        /* harts not disabled */
    uint32_t plic_source_count; /* sources 1 .. count */
    uint32_t plic_context;      /* the boot hart's S context */
    bool has_plic;
};

/*
 * The size of a device tree blob, from its header.  The caller makes sure that
 * MACHINE_DTB_HEADER_BYTES can be read.
 *   ERR_FORMAT: not a device tree.  ERR_RANGE: above MACHINE_DTB_BYTES_MAX.
 */
MUST_CHECK machine_dtb_bytes(const void *dtb, uint64_t *bytes);

/*
 * Read a device tree of `bytes` bytes for the hart that booted.  On failure *out is
 * undefined and *problem describes the error in one line.
 *   ERR_FORMAT         the blob or a property is malformed
 *   ERR_NOT_FOUND      no memory, no timebase, no such hart, or no PLIC for it
 *   ERR_RANGE          an address range wraps, or the timebase is not 1 kHz to 4 GHz
 *   ERR_NO_MEMORY      more ranges than RANGE_MAX
 *   ERR_NOT_SUPPORTED  a bus translates the addresses of a device that the kernel uses
 */
MUST_CHECK machine_parse(const void *dtb, uint64_t bytes, uint64_t boot_hart, struct machine *out,
                         const char **problem);

#endif
