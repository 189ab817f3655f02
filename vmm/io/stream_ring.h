/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A stream over the two rings of a connection (<ring/ring.h>), which the VMM shares with a
 * service.  A position is the ring's index extended to 64 bits, so a new VMM can tell which bytes
 * the last VMM had published.
 *
 * The service may be hostile: a ring with an impossible index transfers nothing until the service
 * attaches again.  When the service is gone for good, output is dropped and the guest goes on.
 */
#ifndef VMM_IO_STREAM_RING_H
#define VMM_IO_STREAM_RING_H

#include <stdint.h>

#include <base/err.h>
#include <ring/ring.h>
#include <vmm/io/stream.h>

/* Where a ring of bytes is mapped. */
struct stream_ring_place {
    struct ring_shared *shared;
    void *data;
    uint32_t bytes; /* of data */
};

struct stream_ring {
    struct ring_producer out;
    struct ring_consumer in;
    uint32_t out_index; /* output published, by this VMM or an earlier one */
    uint32_t in_index;  /* input given back to the service */
    uint32_t out_bytes; /* what each ring holds */
    uint32_t in_bytes;
    const _Atomic uint32_t *used_state; /* enum control_used_state */
    void *opaque;
    void (*signal)(void *opaque); /* wakes the service */
};

/*
 * Attaches to the rings `out` (written by the VMM) and `in`, which were zeroed when they were made.
 * `used_state` is the connection's word in the control region (proto/control.h): once it says that
 * no service will read the output, the output is dropped.
 * Errors: of ring_producer_attach() and ring_consumer_attach().
 */
MUST_CHECK stream_ring_attach(struct stream_ring *rings, const struct stream_ring_place *out,
                              const struct stream_ring_place *in,
                              const _Atomic uint32_t *used_state, void *opaque,
                              void (*signal)(void *opaque));

/*
 * The port for a device.  Its sync() sets the positions to the rings' indices, unless they differ
 * by no more than one ring holds: then the last VMM died between two steps, and the positions are
 * right.  A larger difference means a fresh arena or new rings.
 */
struct stream_port stream_ring_port(struct stream_ring *rings);

#endif
