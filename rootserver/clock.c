/* SPDX-License-Identifier: BSD-2-Clause */
#include <rootserver/clock.h>

#include <rt/calls.h>
#include <rt/rt.h>

#define CLOCK_PRIORITY    63 /* the same as the main thread's */
#define CLOCK_STACK_BYTES 4096

static _Alignas(16) uint8_t clock_stack[CLOCK_STACK_BYTES];

static void clock_run(void *context)
{
    struct clock *clock = context;

    for (;;) {
        uint64_t deadline = atomic_load(&clock->deadline_ticks), bits;
        if (notification_wait(cap_at(clock->bell), deadline, &bits) != ERR_TIMEOUT)
            continue;
        /* Keeps a new deadline that the main thread has set meanwhile. */
        (void)atomic_compare_exchange_strong(&clock->deadline_ticks, &deadline, CLOCK_NEVER);
        (void)!notification_signal(cap_at(clock->wake));
    }
}

MUST_CHECK clock_start(struct clock *clock, const struct plan *plan)
{
    cap_t thread = cap_at(plan->clock_thread);

    clock->deadline_ticks = clock->armed_ticks = CLOCK_NEVER;
    clock->bell = plan->clock_bell;
    clock->wake = plan->notification;
    enum err err = thread_configure(thread, cap_at(BOOT_SLOT_CNODE), cap_at(BOOT_SLOT_VSPACE),
                                    cap_at(0), CLOCK_PRIORITY);
    if (err == OK)
        err = rt_thread_prepare(plan->clock_thread, clock_run, clock,
                                clock_stack + sizeof clock_stack);
    return err == OK ? thread_resume(thread) : err;
}

void clock_set(struct clock *clock, uint64_t deadline_ticks)
{
    if (deadline_ticks == CLOCK_NEVER || deadline_ticks == clock->armed_ticks)
        return;
    clock->armed_ticks = deadline_ticks;
    atomic_store(&clock->deadline_ticks, deadline_ticks);
    (void)!notification_signal(cap_at(clock->bell));
}
