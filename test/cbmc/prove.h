/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of a proof: any value of a type, assumptions, and claims. */
#ifndef TEST_CBMC_PROVE_H
#define TEST_CBMC_PROVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Declared only: by the names cbmc knows that each call returns any value. */
uint8_t nondet_u8(void);
uint16_t nondet_u16(void);
uint32_t nondet_u32(void);
uint64_t nondet_u64(void);
bool nondet_bool(void);

void __CPROVER_assume(bool claim);

#define ASSUME(claim) __CPROVER_assume(claim)
#define PROVE(claim)  __CPROVER_assert(claim, #claim)

/* What CBMC puts beside each atomic access.  One thread proves, so there is nothing to order; its
 * own body for it is not found on every machine. */
void __atomic_thread_fence(int order)
{
    (void)order;
}

#endif
