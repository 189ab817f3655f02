/* SPDX-License-Identifier: BSD-2-Clause */
#include <proto/control.h>
#include <proto/process_start.h>
#include <rt/calls.h>
#include <rt/rt.h>
#include <rt/rt_access.h>
#include <rt/rt_service.h>
#include <rt/rt_start_table.h>

struct rt_service_irqs {
    uint32_t slot[PROCESS_IRQS_MAX];
    uint64_t bits[PROCESS_IRQS_MAX];
    uint32_t count;
    uint64_t open; /* bits that came and were not acknowledged */
};

/* The slot is empty when the peer is gone, which is no error of the service. */
static void rt_service_signal(void *context, uint32_t slot)
{
    (void)context;
    (void)!notification_signal(cap_at(slot));
}

static uint64_t rt_service_time_ticks(void *context)
{
    (void)context;
    return rt_time_ticks();
}

static void rt_service_irqs_find(struct rt_service_irqs *irqs)
{
    struct start_entry entry;

    for (uint32_t i = 0; start_table_at(rt_start_table(), i, &entry) == OK; i++) {
        if (entry.kind != START_IRQ || irqs->count == PROCESS_IRQS_MAX)
            continue;
        irqs->slot[irqs->count] = entry.slot;
        irqs->bits[irqs->count++] = entry.value;
    }
}

static void rt_service_irqs_ack(struct rt_service_irqs *irqs)
{
    for (uint32_t i = 0; i < irqs->count; i++)
        if (irqs->open & irqs->bits[i])
            (void)!irq_ack(cap_at(irqs->slot[i]));
    irqs->open = 0;
}

static MUST_CHECK rt_service_begin(struct service *s, const struct service_model *model)
{
    static const struct service_ops ops = {.signal = rt_service_signal,
                                           .time_ticks = rt_service_time_ticks,
                                           .copy_in = rt_copy_in,
                                           .copy_out = rt_copy_out};
    struct start_entry down, up, root;

    enum err err = rt_entry_find(START_MEMORY, CONTROL_ENTRY_DOWN, &down);
    if (err == OK)
        err = rt_entry_find(START_MEMORY, CONTROL_ENTRY_UP, &up);
    if (err == OK)
        err = rt_entry_find(START_SLOT, CONTROL_ENTRY_ROOT, &root);
    if (err == OK)
        err = service_init(s, model, &ops, (const void *)(uintptr_t)down.address,
                           (void *)(uintptr_t)up.address, root.slot);
    return err;
}

/* The signals that came, at the latest at the deadline.  Without a deadline to wait for, those
 * that came already. */
static uint64_t rt_service_wait(bool sleeps, uint64_t deadline_ticks)
{
    uint64_t bits = 0;
    enum err err = sleeps ? notification_wait(cap_at(PROCESS_SLOT_WAKE), deadline_ticks, &bits)
                          : notification_poll(cap_at(PROCESS_SLOT_WAKE), &bits);

    return err == OK ? bits : 0;
}

int rt_service_run(struct service *s, const struct service_model *model)
{
    struct rt_service_irqs irqs = {0};
    uint64_t bits = 0, deadline_ticks = 0;

    if (rt_service_begin(s, model) != OK)
        return 1;
    rt_service_irqs_find(&irqs);
    for (;;) {
        unsigned turns = 0;
        while (turns < SERVICE_TURNS_MAX && service_turn(s, bits)) {
            turns++;
            bits = 0;
        }
        bool sleeps = turns < SERVICE_TURNS_MAX && service_sleep(s, &deadline_ticks);
        rt_service_irqs_ack(&irqs);
        bits = rt_service_wait(sleeps, deadline_ticks);
        irqs.open = bits;
    }
}
