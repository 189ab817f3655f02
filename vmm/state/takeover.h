/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A new VMM takes over the arena that an earlier VMM left.
 *
 *   arena of the same shape        logs are rolled back
 *   sections of other versions     logs are rolled back; the arena is built anew in the free bank,
 *                                  each section copied or converted; one store switches to it
 *   anything else                  refused, and nothing is changed but that logs may have been
 *                                  rolled back: the guest's state is never dropped in silence
 *
 * A VMM that dies in between leaves the old arena or the new one; the next VMM takes over again.
 */
#ifndef VMM_STATE_TAKEOVER_H
#define VMM_STATE_TAKEOVER_H

#include <vmm/state/arena.h>

/* Why the arena was refused. */
struct takeover_problem {
    char name[ARENA_NAME_BYTES]; /* a section's, "arena" for its format, or "logs" for the logs */
    uint32_t found;              /* version, or number of logs; 0: there is no such section */
    uint32_t wanted;             /* the same; 0: this VMM has no such section */
};

/*
 * Attaches to the arena in `memory`, which then has the wanted shape.
 * Errors: ERR_ALIGN      as arena_attach()
 *         ERR_NOT_FOUND  there is no arena: no VMM has finished arena_format() here
 *         ERR_FORMAT     *problem says what this VMM cannot take over
 *         ERR_NO_MEMORY  the memory has no room for a second bank
 */
MUST_CHECK takeover_arena(struct arena *arena, void *memory, uint64_t size_bytes,
                          const struct arena_shape *shape, struct takeover_problem *problem);

#endif
