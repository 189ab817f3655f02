/* SPDX-License-Identifier: BSD-2-Clause */
/* The escape key and the keys that may follow it. */
#include <services/console/mux.h>

#include <stdio.h>
#include <string.h>

static void mux_say(struct mux *mux, const char *text)
{
    mux_notice(mux, text, strlen(text));
}

static void mux_help_show(struct mux *mux)
{
    static const char *const states[] = {
        [MUX_RUNNING] = "running", [MUX_ENDED] = "powered off", [MUX_DEAD] = "dead"};

    mux_say(mux,
            "[Ctrl-] then 0-9, a-f: guest 0 to 15  n: the next guest  ?: this  Ctrl-]: a Ctrl-] "
            "for the guest]\r\n");
    for (unsigned i = 0; i < CLIENTS_MAX; i++) {
        char text[96];
        if (mux->client[i].state == MUX_NONE)
            continue;
        int length = snprintf(text, sizeof text, "[%c %u %s: %s]\r\n", i == mux->front ? '*' : ' ',
                              i, mux_client_name(mux, i), states[mux->client[i].state]);
        mux_notice(mux, text, (size_t)length);
    }
}

#define KEYS_ESCAPED UINT32_C(0x80000000) /* in typed_in: the last key was the escape key */
#define LATCH_FULL   UINT32_C(0x100)
#define LATCH_STATE  9 /* the low bits of typed_in, and in the uppermost bit KEYS_ESCAPED */

static uint32_t mux_keys_state(const struct mux *mux)
{
    return atomic_load_explicit(&mux->kept->typed_in, memory_order_relaxed);
}

static void mux_keys_set(struct mux *mux, uint32_t state)
{
    atomic_store_explicit(&mux->kept->typed_in, state, memory_order_release);
}

static bool mux_is_escaped(const struct mux *mux)
{
    return (mux_keys_state(mux) & KEYS_ESCAPED) != 0;
}

/* The key is stored before the count that covers the key; the same store ends an escape. */
static void mux_key_pass(struct mux *mux, uint8_t key)
{
    uint32_t count = mux_keys_state(mux) & ~KEYS_ESCAPED;

    if (mux_typed_room(mux) > 0)
        mux->kept->typed[count++ % MUX_TYPED_BYTES] = key;
    mux_keys_set(mux, count & ~KEYS_ESCAPED);
}

/* The number that a key stands for, as a hexadecimal digit; CLIENTS_MAX for another key. */
static unsigned mux_key_client(uint8_t key)
{
    if (key >= '0' && key <= '9')
        return key - (unsigned)'0';
    if (key >= 'a' && key <= 'f')
        return key - (unsigned)'a' + 10;
    return CLIENTS_MAX;
}

/* The next client after the one in front, or the one in front. */
static unsigned mux_next(const struct mux *mux)
{
    unsigned i = mux->front;

    do
        i = (i + 1) % CLIENTS_MAX;
    while (i != mux->front && mux->client[i].state == MUX_NONE);
    return i;
}

static void mux_command_run(struct mux *mux, uint8_t key)
{
    unsigned client = mux_key_client(key);

    if (client < CLIENTS_MAX) {
        if (mux->client[client].state != MUX_NONE)
            mux_switch(mux, client);
        else
            mux_say(mux, "[there is no such guest; Ctrl-] ? lists them]\r\n");
    } else if (key == 'n') {
        mux_switch(mux, mux_next(mux));
    } else if (key == '?') {
        mux_help_show(mux);
    } else if (key == MUX_ESCAPE) {
        mux_key_pass(mux, key);
    } else {
        mux_say(mux, "[Ctrl-] ? shows what may follow Ctrl-]]\r\n");
    }
}

_Atomic uint32_t *mux_latch(struct mux *mux)
{
    return &mux->kept->latch;
}

uint32_t mux_latch_tag(const struct mux *mux)
{
    uint32_t state = mux_keys_state(mux);

    return (state & KEYS_ESCAPED) | (state << LATCH_STATE & ~KEYS_ESCAPED) | LATCH_FULL;
}

void mux_latch_clear(struct mux *mux)
{
    atomic_store_explicit(mux_latch(mux), 0, memory_order_release);
}

/* After a death within a command, the next life carries the command out again. */
void mux_key(struct mux *mux, uint8_t key)
{
    if (mux->client[mux->front].state == MUX_NONE) {
        /* without a client the key is dropped */
    } else if (mux_is_escaped(mux)) {
        mux_command_run(mux, key);
        mux_keys_set(mux, mux_keys_state(mux) & ~KEYS_ESCAPED);
    } else if (key == MUX_ESCAPE) {
        mux_keys_set(mux, mux_keys_state(mux) | KEYS_ESCAPED);
    } else {
        mux_key_pass(mux, key);
    }
}

bool mux_latched(struct mux *mux, uint8_t *key)
{
    uint32_t latch = atomic_load_explicit(mux_latch(mux), memory_order_relaxed);

    if (latch == 0)
        return false;
    *key = (uint8_t)latch;
    if ((latch & ~UINT32_C(0xff)) == mux_latch_tag(mux))
        return true;
    mux_latch_clear(mux); /* an earlier life handled the key */
    return false;
}
