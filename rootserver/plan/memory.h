/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory that the root server has in Untypeds, as a tree: an Untyped is free, taken by a part
 * of the plan, or split into two halves, which are Untypeds in slots of their own.
 *
 *     free --take--> taken by a part --give, after the kernel's revoke--> free
 *     free --split--> two free halves --both free again: join--> free
 *
 * The kernel allocates from the bottom of an Untyped up, and begins at the bottom again when no
 * child is left (docs/abi/, Untyped).  So a join deletes the capabilities of both halves, and then
 * the whole can be split, or taken, as if for the first time.
 *
 * Splits and joins are kernel calls.  They stand in a queue in the order in which the model made
 * them.  Whoever carries out a plan carries out the queue first.
 */
#ifndef ROOTSERVER_PLAN_MEMORY_H
#define ROOTSERVER_PLAN_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include <base/err.h>
#include <rootserver/plan/slots.h>

#define MEMORY_NODES_MAX 2048
#define MEMORY_QUEUE_MAX 4096
#define MEMORY_OWNER     (UINT16_MAX - 1) /* of the slots of halves, and of abandoned memory */

enum memory_state {
    MEMORY_NONE, /* this node is not used */
    MEMORY_FREE,
    MEMORY_TAKEN,
    MEMORY_SPLIT,
};

struct memory_node {
    uint64_t address; /* physical bytes */
    uint32_t slot;
    uint16_t parent; /* node + 1; 0 for none: this node is never joined with another */
    uint16_t half;   /* of a split node: its first half's node; the second half's is the next */
    uint16_t owner;  /* of a taken one */
    uint8_t size_bits;
    uint8_t state; /* enum memory_state */
    bool is_device;
};

enum memory_call_kind {
    MEMORY_CALL_SPLIT,  /* Untyped `from` -> `count` Untypeds of 2^bits bytes in `slot`.. */
    MEMORY_CALL_DELETE, /* delete the capability in `slot` */
};

struct memory_call {
    uint32_t from, slot;
    uint8_t kind; /* enum memory_call_kind */
    uint8_t bits;
    uint8_t count;
};

struct memory {
    unsigned node_count; /* nodes behind are unused */
    struct memory_node node[MEMORY_NODES_MAX];
    unsigned call_count;
    struct memory_call call[MEMORY_QUEUE_MAX];
    struct slots slots;
};

/* A state to return to: what memory_save() kept. */
struct memory_saved {
    unsigned node_count, call_count;
    struct memory_node node[MEMORY_NODES_MAX];
    struct slots slots;
};

/* Keeps the state, and returns to it.  Nothing was carried out or given back between. */
void memory_save(const struct memory *memory, struct memory_saved *out);
void memory_restore(struct memory *memory, const struct memory_saved *to);

/*
 * Adds an Untyped of the boot, of which the kernel has used `used` bytes already.  The rest is then
 * divided into powers of two.
 *   ERR_NO_MEMORY  too many Untypeds, or no slots
 */
MUST_CHECK memory_add(struct memory *memory, uint32_t slot, uint64_t address, unsigned size_bits,
                      uint64_t used, bool is_device);

/* Takes 2^size_bits bytes of RAM for `owner`, out of the smallest Untyped that is large enough.
 * *slot is that of the Untyped.  ERR_NO_MEMORY: there is none. */
MUST_CHECK memory_take(struct memory *memory, unsigned size_bits, uint16_t owner, uint32_t *slot);

/* The same for the 2^size_bits bytes of a device at `address`, which is a multiple.  ERR_NOT_FOUND:
 * no free device Untyped has them.  ERR_NO_MEMORY: too many Untypeds, or no slots. */
MUST_CHECK memory_take_device(struct memory *memory, uint64_t address, unsigned size_bits,
                              uint16_t owner, uint32_t *slot);

/* Gives back all that `owner` has taken.  The kernel has revoked the Untypeds. */
void memory_give(struct memory *memory, uint16_t owner);

/* The memory and the slots that `owner` has taken are not used again. */
void memory_abandon(struct memory *memory, uint16_t owner);

/* log2 of the largest piece of RAM, at most 2^most bytes, that can be taken; 0: not even a page. */
unsigned memory_largest(const struct memory *memory, unsigned most);

/* Bytes of RAM that are free. */
uint64_t memory_left(const struct memory *memory);

/* Physical address of the Untyped in a slot; 0 if the model does not have it. */
uint64_t memory_address_of(const struct memory *memory, uint32_t slot);

#endif
