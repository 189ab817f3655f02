/* SPDX-License-Identifier: BSD-2-Clause */
#include <rootserver/plan/slots.h>

void slots_init(struct slots *slots, uint32_t first)
{
    for (uint32_t i = 0; i < SLOTS_MAX; i++)
        slots->owner[i] = i < first ? SLOTS_FIXED : SLOTS_FREE;
    slots->next = first;
}

void slots_reserve(struct slots *slots, uint32_t first, uint32_t end, uint16_t owner)
{
    for (uint32_t i = first; i < end && i < SLOTS_MAX; i++) {
        if (slots->owner[i] == SLOTS_FREE)
            slots->owner[i] = owner;
    }
}

/* The first slot of `count` adjoining free ones in [from, end); 0 if there are none. */
static uint32_t slots_find(const struct slots *slots, uint32_t from, uint32_t end, unsigned count)
{
    unsigned run = 0;

    for (uint32_t i = from; i < end; i++) {
        run = slots->owner[i] == SLOTS_FREE ? run + 1 : 0;
        if (run == count)
            return i + 1 - count;
    }
    return 0;
}

MUST_CHECK slots_take(struct slots *slots, unsigned count, uint16_t owner, uint32_t *first)
{
    uint32_t found = slots_find(slots, slots->next, SLOTS_MAX, count);

    if (found == 0)
        found = slots_find(slots, 0, SLOTS_MAX, count);
    if (found == 0 || count == 0)
        return ERR_NO_MEMORY;
    slots_reserve(slots, found, found + count, owner);
    slots->next = found + count;
    *first = found;
    return OK;
}

void slots_give(struct slots *slots, uint32_t slot)
{
    slots->owner[slot] = SLOTS_FREE;
}

void slots_give_all(struct slots *slots, uint16_t owner)
{
    for (uint32_t i = 0; i < SLOTS_MAX; i++) {
        if (slots->owner[i] == owner)
            slots->owner[i] = SLOTS_FREE;
    }
}

unsigned slots_left(const struct slots *slots)
{
    unsigned left = 0;

    for (uint32_t i = 0; i < SLOTS_MAX; i++)
        left += slots->owner[i] == SLOTS_FREE;
    return left;
}
