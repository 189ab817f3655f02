/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a VMM's start record has about its guest, besides what every process and every connection
 * has (process_start.h).  rt/rt_guest.h reads it into the struct below.
 *
 *   name                  kind     what
 *   "guest.name"          TEXT
 *   "guest.bootargs"      TEXT
 *   "guest.isa"           TEXT     riscv,isa of the machine's harts; empty if they do not agree
 *   "guest.ram"           MEMORY   read-write; value: the guest physical address of the first byte;
 *                                  zeroed at the guest's first start
 *   "guest.arena"         MEMORY   read-write; zeroed at the guest's first start
 *   "guest.state"         MEMORY   read-write; vCPU i's state page at + i * 4096 (abi/vcpu_page.h)
 *   "guest.kernel"        MEMORY   read-only; page-aligned; the rest of the last page is not the
 *                                  file's
 *   "guest.initrd"        MEMORY   the same; missing when the guest has none
 *   "guest.vcpu.0"        SLOT     VCpu: READ, WRITE, EXEC
 *   "guest.satp-mode"     NUMBER   the largest MODE of satp to name in the device tree: 8, 9, 10
 *   "guest.features"      NUMBER   BOOT_FEATURE_... of abi/bootinfo.h
 *   "guest.seed"          DATA     for the guest's /chosen/rng-seed; differs for each start
 *   "guest.device.N"      TEXT     a built-in device that the guest has
 *
 * RAM, arena, state pages and vCPUs outlive the VMM.  vCPU i is bound to the VMM's thread i, to the
 * guest's GSpace (where the RAM is mapped read, write and execute), and to its state page.
 */
#ifndef PROTO_VMM_START_H
#define PROTO_VMM_START_H

#include <stdint.h>

#include <base/limits.h>

struct vmm_start {
    uint32_t satp_mode;
    uint32_t vcpu_count;
    uint32_t starts; /* number of earlier starts of a VMM for this guest; 0 at first */
    uint32_t vcpu_slot;
    uint64_t features;

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

    uint8_t guest_seed[GUEST_SEED_BYTES];
    char guest_name[NAME_BYTES];
    char bootargs[GUEST_BOOTARGS_BYTES];
    char isa[ISA_TEXT_BYTES];
};

#endif
