/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads packed options: the values that a client gave for a connection, in the order of the
 * service's manifest.  The configuration compiler packs them (tools/config/options.py), the root
 * server copies them unread, and the accessors that are generated from the manifest call these
 * functions.
 *
 *   size, integer, boolean   'n'   8 bytes, little-endian; all ones: absent
 *   string, choice, MAC      't'   2 bytes, little-endian: length, 0xffff: absent (no bytes);
 *                                  the bytes; a zero byte; zeroes up to a multiple of 8
 *
 * `kinds` has one letter for each option.  The packed bytes may hold anything: no call reads
 * outside of OPTIONS_BYTES, and every text has its zero byte inside.  Results are untouched on
 * failure.  Every call can return
 *   ERR_NOT_FOUND  the option is optional, and the client gave no value
 *   ERR_FORMAT     the bytes are not what the manifest says
 */
#ifndef MANIFEST_OPTIONS_H
#define MANIFEST_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

#include <base/err.h>

#define OPTIONS_BYTES 256

MUST_CHECK options_number(const uint8_t packed[OPTIONS_BYTES], const char *kinds, unsigned index,
                          uint64_t *out);

/* A string, inside of `packed`.  ERR_FORMAT also for one that has a zero byte before its end. */
MUST_CHECK options_text(const uint8_t packed[OPTIONS_BYTES], const char *kinds, unsigned index,
                        const char **out);

/* Bytes that are no string: exactly `bytes` of them. */
MUST_CHECK options_bytes(const uint8_t packed[OPTIONS_BYTES], const char *kinds, unsigned index,
                         uint8_t *out, size_t bytes);

/* The number of the text among `count` words. */
MUST_CHECK options_choice(const uint8_t packed[OPTIONS_BYTES], const char *kinds, unsigned index,
                          const char *const *words, unsigned count, unsigned *out);

/* The number of `text` among `count` words.  ERR_FORMAT: it is none of them. */
MUST_CHECK options_word(const char *const *words, unsigned count, const char *text, unsigned *out);

#endif
