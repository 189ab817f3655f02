/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's console over the two rings that the VMM shares with the console
 * service (<proto/console.h>).  A position is the ring's index carried on to 64
 * bits, so what was published before the VMM died is recognised by its position.
 *
 * The other side may be hostile: a ring that makes no sense takes and gives nothing
 * until its peer attaches anew.  When there will be no other side any more, output is
 * dropped: the guest goes on.
 */
#ifndef VMM_CORE_CONSOLE_RING_H
#define VMM_CORE_CONSOLE_RING_H

#include <stdbool.h>
#include <stdint.h>

#include <base/err.h>
#include <ring/ring.h>
#include <vmm/core/console.h>

struct console_ring {
    struct ring_producer out;
    struct ring_consumer in;
    uint32_t out_index; /* what has been published, by us or before us */
    uint32_t in_index;  /* what has been given back */
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
 * Brings the machine's positions in line with the rings: they can differ by what one
 * ring holds, when the last VMM died between two steps; anything else (a fresh
 * arena, rings made anew) starts where the rings are.
 */
void console_ring_sync(const struct console_ring *rings, struct console_state *state);

#endif
