/* SPDX-License-Identifier: BSD-2-Clause */
/* Specification: "System Reset Extension (EID #0x53525354 "SRST")". */
#include <vmm/sbi/sbi.h>

enum reset_type {
    SHUTDOWN = 0,
    COLD_REBOOT = 1,
    WARM_REBOOT = 2
};
enum reset_reason {
    NO_REASON = 0,
    SYSTEM_FAILURE = 1
};

void sbi_power(const struct sbi_call *call, enum dev_power power, uint32_t code)
{
    const struct dev_host *host = &call->machine->host;
    host->power(host->opaque, power, code);
}

struct sbi_result sbi_srst(const struct sbi_call *call)
{
    uint32_t type = (uint32_t)call->arg[0], reason = (uint32_t)call->arg[1];

    if (call->fid != 0)
        return sbi_error(SBI_ERR_NOT_SUPPORTED);
    if (type > WARM_REBOOT || reason > SYSTEM_FAILURE)
        return sbi_error(SBI_ERR_INVALID_PARAM);
    if (type != SHUTDOWN)
        sbi_power(call, DEV_POWER_REBOOT, 0);
    else if (reason == SYSTEM_FAILURE)
        sbi_power(call, DEV_POWER_FAILED, reason);
    else
        sbi_power(call, DEV_POWER_OFF, 0);
    return sbi_end(SBI_END_NO_RETURN);
}
