/* SPDX-License-Identifier: BSD-2-Clause */
/* Specification: "IPI Extension (EID #0x735049 "sPI: s-mode IPI")". */
#include <vmm/sbi/sbi.h>

struct sbi_result sbi_ipi(const struct sbi_call *call)
{
    uint64_t harts;

    if (call->fid != 0)
        return sbi_error(SBI_ERR_NOT_SUPPORTED);
    if (sbi_harts(call->machine, call->arg[0], call->arg[1], &harts))
        return sbi_error(SBI_ERR_INVALID_PARAM);
    call->outcome->flags |= OUTCOME_HARTS;
    call->outcome->soft_set = (uint32_t)harts;
    return sbi_ok(0);
}
