/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The address space of a process, and that of the root server.
 *
 *   0x00_0001_0000  program                 (below ELF_ADDRESS_HIGH)
 *   ...
 *   0x08_0000_0000  a service: its clients' memory, each from a 1 GiB border
 *                   a VMM: guest RAM of more than 24 GiB
 *   0x30_0001_0000  stacks, with unmapped space below and above each
 *   0x30_4000_0000  heap
 *   0x30_8000_0000  start record, control region
 *   0x30_c000_0000  used connections
 *   0x30_d000_0000  a VMM: arena, state pages
 *   0x30_e000_0000  a service: device registers
 *   0x31_0000_0000  a VMM: guest RAM up to 24 GiB; a service: its memory
 *   0x37_0000_0000  a service: served connections
 *   0x38_0000_0000  a VMM: guest kernel     at the file's physical offset in a 2 MiB page
 *   0x39_0000_0000  a VMM: guest initrd
 *
 * Ranges of different kinds lie in page tables of their own where that matters: a table holds
 * 2 MiB of small pages, or 1 GiB of large ones.
 */
#ifndef ROOTSERVER_PLAN_LAYOUT_H
#define ROOTSERVER_PLAN_LAYOUT_H

#include <stdint.h>

#include <base/limits.h>

#define LAYOUT_STACK             UINT64_C(0x3000010000) /* first byte of thread 0's */
#define LAYOUT_STACK_PAGES       16
#define LAYOUT_STACK_STEP        UINT64_C(0x20000)
#define LAYOUT_HEAP              UINT64_C(0x3040000000)
#define LAYOUT_START             UINT64_C(0x3080000000)
#define LAYOUT_START_PAGES       4
#define LAYOUT_CONTROL_DOWN      UINT64_C(0x3080010000)
#define LAYOUT_CONTROL_UP        UINT64_C(0x3080030000)
#define LAYOUT_USED              UINT64_C(0x30c0000000) /* + i * LAYOUT_CONNECTION_STEP */
#define LAYOUT_CONNECTION_STEP   UINT64_C(0x800000)
#define LAYOUT_ARENA             UINT64_C(0x30d0000000)
#define LAYOUT_ARENA_PAGES       64
#define LAYOUT_STATE             UINT64_C(0x30d0100000)
#define LAYOUT_DEVICE            UINT64_C(0x30e0000000) /* + device * LAYOUT_DEVICE_STEP */
#define LAYOUT_DEVICE_STEP       UINT64_C(0x200000)
#define LAYOUT_RAM               UINT64_C(0x3100000000)
#define LAYOUT_RAM_BYTES         (UINT64_C(24) << 30)
#define LAYOUT_MEMORY            UINT64_C(0x3100000000) /* + memory * LAYOUT_MEMORY_STEP */
#define LAYOUT_MEMORY_STEP       (UINT64_C(4) << 30)
#define LAYOUT_SERVED            UINT64_C(0x3700000000) /* + i * LAYOUT_CONNECTION_STEP */
#define LAYOUT_RAM_HUGE          UINT64_C(0x0800000000)
#define LAYOUT_REGIONS           UINT64_C(0x0800000000)
#define LAYOUT_REGIONS_END       UINT64_C(0x3000000000)
#define LAYOUT_KERNEL            UINT64_C(0x3800000000)
#define LAYOUT_INITRD            UINT64_C(0x3900000000)

/* The root server's own space.  The kernel chooses the addresses of its program, stack, bootinfo
 * and device tree (abi/bootinfo.h). */
#define LAYOUT_ROOT_WINDOW       UINT64_C(0x2000000000) /* frames while they are filled */
#define LAYOUT_ROOT_DEVICE       UINT64_C(0x2040000000) /* device pages, one after the other */
#define LAYOUT_ROOT_CONTROL      UINT64_C(0x2080000000) /* + process * LAYOUT_ROOT_CONTROL_STEP */
#define LAYOUT_ROOT_CONTROL_STEP UINT64_C(0x40000)
#define LAYOUT_ROOT_CONTROL_UP   UINT64_C(0x20000)      /* from the down part */
#define LAYOUT_ROOT_TRACE        UINT64_C(0x20c0000000) /* index of the trace */
#define LAYOUT_ROOT_ARCHIVE      UINT64_C(0x2100000000)

/* Device pages of the root server. */
#define LAYOUT_ROOT_FINISHER     LAYOUT_ROOT_DEVICE
#define LAYOUT_ROOT_RTC          (LAYOUT_ROOT_DEVICE + 4096)
/* + (instance * SYSTEM_DEVICES_MAX + device) * 4096 */
#define LAYOUT_ROOT_RESET        (LAYOUT_ROOT_DEVICE + 0x10000)

#endif
