/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The call that only the kernel that checks itself has.  a1: walk again after every so many calls,
 * 0 for never.  Results: capabilities in a0, objects in a1, walks so far in a2.
 */
#ifndef TEST_CHECK_CHECK_H
#define TEST_CHECK_CHECK_H

#define CHECK_CALL 0x43484543

#endif
