/* SPDX-License-Identifier: BSD-2-Clause */
/* What threads.c and hammer.c share. */
#ifndef TEST_THREADS_HAMMER_H
#define TEST_THREADS_HAMMER_H

#include <base/attr.h>

#define HAMMER_THREADS_MAX 8

/* Prints the text and the number, and ends the program. */
ATTR_NORETURN void hammer_fail(const char *text, long number);

/* Runs every test with `count` threads of the C library.  Fails, or returns. */
void hammer_run(unsigned count);

/* Lets threads of lower priority run for 0.1 ms. */
void hammer_pause(void);

/* Standard output, checked: threads.c calls this for what the C library writes. */
void hammer_output(const char *text, unsigned long bytes);

#endif
