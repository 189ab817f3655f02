/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Specification: "Hart State Management Extension (EID #0x48534D "HSM")".
 *
 *             hart_start               the hart's thread
 *   STOPPED -------------> START_PENDING -----------> STARTED <------------+
 *      ^                                               |   |               | an interrupt that sie
 *      +-------------------- hart_stop ----------------+   | hart_suspend  | enables is pending
 *                                                          v               |
 *                                 SUSPEND_PENDING (non-retentive) --> SUSPENDED
 *
 * A suspended hart waits in the kernel, as in WFI, and uses no processor time.  Interrupts and
 * timer stay pending meanwhile.
 */
#include <vmm/sbi/sbi.h>

enum fid {
    HART_START = 0,
    HART_STOP = 1,
    HART_GET_STATUS = 2,
    HART_SUSPEND = 3
};

#define SUSPEND_RETENTIVE     0x00000000u
#define SUSPEND_NON_RETENTIVE 0x80000000u

static bool hsm_is_start_address(const struct machine *machine, uint64_t gpa)
{
    return gpa % 2 == 0 && guestmem_contains(&machine->config.ram, gpa, 2);
}

/* The hart's own thread then starts or suspends the hart (vcpu_loop.c). */
static void hsm_set_pending(const struct sbi_call *call, uint32_t hart, enum hart_status status)
{
    struct hart_state *state = &call->machine->state->hart[hart];

    log_set(&call->machine->log, state, sizeof *state);
    state->status = status;
    state->start_gpa = call->arg[1];
    state->start_arg = call->arg[2];
}

static struct sbi_result hsm_hart_start(const struct sbi_call *call)
{
    const struct machine *machine = call->machine;
    uint64_t hart = call->arg[0];

    if (hart >= machine->config.hart_count)
        return sbi_error(SBI_ERR_INVALID_PARAM);
    if (machine->state->hart[hart].status != HART_STOPPED)
        return sbi_error(SBI_ERR_ALREADY_AVAILABLE);
    if (!hsm_is_start_address(machine, call->arg[1]))
        return sbi_error(SBI_ERR_INVALID_ADDRESS);
    hsm_set_pending(call, (uint32_t)hart, HART_START_PENDING);
    call->outcome->flags |= OUTCOME_HARTS;
    call->outcome->started |= UINT32_C(1) << hart;
    return sbi_ok(0);
}

static struct sbi_result hsm_hart_stop(const struct sbi_call *call)
{
    uint64_t *status = &call->machine->state->hart[call->hart].status;

    log_set(&call->machine->log, status, sizeof *status);
    *status = HART_STOPPED;
    return sbi_end(SBI_END_NO_RETURN);
}

static struct sbi_result hsm_hart_get_status(const struct sbi_call *call)
{
    if (call->arg[0] >= call->machine->config.hart_count)
        return sbi_error(SBI_ERR_INVALID_PARAM);
    return sbi_ok(machine_hart_status(call->machine, (uint32_t)call->arg[0]));
}

static struct sbi_result hsm_hart_suspend(const struct sbi_call *call)
{
    switch ((uint32_t)call->arg[0]) {
    case SUSPEND_RETENTIVE:
        call->outcome->flags |= OUTCOME_WAIT;
        return sbi_ok(0);
    case SUSPEND_NON_RETENTIVE:
        if (!hsm_is_start_address(call->machine, call->arg[1]))
            return sbi_error(SBI_ERR_INVALID_ADDRESS);
        hsm_set_pending(call, call->hart, HART_SUSPEND_PENDING);
        return sbi_end(SBI_END_NO_RETURN);
    default:
        return sbi_error(SBI_ERR_INVALID_PARAM);
    }
}

struct sbi_result sbi_hsm(const struct sbi_call *call)
{
    switch (call->fid) {
    case HART_START:
        return hsm_hart_start(call);
    case HART_STOP:
        return hsm_hart_stop(call);
    case HART_GET_STATUS:
        return hsm_hart_get_status(call);
    case HART_SUSPEND:
        return hsm_hart_suspend(call);
    default:
        return sbi_error(SBI_ERR_NOT_SUPPORTED);
    }
}
