/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Does long work on guest memory in steps.  Zeroing or copying gigabytes takes seconds, in which
 * the VMM's thread must still answer the root server (proto/control.h, "Hanging").  So such work
 * calls pace_step() after each PACE_BYTES.
 */
#ifndef VMM_MEMORY_PACE_H
#define VMM_MEMORY_PACE_H

#include <stddef.h>
#include <stdint.h>

#define PACE_BYTES (UINT64_C(4) << 20)

struct pace {
    void *opaque;
    void (*step)(void *opaque); /* short, and changes nothing of the machine; NULL: no calls */
};

static inline void pace_step(const struct pace *pace)
{
    if (pace->step != NULL)
        pace->step(pace->opaque);
}

/* The size of the next piece of `left` bytes. */
static inline uint64_t pace_piece(uint64_t left)
{
    return left < PACE_BYTES ? left : PACE_BYTES;
}

#endif
