/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page that tells a service with DMA the physical extents of a client's memory
 * (region with rights "dma").  The extents, one after the other, are the client's memory
 * from the region's first byte on.  Read-only for the service; this page alone passes
 * addresses over a process border.
 */
#ifndef PROTO_EXTENTS_H
#define PROTO_EXTENTS_H

#include <stdint.h>

#define EXTENTS_MAX 255

struct extent {
    uint64_t address; /* physical */
    uint64_t bytes;
};

struct extents {
    uint64_t count;
    uint64_t reserved;
    struct extent extent[EXTENTS_MAX];
};

_Static_assert(sizeof(struct extents) == 4096, "the extents are one page");

#endif
