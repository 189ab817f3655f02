/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs in place of a VMM, and tries every capability.
 *
 * A slot with a capability answers "no such method" to a method that no object has; an
 * empty or missing slot answers "no such capability".  For each capability the probe tries
 * every method number with arguments of all ones, which no method accepts, and every call
 * that cannot block: the errors tell type and rights.
 */
#include <stdio.h>

#include <abi/regs.h>
#include <proto/process_start.h>
#include <rt/calls.h>
#include <rt/rt.h>
#include <rt/rt_guest.h>

#include "attempts.h"

#define SLOTS_TRIED  (UINT64_C(1) << 21) /* twice the largest CNode there can be */
#define METHOD_COUNT 8u

static enum err invoke_all_ones(uint64_t slot, uint64_t method)
{
    struct abi_regs regs = { .a7 = CALL_INVOKE, .a0 = slot, .a1 = method, .a2 = UINT64_MAX,
                             .a3 = UINT64_MAX,  .a4 = UINT64_MAX, .a5 = UINT64_MAX,
                             .a6 = UINT64_MAX,  .t1 = UINT64_MAX };

    abi_ecall_long(&regs);
    return (enum err)regs.a0;
}

/* Takes the signals that are there, so that the result does not depend on the moment. */
static enum err wait_empty(uint32_t slot)
{
    uint64_t ignored = 0;
    enum err err;

    do
        err = notification_wait(cap_at(slot), 0, &ignored);
    while (err == OK);
    return err;
}

static void tell_slot(uint32_t slot)
{
    uint64_t reason = 0, seq = 0;
    struct message message = { .tag = TAG_CAP, .send_slot = slot };

    printf("slot %u: methods", slot);
    for (uint64_t method = 0; method < METHOD_COUNT; method++)
        printf(" %d", (int)invoke_all_ones(slot, method));
    printf(", signal %d", (int)notification_signal(cap_at(slot)));
    printf(", wait %d", (int)wait_empty(slot));
    printf(", grant %d", (int)ipc_send(cap_at(slot), &message));
    printf(", run %d\n", (int)vcpu_run(cap_at(slot), UINT64_MAX, 0, &reason, &seq));
}

static void tell_slots(void)
{
    uint64_t found = 0;

    for (uint64_t slot = 0; slot < SLOTS_TRIED; slot++) {
        if (invoke_all_ones(slot, UINT64_MAX) != ERR_INVALID_CAP) {
            tell_slot((uint32_t)slot);
            found++;
        }
    }
    for (unsigned bit = 21; bit < 64; bit++) {
        if (invoke_all_ones(UINT64_C(1) << bit, UINT64_MAX) != ERR_INVALID_CAP)
            printf("slot 2^%u answers\n", bit);
        if (invoke_all_ones(UINT64_C(1) << bit | 1, UINT64_MAX) != ERR_INVALID_CAP)
            printf("slot 2^%u + 1 answers\n", bit);
    }
    printf("slots: %u in all\n", (unsigned)found);
}

int main(void)
{
    static struct vmm_start guest;
    const struct vmm_start *start = &guest;

    if (rt_guest_read(rt_start_table(), &guest) != OK)
        return 1;
    if (start->bootargs[0] == '\0' || start->bootargs[0] == 's') {
        tell_slots();
        return 0;
    }
    printf("attempt %s\n", start->bootargs);
    fflush(stdout);
    if (!attempt(start->bootargs, start))
        printf("attempt unknown\n");
    else
        printf("attempt %s succeeded\n", start->bootargs);
    return 0;
}
