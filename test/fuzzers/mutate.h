/* SPDX-License-Identifier: BSD-2-Clause */
/* Changes an input a little; repeatable from the state of `random`. */
#ifndef TEST_FUZZERS_MUTATE_H
#define TEST_FUZZERS_MUTATE_H

#include <stddef.h>
#include <stdint.h>

/* Constants that the code under test used in comparisons. */
struct mutate_words {
    uint64_t value[256];
    unsigned count; /* so far; older ones are overwritten */
};

/* xorshift64*; never 0. */
uint64_t mutate_random(uint64_t *random);

/*
 * Changes `bytes` (of `size`, room for `most`) in one to five places; `other` is a second
 * input of the corpus, of which pieces may be taken.  Returns the new size.
 */
size_t mutate(uint64_t *random, uint8_t *bytes, size_t size, size_t most, const uint8_t *other,
              size_t other_size, const struct mutate_words *words);

#endif
