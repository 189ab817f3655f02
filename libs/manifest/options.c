/* SPDX-License-Identifier: BSD-2-Clause */
#include <manifest/options.h>

#include <string.h>

#define OPTIONS_NUMBER 'n'
#define OPTIONS_TEXT   't'
#define OPTIONS_ABSENT 0xffffu

static uint64_t options_little(const uint8_t *at, unsigned bytes)
{
    uint64_t value = 0;

    for (unsigned i = bytes; i > 0; i--)
        value = value << 8 | at[i - 1];
    return value;
}

/* The number of bytes of the option of this kind at `at`. `left` bytes remain from there; 0: the
 * option does not fit. */
static size_t options_field_bytes(const uint8_t *at, size_t left, char kind)
{
    size_t bytes = 8;

    if (left < 8)
        return 0;
    if (kind == OPTIONS_TEXT) {
        size_t length = (size_t)options_little(at, 2);
        if (length != OPTIONS_ABSENT)
            bytes = (2 + length + 1 + 7) / 8 * 8;
    }
    return bytes <= left ? bytes : 0;
}

/* The first byte of option `index`, which has this kind and lies inside of `packed`. */
static MUST_CHECK options_find(const uint8_t packed[OPTIONS_BYTES], const char *kinds,
                               unsigned index, char kind, const uint8_t **out)
{
    size_t at = 0;

    for (unsigned i = 0; kinds[i] != 0; i++) {
        size_t bytes = options_field_bytes(packed + at, OPTIONS_BYTES - at, kinds[i]);
        if (bytes == 0)
            return ERR_FORMAT;
        if (i == index) {
            if (kinds[i] != kind)
                return ERR_FORMAT;
            *out = packed + at;
            return OK;
        }
        at += bytes;
    }
    return ERR_FORMAT;
}

MUST_CHECK options_number(const uint8_t packed[OPTIONS_BYTES], const char *kinds, unsigned index,
                          uint64_t *out)
{
    const uint8_t *at;
    enum err err = options_find(packed, kinds, index, OPTIONS_NUMBER, &at);

    if (err != OK)
        return err;
    uint64_t value = options_little(at, 8);
    if (value == UINT64_MAX)
        return ERR_NOT_FOUND;
    *out = value;
    return OK;
}

/* The bytes of a text and their count; a zero byte follows them. */
static MUST_CHECK options_content(const uint8_t packed[OPTIONS_BYTES], const char *kinds,
                                  unsigned index, const uint8_t **out, size_t *length)
{
    const uint8_t *at;
    enum err err = options_find(packed, kinds, index, OPTIONS_TEXT, &at);

    if (err != OK)
        return err;
    size_t bytes = (size_t)options_little(at, 2);
    if (bytes == OPTIONS_ABSENT)
        return ERR_NOT_FOUND;
    if (at[2 + bytes] != 0)
        return ERR_FORMAT;
    *out = at + 2;
    *length = bytes;
    return OK;
}

MUST_CHECK options_text(const uint8_t packed[OPTIONS_BYTES], const char *kinds, unsigned index,
                        const char **out)
{
    const uint8_t *text;
    size_t length;
    enum err err = options_content(packed, kinds, index, &text, &length);

    if (err != OK)
        return err;
    if (memchr(text, 0, length) != NULL)
        return ERR_FORMAT;
    *out = (const char *)text;
    return OK;
}

MUST_CHECK options_bytes(const uint8_t packed[OPTIONS_BYTES], const char *kinds, unsigned index,
                         uint8_t *out, size_t bytes)
{
    const uint8_t *data;
    size_t length;
    enum err err = options_content(packed, kinds, index, &data, &length);

    if (err != OK)
        return err;
    if (length != bytes)
        return ERR_FORMAT;
    memcpy(out, data, bytes);
    return OK;
}

MUST_CHECK options_word(const char *const *words, unsigned count, const char *text, unsigned *out)
{
    for (unsigned i = 0; i < count; i++) {
        if (strcmp(text, words[i]) == 0) {
            *out = i;
            return OK;
        }
    }
    return ERR_FORMAT;
}

MUST_CHECK options_choice(const uint8_t packed[OPTIONS_BYTES], const char *kinds, unsigned index,
                          const char *const *words, unsigned count, unsigned *out)
{
    const char *text;
    enum err err = options_text(packed, kinds, index, &text);

    return err == OK ? options_word(words, count, text, out) : err;
}
