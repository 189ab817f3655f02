/* SPDX-License-Identifier: BSD-2-Clause */
/* The legacy extension of SBI lets the firmware throw characters away when nothing shows them. */
#include <vmm/io/stream.h>

static size_t none_room(void *opaque, uint64_t position)
{
    (void)opaque, (void)position;
    return UINT32_MAX;
}

static void none_put(void *opaque, uint64_t position, const uint8_t *bytes, size_t count)
{
    (void)opaque, (void)position, (void)bytes, (void)count;
}

static size_t none_peek(void *opaque, uint64_t position, uint8_t *bytes, size_t count)
{
    (void)opaque, (void)position, (void)bytes, (void)count;
    return 0;
}

static void none_release(void *opaque, uint64_t position)
{
    (void)opaque, (void)position;
}

const struct stream_port stream_none = {
    .room = none_room,
    .put = none_put,
    .peek = none_peek,
    .release = none_release,
};
