/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Address spaces: VSpace (Sv39, S stage) and GSpace (Sv39x4, G stage), one
 * mechanism with two geometries (privileged specification, "Sv39: Page-Based
 * 39-bit Virtual-Memory System" and "Guest Physical Address Translation").
 *
 * The object's memory is the root table, then this header and a count for each page of the pool
 * (in one page, for spaces below 8 MiB), then the pool of pages that feeds the lower tables:
 *
 *   VSpace  | root 4 KiB | header, counts | pool ...   GSpace  | root 16 KiB | header, counts | ...
 *
 * The counts say how many entries of each table are in use.  A table whose count falls to 0 goes
 * back to the pool; the kernel need not read its 512 entries to find out.
 *
 * A Frame slot names the space it is mapped in by (index in the table of its
 * stage, generation).  When a space dies, its entry's generation is incremented: all
 * records in Frame slots become void at once, without a walk.  The index is the ASID
 * or VMID if the hart has enough identifiers.  Otherwise several spaces share an
 * identifier, and loading a space fences its identifier.
 */
#ifndef KERNEL_CORE_SPACE_H
#define KERNEL_CORE_SPACE_H

#include <kernel/core/object.h>

struct vcpu;

enum space_stage { SPACE_S, SPACE_G };

/* Entries of each table; entry 0 is not used, so that 0 names no space. */
#define SPACE_COUNT 1024u

/* A VSpace's code whose loads and stores may fail; 0 bytes: none. */
struct space_recovery {
    uint64_t start, bytes;
    uint64_t exit; /* where a thread continues after a fault; outside the range */
};

struct space {
    struct object object;
    uint8_t stage;       /* enum space_stage */
    uint16_t index;      /* in the table of its stage, from 1 */
    uint16_t id;         /* ASID or VMID */
    hpa_t root;
    hpa_t pool_first;    /* the pool's first page */
    hpa_t pool_next;     /* from here to the object's end: pages never used, zero */
    uint16_t *used;      /* for each page of the pool that is a table: entries in use */
    uint64_t *free_list; /* emptied tables, fenced, linked through their first entry */
    uint32_t free_count; /* pages in the list and from pool_next on */
    uint32_t pool_count;
    const struct vcpu *last_vcpu; /* GSpace: the vCPU that ran last in it */
    struct space_recovery recovery; /* VSpace */
};

struct space_entry {
    struct space *space; /* NULL: free */
    uint64_t generation; /* counts the dead spaces that had this entry */
};

/* All zero: every place is free. */
struct space_table {
    uint16_t used_count;
    uint16_t fresh_count; /* places taken at least once: 1 .. fresh_count */
    uint16_t free_first;  /* of those, the free ones; 0: none */
    uint16_t free_next[SPACE_COUNT];
    struct space_entry entry[SPACE_COUNT];
};

/* Free entries of the stage's table: so many more spaces can be created. */
uint32_t space_free_count(const struct kernel *kernel, enum space_stage stage);

/* Initialise a space in zeroed memory; the caller has checked that an entry is free. */
struct object *space_create(struct kernel *kernel, enum space_stage stage, hpa_t memory,
                            uint8_t size_bits);

/* A space dies.  Afterwards no hart has it loaded or cached, and its entry is free. */
void space_destroy(struct hart *hart, struct space *space);

/* Load the space into the hart, unless it is loaded. */
void space_load(struct hart *hart, struct space *space);

/* Map the frame of `slot` at `address` (bytes) with `rights`.  All checks come before any
 * change.  Errors as Frame.map: ALIGN, RANGE, EXISTS, NO_MEMORY. */
MUST_CHECK space_map(struct hart *hart, struct space *space, struct slot *slot, uint64_t address,
                     uint8_t rights);

/* Undo the mapping of a Frame slot, if it is mapped.  Afterwards no hart can reach the page through
 * the mapping, and tables that became empty are back in the pool. */
void space_unmap(struct hart *hart, struct slot *slot);

/* Replace the VSpace's recovery range.  Errors as VSpace.recover: ALIGN, RANGE, INVALID_ARG. */
MUST_CHECK space_recovery_set(struct space *space, const struct space_recovery *recovery);

/* A thread of the VSpace faulted at `pc` with the exception code `cause` (privileged specification,
 * "Supervisor Cause Register").  True: `pc` lies in the recovery range and the instruction's load
 * or store caused a page fault or an access fault; the thread continues at recovery.exit. */
bool space_recovers(const struct space *space, uint64_t cause, uint64_t pc);

/* The space that a Frame slot is mapped in; NULL: not mapped, or that space is dead. */
struct space *space_of_frame(struct kernel *kernel, const struct slot *slot);

#endif
