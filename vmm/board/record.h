/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads the table of the VMM's start record (<proto/process_start.h>, <proto/vmm_start.h>): the
 * configuration of the machine, the connections of its devices, and what the process needs itself.
 * The record must stay in place, because the configuration points into the record.
 *
 * Every function returns ERR_NOT_FOUND when an entry is missing, and ERR_FORMAT when an entry is
 * not what it must be.
 */
#ifndef VMM_BOARD_RECORD_H
#define VMM_BOARD_RECORD_H

#include <stdint.h>

#include <base/err.h>
#include <proto/control.h>
#include <rt/rt_start_table.h>
#include <vmm/board/board.h>
#include <vmm/io/stream_ring.h>

#define RECORD_CONNECTIONS_MAX CONTROL_USED_MAX

/* One connection of the guest: what the port of a device is connected to. */
struct record_connection {
    const char *device; /* name of the model */
    unsigned use;       /* its number: struct control_down has its state */
    struct stream_ring_place out, in;
    uint32_t signal_slot; /* Notification, WRITE: wakes the service; 0 for none */
};

/* What the process needs besides the machine's configuration. */
struct record_process {
    void *arena;
    uint64_t arena_bytes;
    uint64_t restart_count; /* earlier VMMs of this guest */
    uint32_t vcpu_slot;     /* of hart 0: READ, WRITE, EXEC */
};

/*
 * Fills *out, with the list of devices: those that the record names, or those by default when the
 * record does not say.  The caller connects the devices, and sets clock and vCPU calls.
 *   ERR_NOT_SUPPORTED  more than one vCPU: this VMM has one thread
 *   ERR_ALIGN          an address is not page-aligned
 *   ERR_RANGE          no RAM, or RAM that wraps
 *   ERR_NOT_FOUND      also: a device that this VMM does not have
 *   ERR_NO_SLOT        too many devices
 */
MUST_CHECK record_config(const struct start_table *table, uint64_t timebase_hz,
                         struct board_config *out);

MUST_CHECK record_process(const struct start_table *table, struct record_process *out);

/*
 * Fills the first *count elements with the used connections that have a device.  Such a connection
 * has two rings of bytes, "output" and "input".
 */
MUST_CHECK record_connections(const struct start_table *table,
                              struct record_connection out[RECORD_CONNECTIONS_MAX],
                              uint32_t *count);

#endif
