/* SPDX-License-Identifier: BSD-2-Clause */
/* Specification: "Timer Extension (EID #0x54494D45 "TIME")". */
#include <vmm/sbi/sbi.h>

void sbi_time_set(const struct sbi_call *call, uint64_t deadline_ticks)
{
    call->outcome->timer_ticks = deadline_ticks;
    call->outcome->flags |= OUTCOME_TIMER;
}

struct sbi_result sbi_time(const struct sbi_call *call)
{
    if (call->fid != 0)
        return sbi_error(SBI_ERR_NOT_SUPPORTED);
    sbi_time_set(call, call->arg[0]);
    return sbi_ok(0);
}
