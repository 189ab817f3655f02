/* SPDX-License-Identifier: BSD-2-Clause */
/* Specification: "Base Extension (EID #0x10)". */
#include <vmm/sbi/sbi.h>

struct sbi_result sbi_base(const struct sbi_call *call)
{
    switch (call->fid) {
    case 0:
        return sbi_ok(SBI_SPEC_VERSION);
    case 1:
        return sbi_ok(SBI_IMPL_ID);
    case 2:
        return sbi_ok(SBI_IMPL_VERSION);
    case 3:
        return sbi_ok(sbi_has_extension(call->arg[0]));
    case 4: /* mvendorid, marchid and mimpid: 0 is "not implemented" */
    case 5:
    case 6:
        return sbi_ok(0);
    default:
        return sbi_error(SBI_ERR_NOT_SUPPORTED);
    }
}
