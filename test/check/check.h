/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CHECK_CALL, a system call of the self-checking kernel alone.  Argument a1: the number of calls
 * from one walk to the next, 0 for no more walks.  Results: capabilities in a0, objects in a1,
 * walks so far in a2; in a3 the ticks of the longest stretch with interrupts off since the last
 * CHECK_CALL, and in a4 the kernel's work in that stretch (stretch.h).
 */
#ifndef TEST_CHECK_CHECK_H
#define TEST_CHECK_CHECK_H

#define CHECK_CALL    0x43484543
#define CHECK_STRETCH UINT64_MAX /* in a1: do not walk, return the stretch alone */

#endif
