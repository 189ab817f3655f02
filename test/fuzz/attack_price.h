/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What short calls and exits of a guest cost a thread of the highest priority, while the kernel
 * takes apart what threads of low priority dropped; and what sleepers of low priority cost that
 * thread.  All figures are printed in ticks of the time CSR, one line each, for test_fuzz.py.
 */
#ifndef TEST_FUZZ_ATTACK_PRICE_H
#define TEST_FUZZ_ATTACK_PRICE_H

#include "random.h"

/* The price of every short operation: on a quiet system, after each way of dropping, and in
 * `rounds` random sequences. */
void price_run(struct random *random, uint64_t rounds);

/* Thousands of sleepers: how late the calling thread wakes, and how much of its time they take. */
void sleepers_run(void);

#endif
