/* SPDX-License-Identifier: BSD-2-Clause */
/* The functions of the C library that store, for programs linked with --wrap. */
#include "stores.h"

#include <stdint.h>

void *__wrap_memcpy(void *to, const void *from, size_t bytes);
void *__wrap_memset(void *to, int value, size_t bytes);
void *__real_memcpy(void *to, const void *from, size_t bytes);
void *__real_memset(void *to, int value, size_t bytes);

#define LARGE_BYTES 65536u
#define PAGE_BYTES  4096u

/* A word; of a large area, which no test looks at word by word, a page. */
static size_t piece_bytes(size_t bytes, size_t at)
{
    size_t most = bytes >= LARGE_BYTES ? PAGE_BYTES : sizeof(uint64_t);

    return bytes - at < most ? bytes - at : most;
}

void *__wrap_memcpy(void *to, const void *from, size_t bytes)
{
    if (!stores_before)
        return __real_memcpy(to, from, bytes);
    for (size_t at = 0; at < bytes; at += piece_bytes(bytes, at)) {
        stores_note((uint8_t *)to + at, piece_bytes(bytes, at));
        __real_memcpy((uint8_t *)to + at, (const uint8_t *)from + at, piece_bytes(bytes, at));
    }
    return to;
}

void *__wrap_memset(void *to, int value, size_t bytes)
{
    if (!stores_before)
        return __real_memset(to, value, bytes);
    for (size_t at = 0; at < bytes; at += piece_bytes(bytes, at)) {
        stores_note((uint8_t *)to + at, piece_bytes(bytes, at));
        __real_memset((uint8_t *)to + at, value, piece_bytes(bytes, at));
    }
    return to;
}
