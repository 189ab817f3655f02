/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Wraps, in a console service, the function that takes a key: Ctrl-X ends the service as a bug
 * would.  (The linker's --wrap gives the real function its other name.)
 */
#include <services/console/mux.h>

#define CTRL_X 0x18

void __real_mux_key(struct mux *mux, uint8_t key);
void __wrap_mux_key(struct mux *mux, uint8_t key);

void __wrap_mux_key(struct mux *mux, uint8_t key)
{
    if (key == CTRL_X)
        __builtin_trap();
    __real_mux_key(mux, key);
}
