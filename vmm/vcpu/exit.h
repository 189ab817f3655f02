/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Handles an exit, which gives an outcome, and applies the outcome to the vCPU.
 *
 *   vcpu_run -> exit record -> exit_handle  (transaction)  -> commit
 *                                                              |
 *   vcpu_run <- done = seq <- state page  <- exit_apply  <-----+
 *
 * Every exit gets an outcome.  If neither a device nor the SBI carries out what the guest
 * tried, the outcome is the trap that the architecture defines.
 */
#ifndef VMM_VCPU_EXIT_H
#define VMM_VCPU_EXIT_H

#include <stdint.h>

#include <base/err.h>
#include <vmm/board/machine.h>

enum exit_next {
    EXIT_RESUME, /* the outcome is committed */
    EXIT_WAIT,   /* nothing was changed: handle the exit again after the stream has signalled */
};

/*
 * Handles the exit in the hart's state page.  Begins and ends one transaction.
 * Errors: of the vCPU's calls, when the kernel refuses one; nothing was changed.
 */
MUST_CHECK exit_handle(struct machine *machine, uint32_t hart, enum exit_next *next);

/*
 * Applies the hart's committed outcome if it belongs to the exit in the state page and
 * that exit is not answered yet; then marks the exit as answered (its reason becomes
 * VCPU_EXIT_NONE).  If a call was cut short, a second call finishes the work.
 * Errors: of the vCPU's calls.
 */
MUST_CHECK exit_apply(struct machine *machine, uint32_t hart);

/*
 * exit_handle() and exit_apply() for the exit in the state page.  An exit that a dead VMM
 * has handled is only applied.  EXIT_WAIT: nothing was done, as for exit_handle().
 * Errors: of the vCPU's calls.
 */
MUST_CHECK exit_answer(struct machine *machine, uint32_t hart, enum exit_next *next);

#endif
