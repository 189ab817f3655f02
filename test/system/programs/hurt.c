/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Wraps, in a VMM, the function that handles an SBI call: a call of SBI's experimental extension
 * space (SBI specification, "Experimental SBI Extension Space") harms the VMM in the middle of the
 * handler.  a0 is the number of lives that the call harms; a later life answers as an unchanged VMM
 * does.  (The linker's --wrap gives the real function its other name.)
 */
#include <rt/rt_start_table.h>
#include <vmm/sbi/sbi.h>

#define HURT_EID   0x08000000u
#define HURT_HANG  0u
#define HURT_FAULT 1u

struct sbi_result __real_sbi_call(const struct sbi_call *call);
struct sbi_result __wrap_sbi_call(const struct sbi_call *call);

/* The change of the arena is part of the harm: the next life must roll the change back. */
static void hurt(const struct sbi_call *call)
{
    struct machine *machine = call->machine;

    log_set(&machine->log, machine->state, offsetof(struct machine_state, is_booting));
    machine->state->power = DEV_POWER_FAILED;
    if (call->fid == HURT_HANG)
        for (;;)
            __asm__ volatile("");
    if (call->fid == HURT_FAULT)
        __asm__ volatile("sd zero, 8(zero)");
}

struct sbi_result __wrap_sbi_call(const struct sbi_call *call)
{
    uint64_t life = 0;

    if (call->eid == HURT_EID && start_table_number(rt_start_table(), "restarts", &life) == OK &&
        life < call->arg[0])
        hurt(call);
    return __real_sbi_call(call);
}
