/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes the configuration of the machine from the fixed fields of a start record
 * (<proto/vmm_start.h>).  Goes when every root server writes the table that record.h reads.
 */
#ifndef VMM_BOARD_START_H
#define VMM_BOARD_START_H

#include <stdint.h>

#include <base/err.h>
#include <proto/vmm_start.h>
#include <vmm/board/board.h>
#include <vmm/board/record.h>

/*
 * Fills *out from the record, with the list of devices.  The caller connects the devices, and sets
 * clock and vCPU calls.  The record must stay in place: bootargs points into the record.
 *
 * Errors: ERR_FORMAT         another version, a string without its zero byte, or an unknown
 *                            satp_mode
 *         ERR_NOT_SUPPORTED  not exactly one vCPU: this VMM has one thread
 *         ERR_ALIGN          an address is not page-aligned
 *         ERR_RANGE          no RAM, RAM that wraps, or a console region that is too small
 *         ERR_NO_SLOT        too many devices
 */
MUST_CHECK start_config(const struct vmm_start *start, uint64_t timebase_hz,
                        struct board_config *out);

/* Fills the first elements of `out` with the connections of the record, which start_config() has
 * accepted; returns their number. */
uint32_t start_connections(const struct vmm_start *start,
                           struct record_connection out[RECORD_CONNECTIONS_MAX]);

/* What the process needs besides. */
struct record_process start_process(const struct vmm_start *start);

#endif
