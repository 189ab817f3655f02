/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Wraps, in a console service, the functions that take a key and that say how much output of a
 * guest fits: between two Ctrl-X the service takes no output, and goes on with all its other work.
 * (The linker's --wrap gives the real functions their other names.)
 */
#include <services/console/mux.h>

#define CTRL_X 0x18

void __real_mux_key(struct mux *mux, uint8_t key);
void __wrap_mux_key(struct mux *mux, uint8_t key);
size_t __real_mux_room(const struct mux *mux, unsigned client);
size_t __wrap_mux_room(const struct mux *mux, unsigned client);

static bool is_stopped;

void __wrap_mux_key(struct mux *mux, uint8_t key)
{
    if (key == CTRL_X)
        is_stopped = !is_stopped;
    else
        __real_mux_key(mux, key);
}

size_t __wrap_mux_room(const struct mux *mux, unsigned client)
{
    return is_stopped ? 0 : __real_mux_room(mux, client);
}
