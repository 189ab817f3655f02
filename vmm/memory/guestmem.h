/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest RAM as the VMM sees it: one range of guest physical addresses, mapped whole.
 * guestmem_at() is the only way from a guest physical address to memory.
 */
#ifndef VMM_MEMORY_GUESTMEM_H
#define VMM_MEMORY_GUESTMEM_H

#include <stdbool.h>
#include <stdint.h>

#include <base/err.h>
#include <vmm/memory/pace.h>

struct guestmem {
    uint64_t gpa; /* guest physical address of the first byte */
    uint64_t bytes;
    uint8_t *host; /* where that byte is mapped */
};

/* Is [gpa, gpa + bytes) RAM?  True for an empty range in the RAM or at the end of the RAM. */
bool guestmem_contains(const struct guestmem *mem, uint64_t gpa, uint64_t bytes);

/*
 * The memory behind [gpa, gpa + bytes), all of it or none.
 * Errors: ERR_RANGE when any byte is not RAM, or the range wraps.
 */
MUST_CHECK guestmem_at(const struct guestmem *mem, uint64_t gpa, uint64_t bytes, uint8_t **out);

/* Zeroes the RAM, in whole pages and at the given pace.  A page that is zero is only
 * read: if the machine is itself virtual, its host then need not allocate memory for pages that no
 * guest has used. */
void guestmem_zero(const struct guestmem *mem, const struct pace *pace);

/*
 * Reads 8 aligned bytes once, as one access: the guest may be writing them.
 * Errors: ERR_RANGE outside RAM; ERR_ALIGN.
 */
MUST_CHECK guestmem_read_u64(const struct guestmem *mem, uint64_t gpa, uint64_t *out);

#endif
