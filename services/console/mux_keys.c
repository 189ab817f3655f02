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
    for (unsigned i = 0; i < mux->client_count; i++) {
        char text[96];
        int length = snprintf(text, sizeof text, "[%c %u %s: %s]\r\n", i == mux->front ? '*' : ' ',
                              i, mux->client[i].name, states[mux->client[i].state]);
        mux_notice(mux, text, (size_t)length);
    }
}

static void mux_key_pass(struct mux *mux, uint8_t key)
{
    if (mux_typed_room(mux) > 0)
        mux->typed[mux->typed_in++ % MUX_TYPED_BYTES] = key;
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

static void mux_command_run(struct mux *mux, uint8_t key)
{
    unsigned client = mux_key_client(key);

    if (client < mux->client_count) {
        mux_switch(mux, client);
    } else if (client < CLIENTS_MAX) {
        mux_say(mux, "[there is no such guest; Ctrl-] ? lists them]\r\n");
    } else if (key == 'n') {
        mux_switch(mux, (mux->front + 1) % mux->client_count);
    } else if (key == '?') {
        mux_help_show(mux);
    } else if (key == MUX_ESCAPE) {
        mux_key_pass(mux, key);
    } else {
        mux_say(mux, "[Ctrl-] ? shows what may follow Ctrl-]]\r\n");
    }
}

void mux_key(struct mux *mux, uint8_t key)
{
    if (mux->client_count == 0)
        return;
    if (mux->is_escaped) {
        mux->is_escaped = false;
        mux_command_run(mux, key);
    } else if (key == MUX_ESCAPE) {
        mux->is_escaped = true;
    } else {
        mux_key_pass(mux, key);
    }
}
