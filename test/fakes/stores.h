/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sees every store of code that was compiled with -fsanitize=thread.  The compiler puts a call
 * before each store, and stores.c takes the place of the sanitizer's library.  So a test stops the
 * code under test between any two of its stores, and that code needs no hook of its own.
 *
 * With stores_libc.c, -fno-builtin, and --wrap for the linker, memcpy() and memset() count as a
 * store of each of their words.
 */
#ifndef TEST_FAKES_STORES_H
#define TEST_FAKES_STORES_H

#include <stddef.h>

/* Called before each store of `bytes` bytes at `at`; NULL for none.  It may longjmp() away. */
extern void (*stores_before)(const void *at, size_t bytes);

/* Calls stores_before(). */
void stores_note(const void *at, size_t bytes);

#endif
