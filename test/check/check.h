/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The call that only the kernel that checks itself has.  a1: walk again after every so many calls,
 * 0 for never.  Results: capabilities in a0, objects in a1, walks so far in a2; in a3 the ticks of
 * the longest stretch with interrupts off since the call before, and in a4 what the kernel did in
 * it (stretch.h).
 */
#ifndef TEST_CHECK_CHECK_H
#define TEST_CHECK_CHECK_H

#define CHECK_CALL    0x43484543
#define CHECK_STRETCH UINT64_MAX /* in a1: no walk, the stretch alone */

#endif
