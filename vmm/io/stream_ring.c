/* SPDX-License-Identifier: BSD-2-Clause */
#include <vmm/io/stream_ring.h>

#include <proto/control.h>

/*
 * Check the ring, ask for a signal, check again.  With an honest peer the second check is
 * enough.  A third would let a hostile peer keep the VMM in the loop.
 */
#define LOOKS 2u

enum err stream_ring_attach(struct stream_ring *rings, const struct stream_ring_place *out,
                            const struct stream_ring_place *in, const _Atomic uint32_t *used_state,
                            void *opaque, void (*signal)(void *opaque))
{
    enum err err = ring_producer_attach(&rings->out, out->shared, out->data, out->bytes, 1);
    if (!err)
        err = ring_consumer_attach(&rings->in, in->shared, in->data, in->bytes, 1);
    if (err)
        return err;
    rings->out_index = atomic_load(&out->shared->producer.index);
    rings->in_index = atomic_load(&in->shared->consumer.index);
    rings->out_bytes = out->bytes;
    rings->in_bytes = in->bytes;
    rings->used_state = used_state;
    rings->opaque = opaque;
    rings->signal = signal;
    return OK;
}

/* Will no service read the output any more? */
static bool stream_ring_is_alone(const struct stream_ring *rings)
{
    uint32_t state = atomic_load_explicit(rings->used_state, memory_order_acquire);

    return state == CONTROL_USED_RETIRED || state == CONTROL_USED_REFUSED;
}

/* The 64-bit position nearest to `position` whose low half is `index`. */
static uint64_t position_nearest(uint64_t position, uint32_t index)
{
    return position + (uint64_t)(int64_t)(int32_t)(index - (uint32_t)position);
}

static void port_sync(void *opaque, struct stream_state *state)
{
    const struct stream_ring *rings = opaque;

    /*
     * Output may be published but not committed (a device's notify()), or committed but not
     * published (the outcome of an exit); input may be committed but not dropped.
     */
    uint32_t ahead = rings->out_index - (uint32_t)state->out_position;
    if (ahead > rings->out_bytes && 0u - ahead > rings->out_bytes)
        state->out_position = position_nearest(state->out_position, rings->out_index);
    if ((uint32_t)state->in_position - rings->in_index > rings->in_bytes)
        state->in_position = position_nearest(state->in_position, rings->in_index);
    /* The last VMM may have died after it published output or room, but before the signal. */
    rings->signal(rings->opaque);
}

/* The number of bytes from `position` on that an earlier VMM has published already. */
static uint32_t published_from(const struct stream_ring *rings, uint64_t position)
{
    uint32_t ahead = rings->out_index - (uint32_t)position;
    return ahead <= rings->out_bytes ? ahead : 0;
}

static size_t port_room(void *opaque, uint64_t position)
{
    struct stream_ring *rings = opaque;
    uint32_t room = 0;

    if (stream_ring_is_alone(rings))
        return rings->out_bytes; /* the service is gone: output is dropped */
    ring_producer_restarted(&rings->out);
    for (uint32_t i = 0; i < LOOKS && ring_room(&rings->out, &room) == OK && room == 0; i++)
        if (ring_producer_sleep(&rings->out))
            break;
    return (size_t)room + published_from(rings, position);
}

static void port_put(void *opaque, uint64_t position, const uint8_t *bytes, size_t count)
{
    struct stream_ring *rings = opaque;
    uint32_t published = published_from(rings, position), written = 0;

    if (published >= count)
        return;
    if (stream_ring_is_alone(rings)) {
        rings->out_index += (uint32_t)(count - published);
        return;
    }
    if (ring_write(&rings->out, bytes + published, (uint32_t)(count - published), &written) != OK)
        return;
    rings->out_index += written;
    if (ring_producer_wakes(&rings->out))
        rings->signal(rings->opaque);
}

static void port_release(void *opaque, uint64_t position)
{
    struct stream_ring *rings = opaque;
    uint32_t count = (uint32_t)position - rings->in_index;

    if (count == 0 || count > rings->in_bytes || ring_drop(&rings->in, count) != OK)
        return;
    rings->in_index += count;
    if (ring_consumer_wakes(&rings->in))
        rings->signal(rings->opaque);
}

static size_t port_peek(void *opaque, uint64_t position, uint8_t *bytes, size_t count)
{
    struct stream_ring *rings = opaque;
    uint32_t got = 0, most = count < rings->in_bytes ? (uint32_t)count : rings->in_bytes;

    if (most == 0)
        return 0;
    bool is_restarted = ring_consumer_restarted(&rings->in);
    port_release(rings, position);
    if (!is_restarted && ring_consumer_waits(&rings->in))
        return 0; /* the service has not signalled yet, so there is no input */
    for (uint32_t i = 0; i < LOOKS && ring_peek(&rings->in, bytes, most, &got) == OK && got == 0;
         i++)
        if (ring_consumer_sleep(&rings->in))
            break;
    return got;
}

struct stream_port stream_ring_port(struct stream_ring *rings)
{
    return (struct stream_port){rings, port_sync, port_room, port_put, port_peek, port_release};
}
