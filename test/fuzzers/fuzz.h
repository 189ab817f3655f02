/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parts of a harness.  Its one entry is libFuzzer's.  A harness reads decisions from
 * the input as from a tape; after the end of the input it reads zeros.
 */
#ifndef TEST_FUZZERS_FUZZ_H
#define TEST_FUZZERS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The oracle: a false claim is a finding. */
#define FUZZ_CHECK(claim)                                                                          \
    do {                                                                                           \
        if (!(claim)) {                                                                            \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #claim);             \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

struct fuzz_input {
    const uint8_t *at;
    size_t left;
};

static inline uint64_t fuzz_bytes(struct fuzz_input *in, size_t count)
{
    uint64_t value = 0;

    for (size_t i = 0; i < count && in->left > 0; i++) {
        value |= (uint64_t)*in->at++ << (8 * i);
        in->left--;
    }
    return value;
}

static inline uint8_t fuzz_u8(struct fuzz_input *in)
{
    return (uint8_t)fuzz_bytes(in, 1);
}

static inline uint32_t fuzz_u32(struct fuzz_input *in)
{
    return (uint32_t)fuzz_bytes(in, 4);
}

static inline uint64_t fuzz_u64(struct fuzz_input *in)
{
    return fuzz_bytes(in, 8);
}

/* One of `count` alternatives (1 to 256). */
static inline unsigned fuzz_pick(struct fuzz_input *in, unsigned count)
{
    return fuzz_u8(in) % count;
}

/* A number that is at a border more often than by chance; takes 1 to 9 bytes. */
static inline uint64_t fuzz_number(struct fuzz_input *in)
{
    unsigned form = fuzz_u8(in);

    switch (form >> 6) {
    case 0:
        return form & 0x3f;
    case 1:
        return (UINT64_C(1) << (form & 0x3f)) - (fuzz_u8(in) & 3) + 1;
    case 2:
        return UINT64_MAX - (form & 0x3f);
    default:
        return fuzz_bytes(in, (form & 7) + 1);
    }
}

#endif
