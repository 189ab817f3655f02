/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The root server: the first process, made of the first RAM Untyped that is large enough by the
 * same operations that system calls use, so that no memory is outside the accounts.  What it
 * finds is abi/bootinfo.h.
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
 * Makes the root server and lets it run.  On failure *problem is one line that says what is
 * wrong and the mend; nothing can be started then.
 *   ERR_NOT_FOUND   no boot archive, or no root server in it
 *   ERR_FORMAT      the archive or the ELF file is damaged; ELF errors as elf_open()'s
 *   ERR_NO_MEMORY   too little memory
 */
MUST_CHECK root_create(struct hart *hart, const struct root_input *input, const char **problem);

#endif
