/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A port of a device that moves bytes: two byte streams, out and in, addressed by position.
 * Position 0 is the first byte since the guest was created.  The positions are in the arena,
 * the bytes in rings outside the arena.  Putting the same bytes at the same position twice, or
 * releasing up to the same position twice, has the effect of doing so once.  So the rings can
 * change after the commit, and the next VMM can repeat the change.
 */
#ifndef VMM_IO_STREAM_H
#define VMM_IO_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vmm/state/log.h>

/* In the arena. */
struct stream_state {
    uint64_t out_position;
    uint64_t in_position;
};

/*
 * The rings, or a test's fake.  No call blocks.  After room() or peek() has returned 0, the
 * vCPU's thread is signalled as soon as there is room or input.
 */
struct stream_port {
    void *opaque;
    /*
     * Called once by each VMM, before the other functions: sets positions that do not fit the
     * port.  May be NULL.
     */
    void (*sync)(void *opaque, struct stream_state *state);
    /* Bytes that can be put at `position` now.  Does not shrink until put() is called. */
    size_t (*room)(void *opaque, uint64_t position);
    /* Puts bytes, at most as many as room() returned. */
    void (*put)(void *opaque, uint64_t position, const uint8_t *bytes, size_t count);
    /* Copies up to `count` bytes of input from `position` on; returns how many. */
    size_t (*peek)(void *opaque, uint64_t position, uint8_t *bytes, size_t count);
    /* Input before `position` is not needed any more. */
    void (*release)(void *opaque, uint64_t position);
};

/* A port without a connection: output is dropped, and there is no input. */
extern const struct stream_port stream_none;

struct stream {
    struct log *log;            /* of the thread that uses this handle */
    struct stream_state *state; /* in the arena */
    const struct stream_port *port;
    /* Of the exit being handled; NULL outside of an exit, and if not the firmware's stream. */
    struct exit_outcome *outcome;
};

static inline size_t stream_room(const struct stream *stream)
{
    return stream->port->room(stream->port->opaque, stream->state->out_position);
}

static inline void stream_put(const struct stream *stream, const uint8_t *bytes, size_t count)
{
    stream->port->put(stream->port->opaque, stream->state->out_position, bytes, count);
}

static inline size_t stream_peek(const struct stream *stream, uint8_t *bytes, size_t count)
{
    return stream->port->peek(stream->port->opaque, stream->state->in_position, bytes, count);
}

static inline void stream_release(const struct stream *stream)
{
    stream->port->release(stream->port->opaque, stream->state->in_position);
}

/* Within a transaction: `count` bytes of output are put, before it or right after the commit. */
static inline void stream_advance_out(const struct stream *stream, size_t count)
{
    log_set(stream->log, &stream->state->out_position, sizeof stream->state->out_position);
    stream->state->out_position += count;
}

/*
 * Within the transaction of an exit: the byte is put right after the commit.  False: there is no
 * room, no exit is being handled, or the stream is not the firmware's.
 */
static inline bool stream_send(const struct stream *stream, uint8_t byte)
{
    struct exit_outcome *outcome = stream->outcome;

    if (!outcome || stream_room(stream) == 0)
        return false;
    outcome->flags |= OUTCOME_BYTE;
    outcome->text_position = stream->state->out_position;
    outcome->text_gpa = byte;
    stream_advance_out(stream, 1);
    return true;
}

/* Within a transaction: takes `count` peeked bytes; call stream_release() after the commit. */
static inline void stream_advance_in(const struct stream *stream, size_t count)
{
    log_set(stream->log, &stream->state->in_position, sizeof stream->state->in_position);
    stream->state->in_position += count;
}

#endif
