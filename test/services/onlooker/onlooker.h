/* SPDX-License-Identifier: BSD-2-Clause */
/* What the service onlooker reads in a guest's RAM: the second magic number of the guest's kernel
 * (Linux, Documentation/arch/riscv/boot-image-header.rst, "Boot image header in RISC-V Linux"). */
#ifndef TEST_SERVICES_ONLOOKER_ONLOOKER_H
#define TEST_SERVICES_ONLOOKER_ONLOOKER_H

#include <base/limits.h>

#define ONLOOKER_LOAD_OFFSET  UINT64_C(0x200000) /* of small.bin in its guest's RAM */
#define ONLOOKER_MAGIC_OFFSET 56u                /* in the header */
#define ONLOOKER_MAGIC_GPA    (GUEST_RAM_GPA + ONLOOKER_LOAD_OFFSET + ONLOOKER_MAGIC_OFFSET)
#define ONLOOKER_MAGIC        UINT32_C(0x05435352) /* "RSC\x05" */

#endif
