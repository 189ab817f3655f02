/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sections of a machine's arena: the machine, the firmware's text, and for each device its
 * state, the positions of its port's streams, and the state that the queue thread writes.  They
 * are named MODEL, MODEL.PORT and MODEL.queue; the second device of a model is MODEL#1.
 */
#ifndef VMM_BOARD_SECTIONS_H
#define VMM_BOARD_SECTIONS_H

#include <stdint.h>

#include <vmm/board/machine.h>

struct sections {
    struct arena_want want[ARENA_SECTIONS_MAX];
    char name[ARENA_SECTIONS_MAX][ARENA_NAME_BYTES];
    uint32_t count;
};

/*
 * The sections of a machine with this configuration, after board_place().
 * Errors: ERR_NO_SLOT      the arena has no room for so many sections
 *         ERR_INVALID_ARG  a name is too long
 */
MUST_CHECK sections_list(const struct board_config *config, struct sections *out);

/* Points the machine, whose arena has these sections, and its devices to their states. */
void sections_bind(struct machine *machine);

/* The device that shares the firmware's text stream: the first with a text_take(); -1 for none. */
int sections_text(const struct board_config *config);

#endif
