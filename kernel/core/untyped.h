/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Untyped memory and what is made of it.
 *
 *   address                 bytes handed out          bytes known zero        address + 2^bits
 *      |  objects alive or dead  |   zeroed by a retype that was    | dirty        |
 *      |                         |   preempted                      |              |
 *
 * Memory is handed out upwards.  It starts again from the bottom when the slot has no children:
 * then nothing in it is left, alive or dead (object.h).
 */
#ifndef KERNEL_CORE_UNTYPED_H
#define KERNEL_CORE_UNTYPED_H

#include <kernel/core/object.h>

struct retype {
    struct slot *untyped;
    enum obj_type type;
    uint8_t size_bits;
    struct slot *dest; /* `count` adjoining empty slots */
    uint32_t count;    /* 1 .. retype_count_max(type) */
};

#define RETYPE_COUNT_MAX 64u

/* As many as are made within 10,000 instructions with interrupts off (test/fuzz/attack_stretch.c).
 * The kernel's half is copied into a VSpace, a VCpu's registers are set, a space takes a place. */
static inline uint32_t retype_count_max(enum obj_type type)
{
    switch (type) {
    case OBJ_VSPACE: return 8;
    case OBJ_GSPACE:
    case OBJ_VCPU: return 32;
    default: return RETYPE_COUNT_MAX;
    }
}

/* Make the objects, all or none; arguments' ranges are checked here, slots by the caller.
 * ERR_INVALID_ARG, ERR_NO_MEMORY as Untyped.retype; ERR_AGAIN: preempted while
 * taking the dead apart or zeroing, or the current thread was among what that destroyed: nothing
 * made yet, progress kept. */
MUST_CHECK untyped_retype(struct hart *hart, const struct retype *retype);

/* Fill `slot` with the capability to a range nobody else has: for boot. */
void untyped_create(struct slot *slot, hpa_t address, uint8_t size_bits, uint8_t flags);

#endif
