/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's description of the machine for the root server.  It is mapped read-only
 * at BOOTINFO_ADDRESS; the same address is in a0 when the root server starts.
 *
 * The root server's CNode has 2^BOOT_CNODE_SLOT_BITS slots: the fixed ones
 * below, then `untyped_count` Untypeds from slot `untyped_first` on; all slots
 * from `empty_first` on are empty.
 */
#ifndef ABI_BOOTINFO_H
#define ABI_BOOTINFO_H

#include <stdint.h>

#define BOOTINFO_MAGIC       UINT64_C(0x31544f4f42524157) /* "WARBOOT1" in memory */
#define BOOTINFO_ADDRESS     UINT64_C(0x3f00000000)
#define BOOT_DTB_ADDRESS     UINT64_C(0x3f00100000) /* the machine's device tree, read-only */
#define BOOT_STACK_TOP       UINT64_C(0x3eff000000) /* 64 KiB below it; a guard page beneath */
#define BOOT_CNODE_SLOT_BITS 13
#define BOOT_UNTYPED_MAX     200

enum boot_slot {
    BOOT_SLOT_CNODE = 1,
    BOOT_SLOT_VSPACE = 2,
    BOOT_SLOT_THREAD = 3,
    BOOT_SLOT_IRQ_CONTROL = 4,
    BOOT_SLOT_KLOG = 5,
    BOOT_SLOT_TRACE = 6,
    BOOT_SLOT_FIRST_DYNAMIC = 8,
};

enum boot_untyped_kind {
    BOOT_UNTYPED_RAM = 0,
    BOOT_UNTYPED_DEVICE = 1,  /* registers: not zeroed, Frames and Untypeds only */
    BOOT_UNTYPED_ARCHIVE = 2, /* the boot archive; not zeroed, like a device */
};

struct boot_untyped {
    uint64_t address; /* physical bytes */
    uint8_t size_bits;
    uint8_t kind;     /* enum boot_untyped_kind */
    uint8_t reserved[6];
};

/* Features that the kernel found and enables (bits of `features`). */
#define BOOT_FEATURE_SSTC (UINT64_C(1) << 0) /* guests have stimecmp */
#define BOOT_FEATURE_SV48 (UINT64_C(1) << 1) /* guests can translate with Sv48 besides Sv39 */
#define BOOT_FEATURE_SV57 (UINT64_C(1) << 2) /* and with Sv57 */

struct bootinfo {
    uint64_t magic;
    uint64_t features;
    uint64_t timebase_hz;
    uint64_t archive_address; /* physical bytes; 0: no archive */
    uint64_t archive_bytes;
    uint64_t dtb_bytes;       /* at BOOT_DTB_ADDRESS */
    uint32_t hart_count;
    uint32_t boot_hart;
    uint32_t untyped_first;
    uint32_t untyped_count;
    uint32_t empty_first;
    uint32_t reserved;
    struct boot_untyped untyped[BOOT_UNTYPED_MAX];
};

_Static_assert(sizeof(struct bootinfo) <= 4096, "bootinfo is one page");

#endif
