/* SPDX-License-Identifier: BSD-2-Clause */
/* Replaces kernel/hal/riscv64/htinst.c: a hart whose htinst is always 0. */
#include <kernel/hal/riscv64/trap.h>

uint64_t hart_htinst(void)
{
    return 0;
}
