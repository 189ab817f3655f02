/* SPDX-License-Identifier: BSD-2-Clause */
/* Which slots of the root server's CNode are in use, and by which part of the plan. */
#ifndef ROOTSERVER_PLAN_SLOTS_H
#define ROOTSERVER_PLAN_SLOTS_H

#include <stdint.h>

#include <base/err.h>
#include <rt/bootinfo.h>

#define SLOTS_MAX   (UINT32_C(1) << BOOT_CNODE_SLOT_BITS)
#define SLOTS_FREE  0
#define SLOTS_FIXED UINT16_MAX /* owner of a slot that the plan never gives away */

struct slots {
    uint16_t owner[SLOTS_MAX];
    uint32_t next; /* where the next search begins */
};

/* All slots are free from `first` on, and the others are fixed. */
void slots_init(struct slots *slots, uint32_t first);

/* Makes slots that are free belong to `owner`: [first, end). */
void slots_reserve(struct slots *slots, uint32_t first, uint32_t end, uint16_t owner);

/* Takes `count` adjoining slots; *first is the first of them.  ERR_NO_MEMORY: there are none. */
MUST_CHECK slots_take(struct slots *slots, unsigned count, uint16_t owner, uint32_t *first);

/* Gives back one slot, or all slots of an owner. */
void slots_give(struct slots *slots, uint32_t slot);
void slots_give_all(struct slots *slots, uint16_t owner);

unsigned slots_left(const struct slots *slots);

#endif
