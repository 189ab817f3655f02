/* SPDX-License-Identifier: BSD-2-Clause */
/* Open addressing, never more than half full; sites are not removed. */
#include "sites.h"

#include <stdbool.h>

static bool is_same(const struct site *a, const struct site *b)
{
    return a->address == b->address && a->page == b->page && a->insn == b->insn &&
           a->mode == b->mode;
}

static uint32_t bucket_of(const struct site *site)
{
    uint64_t hash = site->address * UINT64_C(0x9e3779b97f4a7c15);

    hash ^= (site->page ^ site->insn ^ (uint64_t)site->mode << 60) * UINT64_C(0xc2b2ae3d27d4eb4f);
    return (uint32_t)(hash >> 32) % (2 * SITE_COUNT_MAX);
}

uint32_t sites_index(struct sites *sites, const struct site *site)
{
    uint32_t bucket = bucket_of(site);

    while (sites->bucket[bucket] != 0) {
        uint32_t index = sites->bucket[bucket] - 1;
        if (is_same(&sites->site[index], site))
            return index;
        bucket = (bucket + 1) % (2 * SITE_COUNT_MAX);
    }
    if (sites->count == SITE_COUNT_MAX)
        return SITE_NONE;
    sites->site[sites->count] = *site;
    sites->bucket[bucket] = ++sites->count;
    return sites->count - 1;
}
