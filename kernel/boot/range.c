/* SPDX-License-Identifier: BSD-2-Clause */
#include <kernel/boot/range.h>
#include <kernel/hal/types.h>

/* Replace `old_count` ranges from `index` on by `new_count` ranges of `new`. */
static enum err range_set_replace(struct range_set *set, uint32_t index, uint32_t old_count,
                                  const struct range *new, uint32_t new_count)
{
    uint32_t count = set->count - old_count + new_count;
    struct range_set out = { .count = count };

    if (count > RANGE_MAX)
        return ERR_NO_MEMORY;
    for (uint32_t i = 0; i < count; i++) {
        if (i < index)
            out.at[i] = set->at[i];
        else if (i < index + new_count)
            out.at[i] = new[i - index];
        else
            out.at[i] = set->at[i - new_count + old_count];
    }
    *set = out;
    return OK;
}

MUST_CHECK range_set_add(struct range_set *set, struct range range)
{
    if (range.start > UINT64_MAX - range.bytes)
        return ERR_RANGE;
    if (range.bytes == 0)
        return OK;

    /* Merge it with all ranges that overlap or touch it. */
    uint32_t first = 0;
    while (first < set->count && range_end(set->at[first]) < range.start)
        first++;
    uint32_t last = first;
    uint64_t end = range_end(range);
    while (last < set->count && set->at[last].start <= end)
        last++;
    if (last > first) {
        uint64_t old_end = range_end(set->at[last - 1]);
        range.start = set->at[first].start < range.start ? set->at[first].start : range.start;
        range.bytes = (old_end > end ? old_end : end) - range.start;
    }
    return range_set_replace(set, first, last - first, &range, 1);
}

MUST_CHECK range_set_remove(struct range_set *set, struct range range)
{
    if (range.start > UINT64_MAX - range.bytes)
        return ERR_RANGE;
    if (range.bytes == 0)
        return OK;

    uint64_t end = range_end(range);
    uint32_t first = 0;
    while (first < set->count && range_end(set->at[first]) <= range.start)
        first++;
    uint32_t last = first;
    while (last < set->count && set->at[last].start < end)
        last++;
    if (last == first)
        return OK;

    /* The parts below `start` and above `end` stay. */
    struct range rest[2];
    uint32_t rest_count = 0;
    uint64_t low = set->at[first].start, high = range_end(set->at[last - 1]);
    if (low < range.start)
        rest[rest_count++] = (struct range){ low, range.start - low };
    if (high > end)
        rest[rest_count++] = (struct range){ end, high - end };
    return range_set_replace(set, first, last - first, rest, rest_count);
}

MUST_CHECK range_round_out(struct range range, struct range *out)
{
    uint64_t start = range.start & ~(PAGE_BYTES - 1);

    if (range.start > UINT64_MAX - range.bytes ||
        range_end(range) > UINT64_MAX - (PAGE_BYTES - 1))
        return ERR_RANGE;
    uint64_t end = (range_end(range) + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
    *out = (struct range){ start, range.bytes == 0 ? 0 : end - start };
    return OK;
}

uint64_t range_set_bytes(const struct range_set *set)
{
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < set->count; i++)
        bytes += set->at[i].bytes;
    return bytes;
}

bool range_set_holds(const struct range_set *set, struct range range)
{
    for (uint32_t i = 0; i < set->count; i++) {
        struct range whole = set->at[i];
        if (range.start >= whole.start && range.bytes <= whole.bytes &&
            range.start - whole.start <= whole.bytes - range.bytes)
            return true;
    }
    return false;
}
