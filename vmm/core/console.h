/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's console as its devices see it: two byte streams addressed by
 * position, counted from the first byte ever.  The positions live in the arena and
 * the bytes in rings outside; putting the same bytes at the same position, and
 * releasing up to the same position, a second time changes nothing.  That is what
 * lets an outside effect follow its commit and be repeated by a new VMM.
 */
#ifndef VMM_CORE_CONSOLE_H
#define VMM_CORE_CONSOLE_H

#include <stddef.h>
#include <stdint.h>

#include <vmm/core/arena.h>

/*
 * The rings, or a fake of them.  No call blocks.  When room() or peek() returns 0,
 * the vCPU's thread is woken once that is no longer so.
 */
struct console_port {
    void *opaque;
    /* Bytes that can be put at `position` now.  Only grows until something is put. */
    size_t (*room)(void *opaque, uint64_t position);
    /* Puts bytes, at most what room() said. */
    void (*put)(void *opaque, uint64_t position, const uint8_t *bytes, size_t count);
    /* Copies up to `count` bytes of input from `position` on; returns how many. */
    size_t (*peek)(void *opaque, uint64_t position, uint8_t *bytes, size_t count);
    /* Input before `position` is not needed any more. */
    void (*release)(void *opaque, uint64_t position);
};

/* The port of a guest without a console: takes everything, gives nothing. */
extern const struct console_port console_none;

struct console_state {
    uint64_t out_position;
    uint64_t in_position;
};

struct console {
    struct arena *arena;
    struct console_state *state; /* in the arena */
    const struct console_port *port;
    struct exit_outcome *outcome; /* of the exit that is being handled; NULL: none is */
};

static inline size_t console_room(const struct console *console)
{
    return console->port->room(console->port->opaque, console->state->out_position);
}

static inline void console_put(const struct console *console, const uint8_t *bytes, size_t count)
{
    console->port->put(console->port->opaque, console->state->out_position, bytes, count);
}

static inline size_t console_peek(const struct console *console, uint8_t *bytes, size_t count)
{
    return console->port->peek(console->port->opaque, console->state->in_position, bytes, count);
}

static inline void console_release(const struct console *console)
{
    console->port->release(console->port->opaque, console->state->in_position);
}

/* Within a transaction: `count` bytes went, or go after the commit, out at the position. */
static inline void console_advance_out(const struct console *console, size_t count)
{
    arena_set(console->arena, &console->state->out_position, sizeof console->state->out_position);
    console->state->out_position += count;
}

/* Within the transaction of an exit: the byte goes out right after the commit.  False: there is no
 * room, or no exit. */
static inline bool console_send(const struct console *console, uint8_t byte)
{
    struct exit_outcome *outcome = console->outcome;

    if (!outcome || console_room(console) == 0)
        return false;
    outcome->flags |= OUTCOME_BYTE;
    outcome->console_position = console->state->out_position;
    outcome->console_gpa = byte;
    console_advance_out(console, 1);
    return true;
}

/* Within a transaction: `count` peeked bytes are taken; console_release() follows the commit. */
static inline void console_advance_in(const struct console *console, size_t count)
{
    arena_set(console->arena, &console->state->in_position, sizeof console->state->in_position);
    console->state->in_position += count;
}

#endif
