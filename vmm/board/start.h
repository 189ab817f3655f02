/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes the configuration of the machine from the VMM's start record (<proto/vmm_start.h>). */
#ifndef VMM_BOARD_START_H
#define VMM_BOARD_START_H

#include <stdint.h>

#include <base/err.h>
#include <proto/vmm_start.h>
#include <vmm/board/board.h>
#include <vmm/io/stream_ring.h>

#define START_CONNECTIONS_MAX 16u

/* One connection of the guest: what the port of a device is connected to. */
struct start_connection {
    const char *device; /* name of the model */
    struct stream_ring_place out, in;
    uint32_t signal_slot; /* Notification, WRITE: wakes the service; 0 for none */
};

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
                           struct start_connection out[START_CONNECTIONS_MAX]);

#endif
