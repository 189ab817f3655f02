/* SPDX-License-Identifier: BSD-2-Clause */
/* What a guest can have at most.  State in the arena is laid out for these. */
#ifndef VMM_CORE_LIMITS_H
#define VMM_CORE_LIMITS_H

#define VMM_HARTS_MAX 8u

#endif
