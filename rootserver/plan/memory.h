/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How much memory is left in the root server's Untypeds, computed as the kernel
 * does: an Untyped allocates its memory from the bottom up, with every object
 * aligned to its size (docs/abi/, Untyped).  The planner allocates in this
 * model, so the kernel's allocations later succeed.
 */
#ifndef ROOTSERVER_PLAN_MEMORY_H
#define ROOTSERVER_PLAN_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include <base/err.h>

#define MEMORY_UNTYPED_MAX 512

struct memory_untyped {
    uint32_t slot;
    uint8_t size_bits;
    bool is_device;
    uint64_t address; /* physical bytes */
    uint64_t used;    /* bytes from the bottom */
};

struct memory {
    unsigned count;
    struct memory_untyped untyped[MEMORY_UNTYPED_MAX];
};

/* ERR_NO_MEMORY: the list is full. */
MUST_CHECK memory_add(struct memory *memory, uint32_t slot, uint64_t address, unsigned size_bits,
                      bool is_device);

/* Takes one object of 2^size_bits bytes out of an Untyped.  ERR_NO_MEMORY: it has no room. */
MUST_CHECK memory_take_from(struct memory_untyped *untyped, unsigned size_bits);

/*
 * Takes one object of 2^size_bits bytes of RAM from the Untyped that has the least
 * memory left afterwards, so that large pieces stay whole.  *slot is the slot of
 * that Untyped.
 *   ERR_NO_MEMORY  no Untyped has room
 */
MUST_CHECK memory_take(struct memory *memory, unsigned size_bits, uint32_t *slot);

/* log2 of the largest object, at most 2^most bytes, that can be taken now; 0: not even a page. */
unsigned memory_largest(const struct memory *memory, unsigned most);

/* Bytes of RAM not taken. */
uint64_t memory_left(const struct memory *memory);

/* The smallest device Untyped that covers [address, address + bytes) and has not yet allocated any
 * of that range; NULL if there is none. */
struct memory_untyped *memory_find_device(struct memory *memory, uint64_t address, uint64_t bytes);

#endif
