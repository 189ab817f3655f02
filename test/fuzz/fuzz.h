/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parts of the program share. */
#ifndef TEST_FUZZ_FUZZ_H
#define TEST_FUZZ_FUZZ_H

#include <proto/vmm_start.h>

#include "random.h"

/* call.S: registers before and after an ecall; x0 is not used. */
extern uint64_t fuzz_before[32], fuzz_after[32];
void fuzz_call(void);

/* Prints what went wrong and ends the process. */
_Noreturn void fuzz_fail(const char *what, uint64_t detail);

/* The guest's memory, at random; first of all. */
void run_fill(struct random *r, const struct vmm_start *start);
/* One vcpu_run of a guest made up at random, which comes back by itself. */
void run_once(struct random *r, const struct vmm_start *start);
/* What the state page and the vCPU's registers hold, at random. */
void run_scramble(struct random *r, const struct vmm_start *start);

#endif
