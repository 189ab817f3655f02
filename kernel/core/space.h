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
 * The counts say how many entries of each table are in use: a table whose count falls to 0 goes
 * back to the pool, and nobody has to read its 512 entries to know that.
 *
 * A Frame slot names the space it is mapped in by (index in the table of its
 * stage, generation).  When a space dies its entry's generation moves on, and all
 * those records are void at once, without a walk.  The index is the ASID or VMID
 * as far as the hart has that many; where it has fewer, several spaces share an
 * identifier and loading one fences it.
 */
#ifndef KERNEL_CORE_SPACE_H
#define KERNEL_CORE_SPACE_H

#include <kernel/core/object.h>

struct vcpu;

enum space_stage { SPACE_S, SPACE_G };

/* Places in each table; place 0 is not used, so that 0 names no space. */
#define SPACE_COUNT 1024u

struct space {
    struct object object;
    uint8_t stage;       /* enum space_stage */
    uint16_t index;      /* in the table of its stage, from 1 */
    uint16_t id;         /* ASID or VMID */
    hpa_t root;
    hpa_t pool_first;    /* the pool's first page */
    hpa_t pool_next;     /* pages from here to the end of the object were never used: zero */
    uint16_t *used;      /* for each page of the pool: entries in use, as long as it is a table */
    uint64_t *free_list; /* emptied tables, fenced, linked through their first entry */
    uint32_t free_count; /* pages in both */
    uint32_t pool_count;
    const struct vcpu *last_vcpu; /* GSpace: whose own translations the hart may hold */
};

struct space_entry {
    struct space *space; /* NULL: free */
    uint64_t generation; /* counts the spaces that had this place and died */
};

struct space_table {
    uint16_t next_hint;
    uint16_t used_count;
    struct space_entry entry[SPACE_COUNT];
};

/* How many more spaces of a stage can be made. */
uint32_t space_free_count(const struct kernel *kernel, enum space_stage stage);

/* Begin a space in its object's zeroed memory; a free place exists. */
struct object *space_create(struct kernel *kernel, enum space_stage stage, hpa_t memory,
                            uint8_t size_bits);

/* A space dies: no hart has it loaded or cached afterwards, its place is free. */
void space_destroy(struct hart *hart, struct space *space);

/* Make it the hart's loaded space of its stage, if it is not. */
void space_load(struct hart *hart, struct space *space);

/* Map the frame of `slot` at `address` (bytes) with `rights`; all that can fail is checked before
 * anything changes.  Errors as Frame.map: ALIGN, RANGE, EXISTS, NO_MEMORY. */
MUST_CHECK space_map(struct hart *hart, struct space *space, struct slot *slot, uint64_t address,
                     uint8_t rights);

/* Undo the mapping of a Frame slot; when it returns no hart reaches the page through it, and
 * emptied tables are back in the pool.  Harmless when there is none. */
void space_unmap(struct hart *hart, struct slot *slot);

/* The space a Frame slot is mapped in, NULL when nowhere or that space is gone. */
struct space *space_of_frame(struct kernel *kernel, const struct slot *slot);

#endif
