/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Wraps, in a console service, the function that reads the root server's messages: with the first
 * text it stores an impossible index in the ring.  (The linker's --wrap gives the real
 * function its other name.)
 */
#include <services/console/control.h>

bool __wrap_control_move_records(struct service *s);

bool __wrap_control_move_records(struct service *s)
{
    uint32_t available = 0;

    if (ring_available(&s->control, &available) == OK && available > 0)
        atomic_store(&s->control.h.own->index, s->control.h.index - CONSOLE_CONTROL_DOWN_RECORDS);
    return false;
}
