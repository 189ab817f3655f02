/* SPDX-License-Identifier: BSD-2-Clause */
#include <abi/message.h>
#include <proto/control.h>
#include <proto/process_start.h>
#include <rt/calls.h>
#include <rt/rt.h>
#include <rt/rt_access.h>
#include <rt/rt_service.h>
#include <rt/rt_start_table.h>

#include <string.h>

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

_Static_assert(SERVICE_CALL_WORDS == MESSAGE_WORDS, "a call is a message");

/* The service's Endpoint; CAP_NULL: the manifest has no calls. */
static cap_t rt_service_endpoint(void)
{
    struct start_entry endpoint;

    if (rt_entry_find(START_SLOT, "endpoint", &endpoint) != OK)
        return CAP_NULL;
    return cap_at(endpoint.slot);
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

/* The signals that came, at the latest at the deadline; 0: those that came already. */
static uint64_t rt_service_wait(uint64_t deadline_ticks)
{
    uint64_t bits = 0;
    cap_t wake = cap_at(PROCESS_SLOT_WAKE);
    enum err err = deadline_ticks == 0 ? notification_poll(wake, &bits)
                                       : notification_wait(wake, deadline_ticks, &bits);

    return err == OK ? bits : 0;
}

/* Answers the call in `m`: the message becomes the answer. */
static void rt_service_call(struct service *s, struct message *m)
{
    struct service_call call = {.label = (uint32_t)(m->tag & TAG_LABEL_MASK)};

    memcpy(call.word, m->word, sizeof call.word);
    service_call(s, m->badge, &call);
    m->tag = call.label;
    memcpy(m->word, call.word, sizeof call.word);
}

/*
 * The same for a service with an Endpoint: sends the answer in `m` to the caller, if one waits, and
 * then takes signals or a call, whose answer is in `m` afterwards.  A wait without a deadline is of
 * the kind that leaves callers the kernel's fast path.  A message that nobody waits for an answer
 * to is answered too: the kernel drops the answer.
 */
static uint64_t rt_service_receive(struct service *s, cap_t endpoint, uint64_t deadline_ticks,
                                   struct message *m)
{
    enum err err = deadline_ticks == DEADLINE_NEVER
                       ? ipc_reply_recv(endpoint, m)
                       : ipc_reply_recv_until(endpoint, m, deadline_ticks);

    if (err != OK)
        return 0;
    if (m->tag & TAG_NOTIFIED)
        return m->badge;
    rt_service_call(s, m);
    return 0;
}

int rt_service_run(struct service *s, const struct service_model *model)
{
    struct rt_service_irqs irqs = {0};
    struct message m = {0};
    uint64_t bits = 0, deadline_ticks = 0;

    if (rt_service_begin(s, model) != OK)
        return 1;
    rt_service_irqs_find(&irqs);
    cap_t endpoint = rt_service_endpoint();
    for (;;) {
        unsigned turns = 0;
        while (turns < SERVICE_TURNS_MAX && service_turn(s, bits)) {
            turns++;
            bits = 0;
        }
        if (turns == SERVICE_TURNS_MAX || !service_sleep(s, &deadline_ticks))
            deadline_ticks = 0; /* takes what has come already */
        rt_service_irqs_ack(&irqs);
        /* A call that comes before its connection is known waits in the Endpoint's queue. */
        bits = cap_is_null(endpoint) || !service_knows_clients(s)
                   ? rt_service_wait(deadline_ticks)
                   : rt_service_receive(s, endpoint, deadline_ticks, &m);
        irqs.open = bits;
    }
}
