/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The address space of a process, and that of the root server.
 *
 *   0x00_0001_0000  program                 (below ELF_ADDRESS_HIGH)
 *   ...
 *   0x30_0000_0000  stack, with unmapped space below and above
 *   0x30_4000_0000  heap
 *   0x30_8000_0000  start record
 *   0x30_c000_0000  devices, shared regions, arena, state pages
 *   0x31_0000_0000  guest RAM               up to 24 GiB; a larger one from 0x08_0000_0000
 *   0x38_0000_0000  guest kernel            at the file's physical offset in a 2 MiB page
 *   0x39_0000_0000  guest initrd
 *
 * Every range begins at a 1 GiB border, so that it has page tables of its own.
 */
#ifndef ROOTSERVER_PLAN_LAYOUT_H
#define ROOTSERVER_PLAN_LAYOUT_H

#include <stdint.h>

#include <base/limits.h>

#define LAYOUT_STACK        UINT64_C(0x3000010000) /* first byte */
#define LAYOUT_STACK_PAGES  16
#define LAYOUT_HEAP         UINT64_C(0x3040000000)
#define LAYOUT_HEAP_PAGES   64
#define LAYOUT_START        UINT64_C(0x3080000000)
#define LAYOUT_REGIONS      UINT64_C(0x30c0000000) /* region i at + i * LAYOUT_REGION_STEP */
#define LAYOUT_REGION_STEP  UINT64_C(0x10000)
#define LAYOUT_ARENA        UINT64_C(0x30c0200000)
#define LAYOUT_ARENA_PAGES  64
#define LAYOUT_STATE        UINT64_C(0x30c0400000)
#define LAYOUT_DEVICE       UINT64_C(0x30c0600000)
#define LAYOUT_RAM          UINT64_C(0x3100000000)
#define LAYOUT_RAM_BYTES    (UINT64_C(24) << 30)
#define LAYOUT_RAM_HUGE     UINT64_C(0x0800000000)
#define LAYOUT_KERNEL       UINT64_C(0x3800000000)
#define LAYOUT_INITRD       UINT64_C(0x3900000000)

/* The root server's own space.  The kernel chooses the addresses of its program, stack, bootinfo
 * and device tree (abi/bootinfo.h). */
#define LAYOUT_ROOT_WINDOW  UINT64_C(0x2000000000) /* frames while they are filled */
#define LAYOUT_ROOT_DEVICE  UINT64_C(0x2040000000) /* device pages, one after the other */
#define LAYOUT_ROOT_CONTROL UINT64_C(0x2080000000) /* line to the console service */
#define LAYOUT_ROOT_TRACE   UINT64_C(0x20c0000000) /* index of the trace */
#define LAYOUT_ROOT_ARCHIVE UINT64_C(0x2100000000)

#endif
