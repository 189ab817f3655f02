/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random bytes for the processes and guests: the ChaCha20 block function
 * (RFC 8439, section 2.3) in counter mode.  The key is replaced after each
 * request, so that earlier output cannot be computed from the current key.
 */
#ifndef ROOTSERVER_EXEC_RANDOM_H
#define ROOTSERVER_EXEC_RANDOM_H

#include <stddef.h>
#include <stdint.h>

struct random_source {
    uint32_t key[8];
};

/* `seed` is the entropy that firmware provided, of any length. `time` makes the bytes differ when
 * two starts have the same seed, or none. */
void random_init(struct random_source *source, const uint8_t *seed, size_t bytes, uint64_t time);
void random_fill(struct random_source *source, uint8_t *to, size_t bytes);

/* The block function; for random.c and its test. */
void random_block(const uint32_t key[8], uint32_t counter, const uint32_t nonce[3],
                  uint32_t out[16]);

#endif
