/* SPDX-License-Identifier: BSD-2-Clause */
/* The largest guest.  The layout of the state in the arena depends on these numbers. */
#ifndef VMM_STATE_LIMITS_H
#define VMM_STATE_LIMITS_H

#define VMM_HARTS_MAX 8u

#endif
