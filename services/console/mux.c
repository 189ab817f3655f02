/* SPDX-License-Identifier: BSD-2-Clause */
#include <services/console/mux.h>

#include <stdio.h>
#include <string.h>

static uint64_t mux_kept_written(const struct mux_kept_client *k)
{
    return atomic_load_explicit(&k->written, memory_order_relaxed);
}

/* The low half of typed_out: a count modulo 2^31, and whether the high half is a position. */
#define TYPED_MASK  UINT32_C(0x7fffffff)
#define TYPED_KNOWN UINT32_C(0x80000000)

static uint32_t mux_typed_in(const struct mux *mux)
{
    return atomic_load_explicit(&mux->kept->typed_in, memory_order_relaxed);
}

static uint32_t mux_typed_out(const struct mux *mux)
{
    return (uint32_t)atomic_load_explicit(&mux->kept->typed_out, memory_order_relaxed);
}

static uint32_t mux_typed_count(const struct mux *mux)
{
    return (mux_typed_in(mux) - mux_typed_out(mux)) & TYPED_MASK;
}

static void mux_typed_set(struct mux *mux, uint32_t position, uint32_t out)
{
    atomic_store_explicit(&mux->kept->typed_out, (uint64_t)position << 32 | out,
                          memory_order_release);
}

/* The keys were meant for a client that is not in front any more. */
static void mux_typed_clear(struct mux *mux)
{
    mux_typed_set(mux, 0, mux_typed_in(mux) & TYPED_MASK);
}

static void mux_front_set(struct mux *mux, unsigned client)
{
    mux->front = client;
    atomic_store_explicit(&mux->kept->front, client, memory_order_relaxed);
}

