/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A message: a tag, six words, at most one capability.
 *
 *   63     35   34      33       32     31             0
 *   +--------+-------+----------+-----+----------------+
 *   |   0    | FAULT | NOTIFIED | CAP |     label      |
 *   +--------+-------+----------+-----+----------------+
 *
 * A sender chooses the label and CAP; the kernel clears or sets the rest.
 */
#ifndef ABI_MESSAGE_H
#define ABI_MESSAGE_H

#include <stdint.h>

#define MESSAGE_WORDS    6
#define TAG_LABEL_MASK   UINT64_C(0xffffffff)
#define TAG_CAP          (UINT64_C(1) << 32) /* a capability travels, into the receive slot */
#define TAG_NOTIFIED     (UINT64_C(1) << 33) /* no message: badge has the notification's bits */
#define TAG_FAULT        (UINT64_C(1) << 34) /* from the kernel; a reply resumes the thread */

/* Words of a fault message; the badge is that of the thread's fault endpoint. */
enum fault_word { FAULT_CAUSE = 0, FAULT_TVAL = 1, FAULT_PC = 2, FAULT_SP = 3, FAULT_RA = 4 };

#endif
