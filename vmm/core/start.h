/* SPDX-License-Identifier: BSD-2-Clause */
/* From the VMM's start record (<proto/vmm_start.h>) to the configuration of its machine. */
#ifndef VMM_CORE_START_H
#define VMM_CORE_START_H

#include <stdint.h>

#include <base/err.h>
#include <proto/vmm_start.h>
#include <vmm/core/machine.h>

/*
 * Fills everything of *out that the record tells; console, clock and vCPU calls are
 * the caller's.  The record must stay where it is: bootargs points into it.
 *
 * Errors: ERR_FORMAT         another version, or a string without its zero byte
 *         ERR_NOT_SUPPORTED  not exactly one vCPU: this VMM has one thread
 *         ERR_ALIGN          an address is not page-aligned
 *         ERR_RANGE          no RAM, or a console region that is too small
 */
MUST_CHECK start_config(const struct vmm_start *start, uint64_t timebase_hz,
                        struct machine_config *out);

#endif
