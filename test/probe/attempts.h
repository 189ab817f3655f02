/* SPDX-License-Identifier: BSD-2-Clause */
/* What a process must not get away with. */
#ifndef TEST_PROBE_ATTEMPTS_H
#define TEST_PROBE_ATTEMPTS_H

#include <stdbool.h>

#include <proto/vmm_start.h>

/* Make the attempt of that name.  Returns when it had no consequence; false: no such name. */
bool attempt(const char *name, const struct vmm_start *start);

#endif
