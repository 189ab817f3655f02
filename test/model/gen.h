/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random calls, most of them likely to succeed, some of them nonsense; the same for a seed.  A
 * fuzzer gives its bytes in place of a seed: each choice takes as few as will do, and zeros when
 * there are no more.
 */
#ifndef TEST_MODEL_GEN_H
#define TEST_MODEL_GEN_H

#include "world.h"

struct gen {
    uint64_t state;      /* where `tape` is NULL */
    const uint8_t *tape; /* a fuzzer's bytes */
    size_t left;
};

uint64_t gen_next(struct gen *gen);
/* From 0 to `end` - 1. */
uint32_t gen_below(struct gen *gen, uint32_t end);

/* A call for hart->current to make. */
struct world_call gen_call(struct world *world, struct gen *gen);

/* Let time pass, interrupts come and the kernel choose; play the guest or thread that runs until
 * a thread is about to make a call.  False: nothing will ever run again. */
bool gen_run(struct world *world, struct gen *gen);

#endif
