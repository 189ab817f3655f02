/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Limits and sizes that several rooms must agree on.  A number that one room alone uses stands
 * in that room.  The configuration compiler reads this file too (tools/config/limits.py): each
 * line there is a name and one decimal or hexadecimal number.
 */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

#include <stdint.h>

#define GUESTS_MAX           16 /* of one system */
#define CLIENTS_MAX          16 /* of one service */
#define GUEST_HARTS_MAX      8u
#define NAME_BYTES           32   /* of a guest or a service, with the zero byte */
#define PROCESS_NAME_BYTES   40   /* NAME_BYTES and a prefix: a process in messages and traces */
#define GUEST_BOOTARGS_BYTES 1024 /* with the zero byte */
#define ISA_TEXT_BYTES       1024 /* riscv,isa of the machine's harts, with the zero byte */
#define GUEST_SEED_BYTES     64   /* /chosen/rng-seed */

/* The guest physical address of a guest's RAM, as on QEMU's `virt`. */
#define GUEST_RAM_GPA        UINT64_C(0x80000000)

#endif
