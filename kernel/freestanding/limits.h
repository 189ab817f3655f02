/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FREESTANDING_LIMITS_H
#define FREESTANDING_LIMITS_H

#define INT_MAX  __INT_MAX__
#define UINT_MAX (INT_MAX * 2U + 1U)

#endif
