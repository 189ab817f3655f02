/* SPDX-License-Identifier: BSD-2-Clause */
#include <services/console/mux.h>

#include <stdio.h>
#include <string.h>

void mux_init(struct mux *mux, unsigned count, const char (*names)[NAME_BYTES])
{
    memset(mux, 0, sizeof *mux);
    mux->client_count = count < CLIENTS_MAX ? count : CLIENTS_MAX;
    for (unsigned i = 0; i < mux->client_count; i++) {
        memcpy(mux->client[i].name, names[i], NAME_BYTES);
        mux->client[i].name[NAME_BYTES - 1] = 0;
    }
    mux->is_plain = true;
}

void mux_terminal_is_unknown(struct mux *mux)
{
    mux->is_reset_due = true;
}

size_t mux_room(const struct mux *mux, unsigned client)
{
    if (client != mux->front)
        return MUX_SCROLLBACK_BYTES;
    uint64_t waiting = mux_unshown(&mux->client[client]);
    return waiting < MUX_UNSHOWN_MAX ? MUX_UNSHOWN_MAX - (size_t)waiting : 0;
}

void mux_output(struct mux *mux, unsigned client, const uint8_t *bytes, size_t count)
{
    struct mux_client *c = &mux->client[client];

    for (size_t i = 0; i < count; i++)
        c->scrollback[(c->written + i) % MUX_SCROLLBACK_BYTES] = bytes[i];
    c->written += count;
    if (mux_unshown(c) > MUX_SCROLLBACK_BYTES) {
        c->shown = c->written - MUX_SCROLLBACK_BYTES;
        c->has_unshown_gap = true;
        c->filter = (struct filter){0};
    }
}

uint64_t mux_written(const struct mux *mux, unsigned client)
{
    return mux->client[client].written;
}

bool mux_has_placed(const struct mux *mux, unsigned client, uint64_t bytes)
{
    const struct mux_client *c = &mux->client[client];

    return (client == mux->front ? c->shown : c->written) >= bytes;
}

size_t mux_notice_room(const struct mux *mux)
{
    return MUX_NOTICE_BYTES - (mux->notice_in - mux->notice_out);
}

void mux_notice(struct mux *mux, const char *text, size_t bytes)
{
    if (bytes > mux_notice_room(mux))
        return;
    if (mux->notice_in == mux->notice_out)
        mux->notice_waits = 0;
    for (size_t i = 0; i < bytes; i++)
        mux->notice[mux->notice_in++ % MUX_NOTICE_BYTES] = (uint8_t)text[i];
}

size_t mux_typed_room(const struct mux *mux)
{
    return MUX_TYPED_BYTES - (mux->typed_in - mux->typed_out);
}

size_t mux_typed_peek(const struct mux *mux, uint8_t *to, size_t most)
{
    size_t count = mux->typed_in - mux->typed_out;

    if (count > most)
        count = most;
    for (size_t i = 0; i < count; i++)
        to[i] = mux->typed[(mux->typed_out + i) % MUX_TYPED_BYTES];
    return count;
}

void mux_typed_drop(struct mux *mux, size_t count)
{
    mux->typed_out += (uint32_t)count;
}

/* Where the unfinished line before `shown` begins. */
static uint64_t mux_line_start(const struct mux_client *c)
{
    uint64_t at = c->shown;
    uint64_t oldest = c->written > MUX_SCROLLBACK_BYTES ? c->written - MUX_SCROLLBACK_BYTES : 0;

    while (at > oldest && c->shown - at < MUX_LINE_MAX &&
           c->scrollback[(at - 1) % MUX_SCROLLBACK_BYTES] != '\n')
        at--;
    return at;
}

void mux_switch(struct mux *mux, unsigned client)
{
    char text[96];

    if (client >= mux->client_count)
        return;
    struct mux_client *c = &mux->client[client];
    static const char *const states[] = {
        [MUX_RUNNING] = "", [MUX_ENDED] = ", powered off", [MUX_DEAD] = ", dead"};
    bool stays = client == mux->front;
    if (!stays) {
        mux->front = client;
        mux->is_reset_due |= !mux->is_plain;
        mux->typed_out = mux->typed_in; /* these keys were meant for the other client */
    }
    int length = snprintf(text, sizeof text, "[%u %s is in front%s%s]\r\n", client, c->name,
                          states[c->state], c->has_unshown_gap ? "; older output was dropped" : "");
    mux_notice(mux, text, (size_t)length);
    c->has_unshown_gap = false;
    if (!stays || mux_unshown(c) == 0) {
        c->shown = mux_line_start(c);
        c->filter = (struct filter){0};
    }
    mux->notice_waits = MUX_NOTICE_PATIENCE; /* before the new front's first byte */
}

void mux_set_state(struct mux *mux, unsigned client, enum mux_state state)
{
    if (client >= mux->client_count)
        return;
    mux->client[client].state = (uint8_t)state;
    if (client != mux->front || state == MUX_RUNNING)
        return;
    for (unsigned i = 1; i < mux->client_count; i++) {
        unsigned next = (client + i) % mux->client_count;
        if (mux->client[next].state == MUX_RUNNING) {
            mux_switch(mux, next);
            return;
        }
    }
}
