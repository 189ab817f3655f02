/* SPDX-License-Identifier: BSD-2-Clause */
/* Sets of physical memory: ranges in ascending order that neither touch nor overlap. */
#ifndef KERNEL_BOOT_RANGE_H
#define KERNEL_BOOT_RANGE_H

#include <base/err.h>
#include <stdbool.h>
#include <stdint.h>

#define RANGE_MAX 64u

struct range {
    uint64_t start, bytes; /* start + bytes does not wrap */
};

static inline uint64_t range_end(struct range range)
{
    return range.start + range.bytes;
}

struct range_set {
    uint32_t count;
    struct range at[RANGE_MAX];
};

/* Add a range; an empty range changes nothing.
 * ERR_RANGE: the range wraps.  ERR_NO_MEMORY: the set is full.  Both leave the set unchanged. */
MUST_CHECK range_set_add(struct range_set *set, struct range range);

/* Remove a range; errors as above. */
MUST_CHECK range_set_remove(struct range_set *set, struct range range);

/* The smallest range of whole pages that holds `range`: ERR_RANGE when it wraps. */
MUST_CHECK range_round_out(struct range range, struct range *out);

uint64_t range_set_bytes(const struct range_set *set);

/* Is all of `range` in one range of the set? */
bool range_set_holds(const struct range_set *set, struct range range);

#endif
