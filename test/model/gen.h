/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random calls: most are likely to succeed, some are nonsense.  A seed repeats its sequence.  A
 * fuzzer gives its bytes in place of a seed: each choice takes as few bytes as possible, and zeros
 * after the last byte.
 */
#ifndef TEST_MODEL_GEN_H
#define TEST_MODEL_GEN_H

#include "world.h"

struct gen {
    uint64_t state;      /* of the generator, if `tape` is NULL */
    const uint8_t *tape; /* a fuzzer's bytes */
    size_t left;
};

uint64_t gen_next(struct gen *gen);
/* A number from 0 to `end` - 1. */
uint32_t gen_below(struct gen *gen, uint32_t end);

/* A call for hart->current to make. */
struct world_call gen_call(struct world *world, struct gen *gen);

/* Lets time pass, interrupts come and the kernel schedule; acts as the running guest or thread
 * until a thread is about to make a call.  False: no thread can run any more. */
bool gen_run(struct world *world, struct gen *gen);

#endif
