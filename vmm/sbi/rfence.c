/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Specification: "RFENCE Extension (EID #0x52464E43 "RFNC")"; for the ASID, the privileged
 * specification, "Supervisor Memory-Management Fence Instruction".
 */
#include <vmm/sbi/sbi.h>

enum fid {
    FENCE_I = 0,
    SFENCE_VMA = 1,
    SFENCE_VMA_ASID = 2,
    /* 3 to 6 need the H extension, which a guest's harts do not have. */
};

/* SFENCE.VMA ignores the bits of rs2 above the longest ASID. */
#define ASID_MASK UINT64_C(0xffff)

static struct sbi_result rfence_carry_out(const struct sbi_call *call, uint64_t harts,
                                          enum vcpu_ops_fence kind, uint64_t start,
                                          uint64_t size_bytes, uint64_t asid)
{
    const struct vcpu_ops *ops = &call->machine->config.vcpu;

    for (; harts; harts &= harts - 1) {
        uint32_t hart = (uint32_t)__builtin_ctzll(harts);
        if (ops->fence(ops->opaque, hart, kind, start, size_bytes, asid))
            return sbi_error(SBI_ERR_FAILED);
    }
    return sbi_ok(0);
}

struct sbi_result sbi_fence_i(const struct sbi_call *call, uint64_t harts)
{
    return rfence_carry_out(call, harts, VCPU_OPS_FENCE_INSN, 0, 0, 0);
}

struct sbi_result sbi_fence_vma(const struct sbi_call *call, uint64_t harts, uint64_t start,
                                uint64_t size_bytes, const uint64_t *asid)
{
    if ((start == 0 && size_bytes == 0) || size_bytes == UINT64_MAX)
        start = size_bytes = 0; /* all addresses */
    else if (size_bytes == 0)
        return sbi_ok(0);
    else if (size_bytes - 1 > UINT64_MAX - start)
        return sbi_error(SBI_ERR_INVALID_ADDRESS);
    return rfence_carry_out(call, harts,
                            asid ? VCPU_OPS_FENCE_ADDRESS_ASID : VCPU_OPS_FENCE_ADDRESS, start,
                            size_bytes, asid ? *asid & ASID_MASK : 0);
}

struct sbi_result sbi_rfence(const struct sbi_call *call)
{
    uint64_t harts;

    if (call->fid > SFENCE_VMA_ASID)
        return sbi_error(SBI_ERR_NOT_SUPPORTED);
    if (sbi_harts(call->machine, call->arg[0], call->arg[1], &harts))
        return sbi_error(SBI_ERR_INVALID_PARAM);
    if (call->fid == FENCE_I)
        return sbi_fence_i(call, harts);
    return sbi_fence_vma(call, harts, call->arg[2], call->arg[3],
                         call->fid == SFENCE_VMA_ASID ? &call->arg[4] : NULL);
}
