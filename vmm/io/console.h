/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's console as its devices see it: two byte streams addressed by position.
 * Position 0 is the first byte since the guest was created.  The positions are in the arena,
 * the bytes in rings outside the arena.  Putting the same bytes at the same position twice, or
 * releasing up to the same position twice, has the effect of doing so once.  So the rings can
 * change after the commit, and the next VMM can repeat the change.
 */
#ifndef VMM_IO_CONSOLE_H
#define VMM_IO_CONSOLE_H

#include <stddef.h>
#include <stdint.h>

#include <vmm/state/log.h>

/*
 * The rings, or a test's fake.  No call blocks.  After room() or peek() has returned 0, the
 * vCPU's thread is signalled as soon as there is room or input.
 */
struct console_port {
    void *opaque;
    /* Bytes that can be put at `position` now.  Does not shrink until put() is called. */
    size_t (*room)(void *opaque, uint64_t position);
    /* Puts bytes, at most as many as room() returned. */
    void (*put)(void *opaque, uint64_t position, const uint8_t *bytes, size_t count);
    /* Copies up to `count` bytes of input from `position` on; returns how many. */
    size_t (*peek)(void *opaque, uint64_t position, uint8_t *bytes, size_t count);
    /* Input before `position` is not needed any more. */
    void (*release)(void *opaque, uint64_t position);
};

/* The port of a guest without a console: output is dropped, and there is no input. */
extern const struct console_port console_none;

struct console_state {
    uint64_t out_position;
    uint64_t in_position;
};

struct console {
    struct log *log; /* of the thread that uses this handle */
    struct console_state *state; /* in the arena */
    const struct console_port *port;
    struct exit_outcome *outcome; /* of the exit being handled; NULL outside of an exit */
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

/* Within a transaction: `count` bytes of output are put, before it or right after the commit. */
static inline void console_advance_out(const struct console *console, size_t count)
{
    log_set(console->log, &console->state->out_position, sizeof console->state->out_position);
    console->state->out_position += count;
}

/* Within the transaction of an exit: the byte is put right after the commit.  False: the console
 * has no room, or no exit is being handled. */
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

/* Within a transaction: takes `count` peeked bytes; call console_release() after the commit. */
static inline void console_advance_in(const struct console *console, size_t count)
{
    log_set(console->log, &console->state->in_position, sizeof console->state->in_position);
    console->state->in_position += count;
}

#endif
