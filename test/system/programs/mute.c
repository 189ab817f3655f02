/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Wraps, in a console service, the function that answers: no flush gets an answer.  (The linker's
 * --wrap gives the real function its other name.)
 */
#include <services/console/control.h>

void __real_control_answer(struct console *console);
void __wrap_control_answer(struct console *console);

void __wrap_control_answer(struct console *console)
{
    console->is_flushing = false;
    __real_control_answer(console);
}