void mux_init(struct mux *mux, struct mux_kept *kept)
{
    memset(mux, 0, sizeof *mux);
    mux->kept = kept;
    if (atomic_load_explicit(&kept->version, memory_order_acquire) != MUX_KEPT_VERSION) {
        memset(kept, 0, sizeof *kept);
        atomic_store_explicit(&kept->version, MUX_KEPT_VERSION, memory_order_release);
    }
    for (unsigned i = 0; i < CLIENTS_MAX; i++)
        mux->client[i].kept = &kept->client[i];
    mux->wanted = atomic_load_explicit(&kept->front, memory_order_relaxed);
    if (mux->wanted > CLIENTS_MAX)
        mux->wanted = CLIENTS_MAX;
    if (mux_typed_count(mux) > MUX_TYPED_BYTES)
        mux_typed_clear(mux);
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

/* After more output: were bytes overwritten before they were shown? */
static void mux_gap_check(struct mux_client *c)
{
    if (mux_unshown(c) <= MUX_SCROLLBACK_BYTES)
        return;
    c->shown = mux_kept_written(c->kept) - MUX_SCROLLBACK_BYTES;
    c->has_unshown_gap = true;
    c->filter = (struct filter){0};
}

void mux_output(struct mux *mux, unsigned client, const uint8_t *bytes, size_t count)
{
    struct mux_client *c = &mux->client[client];
    uint64_t written = mux_kept_written(c->kept);

    for (size_t i = 0; i < count; i++)
        c->kept->scrollback[(written + i) % MUX_SCROLLBACK_BYTES] = bytes[i];
    atomic_store_explicit(&c->kept->written, written + count, memory_order_release);
    mux_gap_check(c);
}

uint64_t mux_written(const struct mux *mux, unsigned client)
{
    return mux_kept_written(mux->client[client].kept);
}

bool mux_has_placed(const struct mux *mux, unsigned client, uint64_t bytes)
{
    const struct mux_client *c = &mux->client[client];

    return (client == mux->front ? c->shown : mux_kept_written(c->kept)) >= bytes;
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
    return MUX_TYPED_BYTES - mux_typed_count(mux);
}

size_t mux_typed_peek(const struct mux *mux, uint8_t *to, size_t most)
{
    size_t count = mux_typed_count(mux);

    if (count > most)
        count = most;
    for (size_t i = 0; i < count; i++)
        to[i] = mux->kept->typed[(mux_typed_out(mux) + i) % MUX_TYPED_BYTES];
    return count;
}

void mux_typed_drop(struct mux *mux, size_t count, uint32_t position)
{
    uint32_t out = (mux_typed_out(mux) + (uint32_t)count) & TYPED_MASK;

    mux_typed_set(mux, position, out | TYPED_KNOWN);
}

void mux_typed_sync(struct mux *mux, uint32_t position)
{
    uint64_t packed = atomic_load_explicit(&mux->kept->typed_out, memory_order_relaxed);
    uint32_t ahead = position - (uint32_t)(packed >> 32);
    bool is_passed = (packed & TYPED_KNOWN) && ahead <= mux_typed_count(mux);

    mux_typed_drop(mux, is_passed ? ahead : 0, position);
}

/* Where the unfinished line before `shown` begins. */
static uint64_t mux_line_start(const struct mux_client *c)
{
    uint64_t at = c->shown, written = mux_kept_written(c->kept), oldest = c->kept->begin;

    if (written - oldest > MUX_SCROLLBACK_BYTES)
        oldest = written - MUX_SCROLLBACK_BYTES;
    while (at > oldest && c->shown - at < MUX_LINE_MAX &&
           c->kept->scrollback[(at - 1) % MUX_SCROLLBACK_BYTES] != '\n')
        at--;
    return at;
}

/* ---- clients ----------------------------------------------------------------------- */

/* Does this scrollback belong to the client of that name, and is it at most `ahead` bytes ahead of
 * the client's ring? */
static bool mux_kept_fits(const struct mux_kept_client *k, const char *name, uint32_t ahead,
                          uint32_t waiting)
{
    uint64_t shown = atomic_load_explicit(&k->shown, memory_order_relaxed);

    return memcmp(k->name, name, NAME_BYTES) == 0 && ahead <= waiting && k->begin <= shown &&
           shown <= mux_kept_written(k);
}

/* The name is stored last: without a name the next life ignores the other fields. */
static void mux_kept_begin(struct mux_kept_client *k, const char *name, uint32_t taken)
{
    memset(k->name, 0, sizeof k->name);
    atomic_signal_fence(memory_order_release);
    k->begin = taken;
    atomic_store_explicit(&k->written, taken, memory_order_relaxed);
    atomic_store_explicit(&k->shown, taken, memory_order_relaxed);
    atomic_signal_fence(memory_order_release);
    memcpy(k->name, name, NAME_BYTES - 1);
}

uint32_t mux_client_add(struct mux *mux, unsigned client, const char name[NAME_BYTES],
                        uint32_t taken, uint32_t waiting)
{
    struct mux_client *c = &mux->client[client];
    uint32_t ahead = (uint32_t)mux_kept_written(c->kept) - taken;
    bool is_new = !mux_kept_fits(c->kept, name, ahead, waiting);

    if (is_new) {
        mux_kept_begin(c->kept, name, taken);
        ahead = 0;
    }
    *c = (struct mux_client){.state = MUX_RUNNING, .kept = c->kept};
    c->shown = atomic_load_explicit(&c->kept->shown, memory_order_relaxed);
    mux_gap_check(c);
    c->shown = mux_line_start(c);
    if (mux->client[mux->front].state == MUX_NONE || client == mux->wanted)
        mux_front_set(mux, client);
    else if (is_new && client != mux->front && mux->client[mux->front].state != MUX_RUNNING)
        mux_switch(mux, client);
    if (client == mux->wanted)
        mux->wanted = CLIENTS_MAX;
    return ahead;
}

void mux_clients_known(struct mux *mux)
{
    if (mux->wanted == CLIENTS_MAX)
        return;
    mux->wanted = CLIENTS_MAX;
    mux_typed_clear(mux);
}

static void mux_front_find(struct mux *mux, unsigned client)
{
    for (unsigned i = 1; i < CLIENTS_MAX; i++) {
        unsigned next = (client + i) % CLIENTS_MAX;
        if (mux->client[next].state == MUX_RUNNING) {
            mux_switch(mux, next);
            return;
        }
    }
}

void mux_client_remove(struct mux *mux, unsigned client)
{
    mux->client[client].state = MUX_NONE;
    if (client == mux->front)
        mux_front_find(mux, client);
}

const char *mux_client_name(const struct mux *mux, unsigned client)
{
    return mux->client[client].kept->name;
}

void mux_switch(struct mux *mux, unsigned client)
{
    char text[96];

    if (client >= CLIENTS_MAX || mux->client[client].state == MUX_NONE)
        return;
    struct mux_client *c = &mux->client[client];
    static const char *const states[] = {
        [MUX_RUNNING] = "", [MUX_ENDED] = ", powered off", [MUX_DEAD] = ", dead"};
    bool stays = client == mux->front;
    if (!stays) {
        mux_typed_clear(mux);
        mux_front_set(mux, client);
        mux->is_reset_due |= !mux->is_plain;
    }
    int length = snprintf(text, sizeof text, "[%u %s is in front%s%s]\r\n", client,
                          mux_client_name(mux, client), states[c->state],
                          c->has_unshown_gap ? "; older output was dropped" : "");
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
    if (client >= CLIENTS_MAX || mux->client[client].state == MUX_NONE)
        return;
    mux->client[client].state = (uint8_t)state;
    if (client == mux->front && state != MUX_RUNNING)
        mux_front_find(mux, client);
}
