/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by the files of the fuzzing program. */
#ifndef TEST_FUZZ_FUZZ_H
#define TEST_FUZZ_FUZZ_H

#include <proto/vmm_start.h>

#include "random.h"

/* call.S: registers before and after an ecall; x0 is not used. */
extern uint64_t fuzz_before[32], fuzz_after[32];
void fuzz_call(void);

/* Prints what went wrong and ends the process. */
_Noreturn void fuzz_fail(const char *what, uint64_t detail);

/* Fills the guest's memory at random.  Call this first. */
void run_fill(struct random *r, const struct vmm_start *start);
/* Runs a random guest once; the guest exits by itself. */
void run_once(struct random *r, const struct vmm_start *start);
/* Fills the state page and the vCPU's registers at random. */
void run_scramble(struct random *r, const struct vmm_start *start);

#endif
