/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers that repeat for a seed, and the values that checks tend to get wrong. */
#ifndef TEST_FUZZ_RANDOM_H
#define TEST_FUZZ_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct random {
    uint64_t state; /* not 0 */
};

static inline uint64_t random_next(struct random *r)
{
    r->state ^= r->state << 13;
    r->state ^= r->state >> 7;
    r->state ^= r->state << 17;
    return r->state * UINT64_C(0x2545f4914f6cdd1d);
}

/* 0 .. count - 1 */
static inline uint64_t random_below(struct random *r, uint64_t count)
{
    return random_next(r) % count;
}

static inline bool random_one_in(struct random *r, uint64_t count)
{
    return random_below(r, count) == 0;
}

/* Small, at the ends, near a power of two, in the kernel, or anything. */
static inline uint64_t random_odd(struct random *r)
{
    static const uint64_t ends[] = { 0,
                                     1,
                                     UINT64_MAX,
                                     UINT64_MAX - 1,
                                     UINT64_C(1) << 63,
                                     INT64_MAX,
                                     UINT32_MAX,
                                     0x80000000,
                                     0xffffffff80000000,
                                     0xffffffc080000000,
                                     0xffffffc000000000 };

    switch (random_below(r, 6)) {
    case 0: return random_below(r, 16);
    case 1: return ends[random_below(r, sizeof ends / sizeof ends[0])];
    case 2: return (UINT64_C(1) << random_below(r, 64)) + random_below(r, 5) - 2;
    case 3: return random_below(r, 1 << 16) << 12 | random_below(r, 8);
    case 4: return random_next(r) >> random_below(r, 64);
    default: return random_next(r);
    }
}

#endif
