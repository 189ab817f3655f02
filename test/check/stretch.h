/* SPDX-License-Identifier: BSD-2-Clause */
/* The longest stretch with interrupts off, and the kernel's work in that stretch. */
#ifndef TEST_CHECK_STRETCH_H
#define TEST_CHECK_STRETCH_H

#include <stdint.h>

#define STRETCH_NO_CALL UINT64_C(0xff00) /* an interrupt, a fault or a guest */

struct stretch {
    uint64_t ticks;
    uint64_t call; /* number << 8 | method, or: */
};

/* Begins a new stretch.  The time before belonged to the check itself. */
void stretch_begin(void);
/* Names the call that the kernel serves in this stretch. */
void stretch_name(uint64_t number, uint64_t method);
/* Returns the longest stretch since the last stretch_take(). */
struct stretch stretch_take(void);

#endif
