/* SPDX-License-Identifier: BSD-2-Clause */
/* The longest stretch with interrupts off, and what the kernel did in it. */
#ifndef TEST_CHECK_STRETCH_H
#define TEST_CHECK_STRETCH_H

#include <stdint.h>

#define STRETCH_NO_CALL UINT64_C(0xff00) /* an interrupt, a fault or a guest */

struct stretch {
    uint64_t ticks;
    uint64_t call; /* number << 8 | method, or: */
};

/* It begins now: what went before is the check's own. */
void stretch_begin(void);
/* The kernel serves this call. */
void stretch_name(uint64_t number, uint64_t method);
/* The longest since this was called before. */
struct stretch stretch_take(void);

#endif
