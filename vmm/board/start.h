/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes the configuration of the machine from the VMM's start record (<proto/vmm_start.h>). */
#ifndef VMM_BOARD_START_H
#define VMM_BOARD_START_H

#include <stdint.h>

#include <base/err.h>
#include <proto/vmm_start.h>
#include <vmm/board/machine.h>

/*
 * Fills *out from the record.  The caller sets console, clock and vCPU calls.  The record
 * must stay in place: bootargs points into the record.
 *
 * Errors: ERR_FORMAT         another version, a string without its zero byte, or an unknown
 *                            satp_mode
 *         ERR_NOT_SUPPORTED  not exactly one vCPU: this VMM has one thread
 *         ERR_ALIGN          an address is not page-aligned
 *         ERR_RANGE          no RAM, RAM that wraps, or a console region that is too small
 */
MUST_CHECK start_config(const struct vmm_start *start, uint64_t timebase_hz,
                        struct board_config *out);

#endif
