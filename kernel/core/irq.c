/* SPDX-License-Identifier: BSD-2-Clause */
#include <kernel/core/irq.h>

#include <abi/decode.h>
#include <kernel/core/hart.h>
#include <kernel/core/notification.h>
#include <kernel/core/syscall.h>

void irq_handle(struct hart *hart)
{
    for (uint32_t i = 0; i < IRQ_HANDLE_MAX; i++) {
        uint32_t source = hal_irq_claim();
        if (source == 0)
            return;
        struct irq *irq = source < IRQ_SOURCE_MAX ? hart->kernel->irq_by_source[source] : NULL;
        if (irq == NULL) {
            hal_irq_complete(source); /* first: a PLIC may ignore it for a masked source */
            hal_irq_mask(source);
            continue;
        }
        irq->is_claimed = true;
        struct notification *notification =
            (struct notification *)slot_object(&irq->notification);
        uint64_t bits = notification_bits(irq->notification.word[0]);
        if (trace_is_on(&hart->trace))
            trace_signal(hart, notification, bits, source);
        notification_signal(notification, bits);
    }
}

void irq_unbind(struct hart *hart, struct irq *irq)
{
    if (irq->source == 0)
        return;
    if (irq->is_claimed)
        hal_irq_complete(irq->source);
    hal_irq_mask(irq->source);
    hart->kernel->irq_by_source[irq->source] = NULL;
    irq->source = 0;
    irq->is_claimed = false;
}

enum err irq_bind_invoke(struct invocation *inv)
{
    struct irq *irq = (struct irq *)slot_object(inv->slot);
    struct kernel *kernel = inv->hart->kernel;
    uint64_t source = inv->arg[1];

    if (source == 0 || source > hal_irq_count() || source >= IRQ_SOURCE_MAX)
        return ERR_RANGE;
    if (irq->source != 0 || kernel->irq_by_source[source] != NULL)
        return ERR_EXISTS;
    slot_embed(&irq->notification, inv->cap[2], &irq->object);
    irq->source = (uint32_t)source;
    kernel->irq_by_source[source] = irq;
    hal_irq_unmask(irq->source);
    return OK;
}

enum err irq_ack_invoke(struct invocation *inv)
{
    struct irq *irq = (struct irq *)slot_object(inv->slot);

    if (irq->source == 0)
        return ERR_STATE;
    if (irq->is_claimed) {
        irq->is_claimed = false;
        hal_irq_complete(irq->source);
    }
    return OK;
}
