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

/* The key's bytes are stored before the count that covers them. */
static void mux_key_pass(struct mux *mux, uint8_t key)
{
    struct mux_kept *kept = mux->kept;
    uint32_t in = atomic_load_explicit(&kept->typed_in, memory_order_relaxed);

    if (mux_typed_room(mux) == 0)
        return;
    kept->typed[in % MUX_TYPED_BYTES] = key;
    atomic_store_explicit(&kept->typed_in, in + 1, memory_order_release);
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

static void mux_escape_set(struct mux *mux, bool is_escaped)
{
    atomic_store_explicit(&mux->kept->escaped, is_escaped, memory_order_relaxed);
}

void mux_key(struct mux *mux, uint8_t key)
{
    if (mux->client[mux->front].state == MUX_NONE)
        return;
    if (atomic_load_explicit(&mux->kept->escaped, memory_order_relaxed) == 1) {
        mux_escape_set(mux, false);
        mux_command_run(mux, key);
    } else if (key == MUX_ESCAPE) {
        mux_escape_set(mux, true);
    } else {
        mux_key_pass(mux, key);
    }
}
