/* SPDX-License-Identifier: BSD-2-Clause */
/* A file of its own, because the kernel that measures harts without htinst replaces it by
 * test/bench/no_htinst.c. */
#include <kernel/hal/riscv64/csr.h>
#include <kernel/hal/riscv64/trap.h>

uint64_t hart_htinst(void)
{
    return CSR_READ(CSR_HTINST);
}
