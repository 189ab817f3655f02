/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * proves: For every mask, base and number of harts, the dispatcher names the harts that a
 *         loop over single bits names, and refuses exactly when one of them does not exist.
 * mutant: vmm/sbi/sbi.c: (mask & ~(all >> base)) -> (mask & ~all)
 * unwind: 65
 */
#include "prove.h"

#include <vmm/sbi/sbi.c>

int main(void)
{
    static struct machine machine;
    uint64_t mask = nondet_u64(), base = nondet_u64(), harts = nondet_u64(), want = 0;
    uint32_t count = nondet_u32();
    bool is_good = true;

    ASSUME(count >= 1 && count <= GUEST_HARTS_MAX);
    machine.config.hart_count = count;
    for (uint32_t bit = 0; bit < 64; bit++) {
        uint64_t hart = base == UINT64_MAX ? bit : base + bit;
        bool is_named = base == UINT64_MAX ? bit < count : (mask >> bit & 1) != 0;
        if (is_named && (hart < bit || hart >= count))
            is_good = false;
        if (is_named && hart < 64)
            want |= UINT64_C(1) << hart;
    }
    if (base != UINT64_MAX && base >= count)
        is_good = false; /* so the specification: also when the mask is empty */

    uint64_t before = harts;
    enum err err = sbi_harts(&machine, mask, base, &harts);
    PROVE((err == OK) == is_good);
    PROVE(err != OK || harts == want);
    PROVE(err == OK || harts == before);
    return 0;
}
