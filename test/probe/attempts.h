/* SPDX-License-Identifier: BSD-2-Clause */
/* Attempts that must fail for a process. */
#ifndef TEST_PROBE_ATTEMPTS_H
#define TEST_PROBE_ATTEMPTS_H

#include <stdbool.h>

#include <proto/vmm_start.h>

/* Makes the attempt of that name; the name ends at a space, and an argument of the attempt may
 * follow.  Returns true if it did not fault; false: no such name. */
bool attempt(const char *name, const struct vmm_start *start);

#endif
