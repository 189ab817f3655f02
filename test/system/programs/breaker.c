/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Wraps, in a console service, the function that reads the root server's messages: with the first
 * text it stores an impossible index in the ring.  (The linker's --wrap gives the real
 * function its other name.)
 */
#include <services/console/control.h>

bool __wrap_control_move_records(struct console *console);

bool __wrap_control_move_records(struct console *console)
{
    uint32_t available = 0;

    if (ring_available(&console->control, &available) == OK && available > 0)
        atomic_store(&console->control.h.own->index,
                     console->control.h.index - CONTROL_DOWN_LINE_MAX);
    return false;
}
