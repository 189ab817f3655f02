/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One interrupt source, delivered as a signal.
 *
 *   bound: claim -> signal -> (source is claimed: it cannot interrupt) -> ack: complete -> ...
 *
 * A source stays claimed until it is acknowledged, and a claimed source cannot interrupt:
 * its enable bit need not change (PLIC specification, "Interrupt Gateways").
 */
#ifndef KERNEL_CORE_IRQ_H
#define KERNEL_CORE_IRQ_H

#include <kernel/core/object.h>

struct irq {
    struct object object;
    struct slot notification; /* embedded; an interrupt signals its badge */
    uint32_t source;          /* 0: not bound */
    bool is_claimed;          /* signalled, not yet acknowledged */
};

_Static_assert(sizeof(struct irq) <= UINT64_C(1) << IRQ_BITS_MIN, "Irq's size");

/* Sources that one external interrupt serves; the rest raises the next interrupt at once. */
#define IRQ_HANDLE_MAX 16u

/* External interrupt: claim and signal up to IRQ_HANDLE_MAX pending sources.  A claimed source
 * cannot be pending again, so each source is signalled at most once. */
void irq_handle(struct hart *hart);

/* The Irq or its Notification is deleted: mask the source, if one is bound, and free it. */
void irq_unbind(struct hart *hart, struct irq *irq);

#endif
