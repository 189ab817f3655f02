/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Address spaces: VSpace (Sv39, S stage) and GSpace (Sv39x4, G stage), one
 * mechanism with two geometries (privileged specification, "Sv39: Page-Based
 * 39-bit Virtual-Memory System" and "Guest Physical Address Translation").
 *
 * The object's memory is the root table, then this header, then a pool of pages that
 * feeds the lower tables:
 *
 *   VSpace  | root 4 KiB | header page | pool ...        GSpace  | root 16 KiB | header page | pool ...
 *
 * A Frame capability names the space it is mapped in by (index in the space
 * table, generation).  When a space dies its generation moves on, and all those
 * records are void at once, without a walk.  The index is the ASID or VMID.
 */
#ifndef KERNEL_CORE_SPACE_H
#define KERNEL_CORE_SPACE_H

#include <kernel/core/object.h>

enum space_stage { SPACE_S, SPACE_G };

#define SPACE_COUNT 1024u /* spaces of both kinds that can exist at once; index 0 is not used */

struct space {
    struct object object;
    uint8_t stage;         /* enum space_stage */
    uint16_t id;           /* index in the space table; ASID or VMID */
    hpa_t root;
    hpa_t pool_next;       /* pages from here to pool_end were never used and are zero */
    hpa_t pool_end;
    uint64_t *free_list;   /* emptied tables, fenced, linked through their first entry */
    uint32_t free_count;   /* pages in both */
    uint32_t pool_count;
};

struct space_entry {
    struct space *space;   /* NULL: free */
    uint64_t generation;   /* never 0 */
};

struct space_table {
    uint16_t next_hint;
    struct space_entry entry[SPACE_COUNT];
};

/* Begin a space in its object's zeroed memory.  ERR_NO_MEMORY: no identifier is free. */
MUST_CHECK space_create(struct kernel *kernel, enum space_stage stage, hpa_t memory,
                        uint8_t size_bits, struct space **out);

/* A space dies: no hart has it loaded or cached afterwards, its identifier is free. */
void space_destroy(struct hart *hart, struct space *space);

/* Map the frame of `slot` at `address` with `rights`; all that can fail is checked before
 * anything changes.  Errors as Frame.map's: ALIGN, RANGE, EXISTS, NO_MEMORY. */
MUST_CHECK space_map(struct hart *hart, struct space *space, struct slot *slot, uint64_t address,
                     uint8_t rights);

/* Undo the mapping of a Frame slot; when it returns no hart reaches the page through it, and
 * emptied tables are back in the pool.  ERR_NOT_FOUND: not mapped, or its space is gone. */
MUST_CHECK space_unmap(struct hart *hart, struct slot *slot);

#endif
