/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From an exit to its outcome, and from the outcome to the vCPU.
 *
 *   vcpu_run -> exit record -> exit_handle  (transaction)  -> commit
 *                                                              |
 *   vcpu_run <- done = seq <- state page  <- exit_apply  <-----+
 *
 * Whatever the guest has done, there is an outcome: what nobody carries out is
 * reflected to the guest as the trap the architecture has for it.
 */
#ifndef VMM_CORE_EXIT_H
#define VMM_CORE_EXIT_H

#include <stdbool.h>
#include <stdint.h>

#include <base/err.h>
#include <vmm/core/machine.h>
#include <vmm/core/outcome.h>

enum exit_next {
    EXIT_RESUME, /* there is an outcome, committed */
    EXIT_WAIT,   /* nothing was changed: handle the same exit again when the console has moved */
};

/*
 * Handles the exit in the hart's state page: one transaction, begun and ended here.
 * Errors: of the vCPU's calls, when the kernel refuses one; nothing was changed.
 */
MUST_CHECK exit_handle(struct machine *machine, uint32_t hart, enum exit_next *next);

/*
 * Carries out the hart's committed outcome, when it is the one of the exit in the
 * state page and that exit still waits; then marks the exit as answered (its reason
 * becomes VCPU_EXIT_NONE).  Done again after having been cut short, it finishes.
 * Errors: of the vCPU's calls.
 */
MUST_CHECK exit_apply(struct machine *machine, uint32_t hart);

/*
 * Both for an exit that waits in the state page, be it fresh or handled by a VMM that
 * died.  EXIT_WAIT: nothing was done, as for exit_handle().
 * Errors: of the vCPU's calls.
 */
MUST_CHECK exit_answer(struct machine *machine, uint32_t hart, enum exit_next *next);

#endif
