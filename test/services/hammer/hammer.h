/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests, under load, everything that the threads of a process share in the C library. The last two
 * functions are defined by the program that links these tests. */
#ifndef TEST_SERVICES_HAMMER_HAMMER_H
#define TEST_SERVICES_HAMMER_HAMMER_H

#include <stdio.h>

#include <base/attr.h>

#define HAMMER_THREADS_MAX 8

/* Runs every test once, in `count` new threads of the C library.  Returns if all of them passed.
 * The threads write lines to `out`, which passes all bytes to hammer_output(). */
void hammer_run(unsigned count, FILE *out);

/* Checks what the threads wrote.  The caller holds the lock of the stream. */
void hammer_output(const char *text, unsigned long bytes);

/* The program's: prints the text and the number, and ends the program. */
ATTR_NORETURN void hammer_fail(const char *text, long number);

/* The program's: lets threads of lower priority run for 0.1 ms. */
void hammer_pause(void);

#endif
