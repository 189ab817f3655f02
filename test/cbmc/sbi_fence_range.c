/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * proves: For every start and size of a remote SFENCE.VMA, with and without an ASID, the range is
 *         refused exactly when it has a byte beyond the last address; else exactly one fence with
 *         that start and size is carried out, none for no byte, and one of everything for all.
 * mutant: vmm/sbi/rfence.c: size_bytes - 1 > UINT64_MAX - start -> start + size_bytes < start
 * unwind: 2
 */
#include "prove.h"

#include <vmm/sbi/rfence.c>

static unsigned fences;
static uint64_t fence_start, fence_bytes;

static enum err fence_seen(void *opaque, uint32_t hart, enum vcpu_ops_fence kind, uint64_t address,
                           uint64_t size_bytes, uint64_t asid)
{
    (void)opaque, (void)hart, (void)kind, (void)asid;
    fences++;
    fence_start = address;
    fence_bytes = size_bytes;
    return OK;
}

int main(void)
{
    static struct machine machine;
    uint64_t start = nondet_u64(), bytes = nondet_u64(), asid = nondet_u64();
    bool is_all = (start == 0 && bytes == 0) || bytes == UINT64_MAX;
    bool is_range = is_all || (unsigned __int128)start + bytes <= (unsigned __int128)1 << 64;
    struct sbi_call call = {.machine = &machine};

    machine.config.vcpu.fence = fence_seen;
    struct sbi_result result = sbi_fence_vma(&call, 1, start, bytes, nondet_bool() ? &asid : NULL);
    PROVE((result.error == SBI_SUCCESS) == is_range);
    PROVE(is_range || result.error == SBI_ERR_INVALID_ADDRESS);
    PROVE(fences == (is_range && (is_all || bytes != 0)));
    PROVE(fences == 0 || fence_bytes == (is_all ? 0 : bytes));
    PROVE(fences == 0 || is_all || fence_start == start);
    return 0;
}
