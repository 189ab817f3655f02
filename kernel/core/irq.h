/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One interrupt source, delivered as a signal.
 *
 *   bound: claim -> signal -> (source is claimed: it cannot interrupt) -> ack: complete -> ...
 *
 * A source stays claimed until it is acknowledged: that holds it back without touching
 * its enable bit (PLIC specification, "Interrupt Gateways").
 */
#ifndef KERNEL_CORE_IRQ_H
#define KERNEL_CORE_IRQ_H

#include <kernel/core/object.h>

struct irq {
    struct object object;
    struct slot notification; /* embedded; its badge is what is signalled */
    uint32_t source;          /* 0: not bound */
    bool is_claimed;          /* signalled, not yet acknowledged */
};

_Static_assert(sizeof(struct irq) <= UINT64_C(1) << IRQ_BITS_MIN, "Irq's size");

/* External interrupt: claim what is pending and signal it.  At most once for each source, since a
 * claimed one is quiet. */
void irq_handle(struct hart *hart);

/* It or its Notification goes: the source, if any, is masked and free to be bound again. */
void irq_unbind(struct hart *hart, struct irq *irq);

#endif
