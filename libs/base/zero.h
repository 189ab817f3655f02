/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Is memory zero?  Memory that is to be zero is looked at first and written only where it is not:
 * where the machine is itself a virtual one, its host then need not find a page for memory that
 * nobody has used.
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
 * Is each of `bytes` bytes at `at` zero?  Both are multiples of 64.  Nobody else writes them
 * meanwhile.  A load and an OR for each 8 bytes is the least that the base instruction set can do;
 * 256 bytes a turn keep what the loop itself costs at a thirtieth of that.
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
