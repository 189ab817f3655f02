/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Untyped memory, and the objects made from it.
 *
 *   address                 bytes handed out          bytes known zero        address + 2^bits
 *      |  objects alive or dead  |   zeroed by a retype that was    | dirty        |
 *      |                         |   preempted                      |              |
 *
 * Memory is handed out from the bottom up.  Once the slot has no children, no object is left in the
 * memory, alive or dead (object.h), and it is handed out from the bottom again.
 */
#ifndef KERNEL_CORE_UNTYPED_H
#define KERNEL_CORE_UNTYPED_H

#include <kernel/core/object.h>

struct retype {
    struct slot *untyped;
    enum obj_type type;
    uint8_t size_bits;
    struct slot *dest; /* the first of `count` adjoining empty slots */
    uint32_t count;    /* 1 .. retype_count_max(type) */
};

#define RETYPE_COUNT_MAX 64u

/* So many objects can be created within 10,000 instructions with interrupts off
 * (test/fuzz/attack_stretch.c).  These types take longest: the kernel's half is copied into each
 * VSpace, the registers of each VCpu are set, and each space searches for a free identifier. */
static inline uint32_t retype_count_max(enum obj_type type)
{
    switch (type) {
    case OBJ_VSPACE: return 8;
    case OBJ_GSPACE:
    case OBJ_VCPU: return 32;
    default: return RETYPE_COUNT_MAX;
    }
}

/* Create all objects, or none.  The ranges of the arguments are checked here, the slots by the
 * caller.  ERR_INVALID_ARG and ERR_NO_MEMORY as for Untyped.retype.  ERR_AGAIN: preempted while
 * taking dead objects apart or zeroing, or that destroyed the current thread: no object is created
 * yet, the progress is kept. */
MUST_CHECK untyped_retype(struct hart *hart, const struct retype *retype);

/* For boot: fill `slot` with the first capability to a range. */
void untyped_create(struct slot *slot, hpa_t address, uint8_t size_bits, uint8_t flags);

#endif
