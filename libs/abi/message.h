/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A message has a tag, six words and at most one capability.
 *
 *   63     35   34      33       32     31             0
 *   +--------+-------+----------+-----+----------------+
 *   |   0    | FAULT | NOTIFIED | CAP |     label      |
 *   +--------+-------+----------+-----+----------------+
 *
 * The sender chooses the label and CAP.  The kernel sets or clears the other bits.
 */
#ifndef ABI_MESSAGE_H
#define ABI_MESSAGE_H

#include <stdint.h>

#define MESSAGE_WORDS    6
#define TAG_LABEL_MASK   UINT64_C(0xffffffff)
#define TAG_CAP          (UINT64_C(1) << 32) /* with a capability, for the receive slot */
#define TAG_NOTIFIED     (UINT64_C(1) << 33) /* no message: the badge holds the signal bits */
#define TAG_FAULT        (UINT64_C(1) << 34) /* a fault message; a reply resumes the thread */

/* Words of a fault message.  Its badge is the badge of the thread's fault endpoint capability. */
enum fault_word { FAULT_CAUSE = 0, FAULT_TVAL = 1, FAULT_PC = 2, FAULT_SP = 3, FAULT_RA = 4 };

#endif
