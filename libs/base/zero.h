/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Is memory zero?  Code that zeroes memory reads first and writes only pages that are not zero: if
 * the machine is itself virtual, its host then need not allocate pages for unused memory.
 */
#ifndef BASE_ZERO_H
#define BASE_ZERO_H

#include <stdbool.h>
#include <stdint.h>

static inline uint64_t zero_or8(const uint64_t *word)
{
    return word[0] | word[1] | word[2] | word[3] | word[4] | word[5] | word[6] | word[7];
}

/*
 * Are all `bytes` bytes at `at` zero?  `at` and `bytes` are multiples of 64.  No other code may
 * write the bytes during the call.  The base instruction set needs at least a load and an OR for
 * each 8 bytes; with 256 bytes per iteration the loop itself adds about a thirtieth.
 */
static inline bool zero_is_all(const void *at, uint64_t bytes)
{
    const uint64_t *word = at, *end = word + bytes / sizeof(*word);

    for (; end - word >= 32; word += 32) {
        if ((zero_or8(word) | zero_or8(word + 8) | zero_or8(word + 16) | zero_or8(word + 24)) != 0)
            return false;
    }
    for (; word != end; word += 8) {
        if (zero_or8(word) != 0)
            return false;
    }
    return true;
}

#endif
