/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parts of the fake hart share. */
#ifndef FAKES_HAL_INTERNAL_H
#define FAKES_HAL_INTERNAL_H

#include <fakes/hal.h>

void fake_note(enum fake_event_kind kind, uint64_t a, uint64_t b, uint64_t c);

/* Ends the test: the kernel broke the HAL's contract. */
ATTR_NORETURN void fake_bug(const char *what);

/* Checks that no guest's vsatp is in the hart; called when hgatp changes. */
void fake_check_vsatp(void);

void fake_tlb_reset(void);

#endif
