/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest RAM as the VMM sees it: one range of guest physical addresses, mapped whole.
 * guestmem_at() is the only way from a guest physical address to memory.
 */
#ifndef VMM_CORE_GUESTMEM_H
#define VMM_CORE_GUESTMEM_H

#include <stdbool.h>
#include <stdint.h>

#include <base/err.h>

struct guestmem {
    uint64_t gpa; /* guest physical address of the first byte */
    uint64_t bytes;
    uint8_t *host; /* where that byte is mapped */
};

/* True when [gpa, gpa + bytes) is RAM; an empty range counts when its start is in or at the end. */
bool guestmem_contains(const struct guestmem *mem, uint64_t gpa, uint64_t bytes);

/*
 * The memory behind [gpa, gpa + bytes), all of it or none.
 * Errors: ERR_RANGE when any byte is not RAM, or the range wraps.
 */
MUST_CHECK guestmem_at(const struct guestmem *mem, uint64_t gpa, uint64_t bytes, uint8_t **out);

/*
 * Reads 8 aligned bytes once, as one access: the guest may be writing them.
 * Errors: ERR_RANGE outside RAM; ERR_ALIGN.
 */
MUST_CHECK guestmem_read_u64(const struct guestmem *mem, uint64_t gpa, uint64_t *out);

#endif
