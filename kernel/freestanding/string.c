/* SPDX-License-Identifier: BSD-2-Clause */
/* Compiled so that the compiler does not turn these loops into calls of themselves. */
#include <stdint.h>
#include <string.h>

void *memset(void *to, int byte, size_t count)
{
    uint8_t *out = to;
    uint64_t word = (uint8_t)byte * UINT64_C(0x0101010101010101);

    while (count != 0 && (uintptr_t)out % 8 != 0) {
        *out++ = (uint8_t)byte;
        count--;
    }
    /* Most of what is set is memory that is zeroed: eight words a turn. */
    for (; count >= 64; count -= 64, out += 64) {
        uint64_t *at = (uint64_t *)(void *)out;
        at[0] = word, at[1] = word, at[2] = word, at[3] = word;
        at[4] = word, at[5] = word, at[6] = word, at[7] = word;
    }
    for (; count >= 8; count -= 8, out += 8)
        *(uint64_t *)(void *)out = word;
    while (count-- != 0)
        *out++ = (uint8_t)byte;
    return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t count)
{
    uint8_t *out = to;
    const uint8_t *in = from;

    if (((uintptr_t)out | (uintptr_t)in) % 8 == 0) {
        for (; count >= 8; count -= 8, out += 8, in += 8)
            *(uint64_t *)(void *)out = *(const uint64_t *)(const void *)in;
    }
    while (count-- != 0)
        *out++ = *in++;
    return to;
}

void *memmove(void *to, const void *from, size_t count)
{
    uint8_t *out = to;
    const uint8_t *in = from;

    if ((uintptr_t)out <= (uintptr_t)in)
        return memcpy(to, from, count);
    while (count-- != 0)
        out[count] = in[count];
    return to;
}

int memcmp(const void *left, const void *right, size_t count)
{
    const uint8_t *a = left, *b = right;

    for (; count != 0; count--, a++, b++) {
        if (*a != *b)
            return *a < *b ? -1 : 1;
    }
    return 0;
}

void *memchr(const void *bytes, int byte, size_t count)
{
    const uint8_t *in = bytes;

    for (; count != 0; count--, in++) {
        if (*in == (uint8_t)byte)
            return (void *)(uintptr_t)in;
    }
    return NULL;
}

size_t strlen(const char *text)
{
    size_t count = 0;

    while (text[count] != '\0')
        count++;
    return count;
}

size_t strnlen(const char *text, size_t most)
{
    size_t count = 0;

    while (count < most && text[count] != '\0')
        count++;
    return count;
}

char *strrchr(const char *text, int byte)
{
    for (size_t i = strlen(text) + 1; i != 0; i--) {
        if (text[i - 1] == (char)byte)
            return (char *)(uintptr_t)&text[i - 1];
    }
    return NULL;
}

int strcmp(const char *left, const char *right)
{
    while (*left != '\0' && *left == *right) {
        left++;
        right++;
    }
    return (int)(uint8_t)*left - (int)(uint8_t)*right;
}
