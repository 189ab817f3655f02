/* SPDX-License-Identifier: BSD-2-Clause */
#include <vmm/sbi/sbi.h>

bool sbi_has_extension(uint64_t eid)
{
    switch (eid) {
    case SBI_EID_BASE:
    case SBI_EID_TIME:
    case SBI_EID_IPI:
    case SBI_EID_RFENCE:
    case SBI_EID_HSM:
    case SBI_EID_SRST:
    case SBI_EID_DBCN:
        return true;
    default:
        return eid <= SBI_EID_LEGACY_LAST;
    }
}

struct sbi_result sbi_call(const struct sbi_call *call)
{
    if (call->eid == SBI_EID_BASE)
        return sbi_base(call);
    switch (call->eid) {
    case SBI_EID_TIME:
        return sbi_time(call);
    case SBI_EID_IPI:
        return sbi_ipi(call);
    case SBI_EID_RFENCE:
        return sbi_rfence(call);
    case SBI_EID_HSM:
        return sbi_hsm(call);
    case SBI_EID_SRST:
        return sbi_srst(call);
    case SBI_EID_DBCN:
        return sbi_dbcn(call);
    default:
        return call->eid <= SBI_EID_LEGACY_LAST ? sbi_legacy_call(call)
                                                : sbi_error(SBI_ERR_NOT_SUPPORTED);
    }
}

enum err sbi_harts(const struct machine *machine, uint64_t mask, uint64_t base, uint64_t *harts)
{
    uint32_t count = machine->config.hart_count;
    uint64_t all = (UINT64_C(1) << count) - 1;

    if (base == UINT64_MAX) {
        *harts = all;
        return OK;
    }
    if (base >= count || (mask & ~(all >> base)))
        return ERR_INVALID_ARG;
    *harts = mask << base;
    return OK;
}
