/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's calls as C functions: `enum err <object>_<method>(cap_t, ...)`, see docs/abi/. */
#ifndef RT_CALLS_H
#define RT_CALLS_H

#include <abi/stubs.h>

#define DEADLINE_NEVER UINT64_MAX

#endif
