/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Wraps, in a VMM, the function that handles an SBI call: a call of SBI's experimental extension
 * space (SBI specification, "Experimental SBI Extension Space") harms the VMM in the middle of the
 * handler, or makes it deaf: it answers the call, and then never takes the next signal of its
 * Notification.  a0 is the number of lives that the call harms; a later life answers as an
 * unchanged VMM does.  (The linker's --wrap gives the real functions their other names.)
 */
#include <stdlib.h>

#include <rt/rt_start_table.h>
#include <vmm/calls.h>
#include <vmm/sbi/sbi.h>

#define HURT_EID       0x08000000u
#define HURT_HANG      0u
#define HURT_FAULT     1u
#define HURT_EXIT      2u
#define HURT_DEAF      3u
#define HURT_EXIT_CODE 7

struct sbi_result __real_sbi_call(const struct sbi_call *call);
struct sbi_result __wrap_sbi_call(const struct sbi_call *call);
enum err __real_calls_poll(void *opaque, uint32_t hart);
enum err __wrap_calls_poll(void *opaque, uint32_t hart);

static bool is_deaf;

static void hurt_hang(void)
{
    for (;;)
        __asm__ volatile("");
}

/* The signal stays in the Notification. */
enum err __wrap_calls_poll(void *opaque, uint32_t hart)
{
    if (is_deaf)
        hurt_hang();
    return __real_calls_poll(opaque, hart);
}

/* The change of the arena is part of the harm: the next life must roll the change back. */
static void hurt(const struct sbi_call *call)
{
    struct machine *machine = call->machine;

    is_deaf = call->fid == HURT_DEAF;
    if (is_deaf)
        return;
    log_set(&machine->log, machine->state, offsetof(struct machine_state, is_booting));
    machine->state->power = DEV_POWER_FAILED;
    if (call->fid == HURT_HANG)
        hurt_hang();
    if (call->fid == HURT_FAULT)
        __asm__ volatile("sd zero, 8(zero)");
    if (call->fid == HURT_EXIT)
        exit(HURT_EXIT_CODE);
}

struct sbi_result __wrap_sbi_call(const struct sbi_call *call)
{
    uint64_t life = 0;

    if (call->eid == HURT_EID && start_table_number(rt_start_table(), "restarts", &life) == OK &&
        life < call->arg[0])
        hurt(call);
    return __real_sbi_call(call);
}
