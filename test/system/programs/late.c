/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Wraps, in a console service, the functions that take a key and that initialise the service:
 * Ctrl-X ends the service as a bug would, and each later life sleeps for half a second before it
 * accepts its connections.  (The linker's --wrap gives the real functions their other names.)
 */
#include <proto/process_start.h>
#include <rt/calls.h>
#include <rt/rt.h>
#include <services/console/console.h>

#define CTRL_X 0x18

void __real_mux_key(struct mux *mux, uint8_t key);
void __wrap_mux_key(struct mux *mux, uint8_t key);
void __real_console_init(struct console *console, struct uart *uart, struct mux_kept *kept,
                         uint64_t timebase_hz, bool is_first);
void __wrap_console_init(struct console *console, struct uart *uart, struct mux_kept *kept,
                         uint64_t timebase_hz, bool is_first);

void __wrap_mux_key(struct mux *mux, uint8_t key)
{
    if (key == CTRL_X)
        __builtin_trap();
    __real_mux_key(mux, key);
}

void __wrap_console_init(struct console *console, struct uart *uart, struct mux_kept *kept,
                         uint64_t timebase_hz, bool is_first)
{
    uint64_t end = rt_time_ticks() + timebase_hz / 2, bits;

    /* No bit is lost: the service looks at everything in its first turn. */
    while (!is_first && rt_time_ticks() < end)
        (void)!notification_wait(cap_at(PROCESS_SLOT_WAKE), end, &bits);
    __real_console_init(console, uart, kept, timebase_hz, is_first);
}
