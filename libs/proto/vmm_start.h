/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A VMM's part of the start record: its guest, and the memory that the VMM can access.
 *
 * All memory is mapped before the VMM starts; the VMM can access no memory that this
 * record does not name.  RAM, arena and vCPUs belong to the root server, so they outlive
 * the VMM.
 *
 *   guest RAM      read-write   `ram_address`    = guest physical `ram_gpa`; zeroed at the
 *                                                guest's first start
 *   arena          read-write   `arena_address`  zeroed at the guest's first start
 *   state pages    read-write   `state_address`  vCPU i's at + i * 4096 (abi/vcpu_page.h)
 *   kernel, initrd read-only    page-aligned; the rest of the last page is not the file's
 *   console        read-write   `console_address`, laid out as in proto/console.h
 *
 * The table of the start record (process_start.h) has the same by names:
 *   "guest.ram" MEMORY (value: guest physical address), "guest.arena", "guest.state",
 *   "guest.kernel", "guest.initrd" MEMORY; "guest.vcpu.0" SLOT (READ, WRITE, EXEC);
 *   "guest.name", "guest.bootargs", "guest.isa" TEXT; "guest.satp-mode", "guest.features" NUMBER;
 *   "guest.seed" DATA; "guest.device.N" TEXT: the built-in devices that the guest has.
 * The fixed fields below go when the VMM reads the table.
 *
 * vCPU i is bound to the VMM's thread i, to the guest's GSpace (where the RAM
 * is mapped read, write and execute at `ram_gpa`), and to its state page.
 */
#ifndef PROTO_VMM_START_H
#define PROTO_VMM_START_H

#include <stdint.h>

#include <base/limits.h>

#define VMM_START_VERSION        3

struct vmm_start {
    uint32_t version; /* VMM_START_VERSION */
    uint32_t satp_mode; /* the largest MODE of satp to name in the device tree: 8, 9, 10 */
    uint32_t vcpu_count;
    uint32_t starts;   /* number of earlier starts of a VMM for this guest; 0 at first */
    uint64_t features; /* BOOT_FEATURE_... of abi/bootinfo.h */

    uint64_t ram_gpa;
    uint64_t ram_address;
    uint64_t ram_bytes;
    uint64_t arena_address;
    uint64_t arena_bytes;
    uint64_t state_address;
    uint64_t kernel_address;
    uint64_t kernel_bytes;
    uint64_t initrd_address; /* 0 and 0 bytes when there is none */
    uint64_t initrd_bytes;
    uint64_t console_address;
    uint64_t console_bytes;

    /* Capability slots of the VMM's CNode, besides enum process_slot. */
    uint32_t vcpu_slot;    /* first VCpu: READ, WRITE, EXEC; vCPU i's at + i */
    uint32_t console_slot; /* Notification, WRITE: signals the console service; 0 for none */

    /* For the guest's /chosen/rng-seed; differs for each guest and start. */
    uint8_t guest_seed[GUEST_SEED_BYTES];
    char guest_name[NAME_BYTES];
    char bootargs[GUEST_BOOTARGS_BYTES];
    /* riscv,isa of the machine's harts, with its zero byte; empty when they do not agree. */
    char isa[ISA_TEXT_BYTES];
};

_Static_assert(sizeof(struct vmm_start) == 2272, "VMM start record layout");

#endif
