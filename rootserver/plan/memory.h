/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the Untypeds of the root server have left, as the kernel would count it:
 * each hands its memory out from the bottom up, every object aligned to its
 * size (docs/abi/, Untyped).  The planner takes from this picture; the kernel
 * then finds it true.
 */
#ifndef ROOTSERVER_PLAN_MEMORY_H
#define ROOTSERVER_PLAN_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include <base/err.h>

#define MEMORY_UNTYPED_MOST 512

struct memory_untyped {
    uint32_t slot;
    uint8_t size_bits;
    bool is_device;
    uint64_t address; /* physical bytes */
    uint64_t used;    /* bytes from the bottom */
};

struct memory {
    unsigned count;
    struct memory_untyped untyped[MEMORY_UNTYPED_MOST];
};

/* ERR_NO_MEMORY: the list is full. */
MUST_CHECK memory_add(struct memory *memory, uint32_t slot, uint64_t address, unsigned size_bits,
                      bool is_device);

/* Takes one object of 2^size_bits bytes out of an Untyped.  ERR_NO_MEMORY: it has no room. */
MUST_CHECK memory_take_from(struct memory_untyped *untyped, unsigned size_bits);

/*
 * Takes one object of 2^size_bits bytes of RAM from the Untyped that it leaves
 * with the least, so that the large pieces stay whole.  *slot is the Untyped's.
 *   ERR_NO_MEMORY  no Untyped has room
 */
MUST_CHECK memory_take(struct memory *memory, unsigned size_bits, uint32_t *slot);

/* log2 of the largest object, at most 2^most, that can be taken now; 0 when not even a page. */
unsigned memory_largest(const struct memory *memory, unsigned most);

/* Bytes of RAM not taken. */
uint64_t memory_left(const struct memory *memory);

/* The device Untyped that covers [address, address + bytes), has handed nothing of it out, and is
 * the smallest such; NULL when none is. */
struct memory_untyped *memory_find_device(struct memory *memory, uint64_t address, uint64_t bytes);

#endif
