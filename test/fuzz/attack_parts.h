/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Objects, threads and measurements of the directed attacks.  Everything is made of one Untyped,
 * into slots of the root server's CNode that are numbered from 0, and goes with parts_revoke().
 */
#ifndef TEST_FUZZ_ATTACK_PARTS_H
#define TEST_FUZZ_ATTACK_PARTS_H

#include <rt/calls.h>

void parts_begin(cap_t untyped, uint32_t first_slot);

/* The capability in slot `slot`, and the Untyped. */
cap_t parts_cap(uint32_t slot);
cap_t parts_ram(void);

/* One object, into an empty slot. */
void parts_make(enum obj_type type, unsigned bits, uint32_t slot);

/* A copy of what is in `slot`, with all rights, or the thing itself, into a CNode. */
void parts_copy(cap_t cnode, uint32_t index, uint32_t slot);
void parts_move(cap_t cnode, uint32_t index, uint32_t slot);
void parts_delete(uint32_t slot);

/* A suspended thread: its first instruction is the call in `call`, after which it spins.  It has
 * the root server's CNode and VSpace. */
void parts_thread(uint32_t slot, uint64_t priority, const struct abi_regs *call);

/* The calling thread sleeps until the moment comes; returns how many ticks too late it runs. */
uint64_t parts_sleep_until(cap_t notification, uint64_t deadline_ticks);

/* Takes everything away. */
void parts_revoke(void);

/* Prints the longest stretch with interrupts off since the last call of this, as that of `name`;
 * nothing where `name` is NULL. */
void parts_stretch(const char *name);

#endif
