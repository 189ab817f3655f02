/* SPDX-License-Identifier: BSD-2-Clause */
/* A device tree of trees/, in memory that ASan guards, with room to edit it. */
#ifndef TEST_BOOT_TREE_H
#define TEST_BOOT_TREE_H

#include <check.h>
#include <kernel/boot/machine.h>
#include <libfdt.h>

/* Loads a tree of trees/; the caller frees the memory. */
void *tree_load(const char *name);

/* Adds /reserved-memory, a memory reservation and an initrd, as OpenSBI and QEMU do. */
void tree_add_firmware(void *tree);
#define TREE_FIRMWARE_START UINT64_C(0x80000000)
#define TREE_FIRMWARE_BYTES UINT64_C(0x60000)
#define TREE_INITRD_START   UINT64_C(0x88200000)
#define TREE_INITRD_BYTES   UINT64_C(0x123456)

/* machine_parse() of a whole tree; on failure *problem is set. */
enum err tree_parse(const void *tree, uint64_t hart, struct machine *out, const char **problem);

Suite *suite_range(void);
Suite *suite_machine(void);
Suite *suite_hostile(void);
Suite *suite_memory(void);
Suite *suite_wiring(void);

#endif
