/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's console over the two rings that the VMM shares with the console
 * service (<proto/console.h>).  A position is the ring's index extended to 64 bits, so a
 * new VMM can tell which bytes the last VMM had published.
 *
 * The console service may be hostile: a ring with an impossible index transfers nothing
 * until the service attaches again.  When the service is gone for good, output is dropped
 * and the guest goes on.
 */
#ifndef VMM_IO_CONSOLE_RING_H
#define VMM_IO_CONSOLE_RING_H

#include <stdbool.h>
#include <stdint.h>

#include <base/err.h>
#include <ring/ring.h>
#include <vmm/io/console.h>

struct console_ring {
    struct ring_producer out;
    struct ring_consumer in;
    uint32_t out_index; /* output published, by this VMM or an earlier one */
    uint32_t in_index;  /* input given back to the service */
    void *opaque;
    void (*signal)(void *opaque); /* wakes the console service */
};

/*
 * Attaches to the region at `region` (CONSOLE_REGION_BYTES, zeroed when it was made).
 * Errors: of ring_producer_attach() and ring_consumer_attach().
 */
MUST_CHECK console_ring_attach(struct console_ring *rings, void *region, void *opaque,
                               void (*signal)(void *opaque));

/* The port that a machine gets. */
struct console_port console_ring_port(struct console_ring *rings);

/*
 * Sets the machine's positions to the rings' indices, unless they differ by no more than one
 * ring holds: then the last VMM died between two steps, and the positions are right.  A
 * larger difference means a fresh arena or new rings.
 */
void console_ring_sync(const struct console_ring *rings, struct console_state *state);

#endif
