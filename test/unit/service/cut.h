/* SPDX-License-Identifier: BSD-2-Clause */
/* Compiled into every file of this test: each atomic store is a place where a life may end. */
#ifndef TEST_UNIT_SERVICE_CUT_H
#define TEST_UNIT_SERVICE_CUT_H

#include <stdatomic.h>

/* Does not return if the life ends here. */
void cut_here(void);

#ifdef __clang__
#define CUT_STORE    __c11_atomic_store
#define CUT_EXCHANGE __c11_atomic_exchange
#else
#define CUT_STORE    __atomic_store_n
#define CUT_EXCHANGE __atomic_exchange_n
#endif

#undef atomic_store_explicit
#define atomic_store_explicit(at, value, order) (cut_here(), CUT_STORE(at, value, order))
#undef atomic_exchange_explicit
#define atomic_exchange_explicit(at, value, order) (cut_here(), CUT_EXCHANGE(at, value, order))

#endif
