/* SPDX-License-Identifier: BSD-2-Clause */
/* One action of a plan, as kernel calls; only exec/ includes this. */
#ifndef ROOTSERVER_EXEC_ACTION_H
#define ROOTSERVER_EXEC_ACTION_H

#include <rootserver/exec/exec.h>

/*
 * Carries an action out; *at is the slot that failed (0 to count - 1).
 *   ERR_AGAIN  nothing is changed that a repetition would not change: call again
 *   others     of the kernel's calls
 */
MUST_CHECK action_run(const struct exec *e, const struct plan_action *action, unsigned *at);

/* Copies bytes to frames of 4 KiB, from byte `lead` of the first frame on. */
MUST_CHECK action_frames_write(uint32_t slot, unsigned count, uint64_t lead, const uint8_t *from,
                               uint64_t bytes, unsigned *at);

/* Repeats a preemptible call until it is complete: each repetition continues the work. */
#define EXEC_UNTIL_DONE(call)                                                                      \
    ({                                                                                             \
        enum err err_;                                                                             \
        do                                                                                         \
            err_ = (call);                                                                         \
        while (err_ == ERR_AGAIN);                                                                 \
        err_;                                                                                      \
    })

#endif
