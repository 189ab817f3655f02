/* SPDX-License-Identifier: BSD-2-Clause */
#include <rootserver/exec/random.h>

#include <string.h>

static uint32_t random_rotate(uint32_t value, unsigned by)
{
    return value << by | value >> (32 - by);
}

static void random_quarter_round(uint32_t s[16], unsigned a, unsigned b, unsigned c, unsigned d)
{
    s[a] += s[b];
    s[d] = random_rotate(s[d] ^ s[a], 16);
    s[c] += s[d];
    s[b] = random_rotate(s[b] ^ s[c], 12);
    s[a] += s[b];
    s[d] = random_rotate(s[d] ^ s[a], 8);
    s[c] += s[d];
    s[b] = random_rotate(s[b] ^ s[c], 7);
}

void random_block(const uint32_t key[8], uint32_t counter, const uint32_t nonce[3],
                  uint32_t out[16])
{
    uint32_t start[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574}, s[16];

    memcpy(start + 4, key, 32);
    start[12] = counter;
    memcpy(start + 13, nonce, 12);
    memcpy(s, start, sizeof s);
    for (unsigned round = 0; round < 10; round++) {
        for (unsigned i = 0; i < 4; i++)
            random_quarter_round(s, i, i + 4, i + 8, i + 12);
        for (unsigned i = 0; i < 4; i++)
            random_quarter_round(s, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4);
    }
    for (unsigned i = 0; i < 16; i++)
        out[i] = s[i] + start[i];
}

/* Mixes up to 32 bytes into the key: XORs them, then runs the key through the block function. */
static void random_absorb(struct random_source *source, const uint8_t *bytes, size_t count)
{
    static const uint32_t nonce[3] = {0};
    uint32_t piece[8] = {0}, block[16];

    memcpy(piece, bytes, count);
    for (unsigned i = 0; i < 8; i++)
        source->key[i] ^= piece[i];
    random_block(source->key, 0, nonce, block);
    memcpy(source->key, block, sizeof source->key);
}

void random_init(struct random_source *source, const uint8_t *seed, size_t bytes, uint64_t time)
{
    memset(source, 0, sizeof *source);
    for (size_t at = 0; at < bytes; at += 32)
        random_absorb(source, seed + at, bytes - at < 32 ? bytes - at : 32);
    random_absorb(source, (const uint8_t *)&time, sizeof time);
}

void random_fill(struct random_source *source, uint8_t *to, size_t bytes)
{
    static const uint32_t nonce[3] = {0};
    uint32_t block[16];

    for (uint32_t counter = 1; bytes > 0; counter++) {
        size_t part = bytes < sizeof block ? bytes : sizeof block;
        random_block(source->key, counter, nonce, block);
        memcpy(to, block, part);
        to += part;
        bytes -= part;
    }
    random_block(source->key, 0, nonce, block);
    memcpy(source->key, block, sizeof source->key);
}
