/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Creates the root server, which is the first process, from the first RAM Untyped that is large
 * enough.  It uses the operations that system calls use, so all its memory is accounted for.  The
 * kernel describes the machine to the root server by abi/bootinfo.h.
 */
#ifndef KERNEL_BOOT_ROOT_H
#define KERNEL_BOOT_ROOT_H

#include <abi/bootinfo.h>
#include <kernel/boot/machine.h>
#include <kernel/boot/memory.h>
#include <kernel/core/hart.h>

#define ROOT_FILE "rootserver" /* its name in the boot archive */

struct root_input {
    const struct machine *machine;
    const struct memory *memory;
    const void *dtb;
    uint64_t dtb_bytes;
    uint64_t features; /* BOOT_FEATURE_* */
};

/*
 * Create the root server and make its thread ready.  On failure *problem describes the error and
 * the remedy in one line; the system cannot start then.
 *   ERR_NOT_FOUND   no boot archive, or no root server in it
 *   ERR_FORMAT      the archive or the ELF file is damaged; ELF errors as elf_open()'s
 *   ERR_NO_MEMORY   too little memory
 */
MUST_CHECK root_create(struct hart *hart, const struct root_input *input, const char **problem);

#endif
