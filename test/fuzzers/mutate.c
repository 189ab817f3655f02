/* SPDX-License-Identifier: BSD-2-Clause */
#include "mutate.h"

#include <string.h>

struct edit {
    uint64_t *random;
    uint8_t *bytes;
    size_t size, most;
    const uint8_t *other;
    size_t other_size;
    const struct mutate_words *words;
};

uint64_t mutate_random(uint64_t *random)
{
    uint64_t x = *random;

    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    *random = x;
    return x * UINT64_C(0x2545f4914f6cdd1d);
}

/* A number below `count`, which is not 0. */
static size_t below(struct edit *e, size_t count)
{
    return (size_t)((mutate_random(e->random) >> 16) % count);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static void put(struct edit *e, size_t at, uint64_t value, size_t width, int is_big_endian)
{
    for (size_t i = 0; i < width && at + i < e->size; i++)
        e->bytes[at + i] = (uint8_t)(value >> (8 * (is_big_endian ? width - 1 - i : i)));
}

static void flip_bit(struct edit *e)
{
    e->bytes[below(e, e->size)] ^= (uint8_t)(1u << below(e, 8));
}

static void set_byte(struct edit *e)
{
    e->bytes[below(e, e->size)] = (uint8_t)mutate_random(e->random);
}

/* Writes a border value of some width, or a compared constant, in either byte order. */
static void set_word(struct edit *e)
{
    static const int64_t border[] = {
        0,     1,         -1,         2,         -2,        3,           4,
        7,     8,         16,         31,        32,        63,          64,
        127,   128,       255,        256,       4095,      4096,        32767,
        65535, INT32_MAX, UINT32_MAX, INT64_MAX, INT64_MIN, 0x100000000, 0x80000000};
    size_t width = (size_t)1 << below(e, 4);
    uint64_t value = (uint64_t)border[below(e, sizeof border / sizeof border[0])];

    if (e->words->count > 0 && below(e, 2) == 0)
        value = e->words->value[below(e, least(e->words->count, 256))];
    put(e, below(e, e->size), value, width, below(e, 4) == 0);
}

static void add_little(struct edit *e)
{
    size_t width = (size_t)1 << below(e, 4), at = below(e, e->size);
    uint64_t value = 0, delta = below(e, 33) - 16;

    for (size_t i = 0; i < width && at + i < e->size; i++)
        value |= (uint64_t)e->bytes[at + i] << (8 * i);
    put(e, at, value + delta, width, 0);
}

static void remove_piece(struct edit *e)
{
    size_t at = below(e, e->size), count = 1 + below(e, least(e->size - at, 64));

    memmove(e->bytes + at, e->bytes + at + count, e->size - at - count);
    e->size -= count;
}

/* Opens a gap; returns its offset, or `size` if there is no room. */
static size_t open_gap(struct edit *e, size_t count)
{
    size_t at = below(e, e->size + 1);

    if (count > e->most - e->size)
        return e->size;
    memmove(e->bytes + at + count, e->bytes + at, e->size - at);
    e->size += count;
    return at;
}

static void insert_random(struct edit *e)
{
    size_t count = 1 + below(e, 16), before = e->size, at = open_gap(e, count);

    for (size_t i = 0; i < count && e->size > before; i++)
        e->bytes[at + i] = (uint8_t)mutate_random(e->random);
}

static void copy_own(struct edit *e)
{
    uint8_t piece[64];
    size_t from = below(e, e->size), count = 1 + below(e, least(e->size - from, sizeof piece));
    size_t before = e->size;

    memcpy(piece, e->bytes + from, count);
    size_t at = below(e, 2) ? open_gap(e, count) : below(e, e->size);
    if (e->size == before)
        count = least(count, e->size - at);
    memcpy(e->bytes + at, piece, count);
}

static void copy_other(struct edit *e)
{
    if (e->other_size == 0)
        return;
    size_t from = below(e, e->other_size);
    size_t count = 1 + below(e, least(e->other_size - from, 256)), before = e->size;
    size_t at = below(e, 2) ? open_gap(e, count) : below(e, e->size);

    if (e->size == before)
        count = least(count, e->size - at);
    memcpy(e->bytes + at, e->other + from, count);
}

static void cut_end(struct edit *e)
{
    e->size = 1 + below(e, e->size);
}

size_t mutate(uint64_t *random, uint8_t *bytes, size_t size, size_t most, const uint8_t *other,
              size_t other_size, const struct mutate_words *words)
{
    static void (*const how[])(struct edit *) = {
        flip_bit,      flip_bit, set_byte,   set_byte,   set_word,
        set_word,      set_word, add_little, add_little, remove_piece,
        insert_random, copy_own, copy_other, copy_other, cut_end,
    };
    struct edit e = {random, bytes, size, most, other, other_size, words};
    size_t count = 1 + below(&e, 5);

    for (size_t i = 0; i < count; i++) {
        if (e.size == 0) {
            e.size = 1;
            bytes[0] = (uint8_t)mutate_random(random);
        }
        how[below(&e, sizeof how / sizeof how[0])](&e);
    }
    return e.size;
}
