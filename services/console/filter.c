/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The terminal gets only whole sequences that the list allows.  So only this
 * parser decides about broken sequences, whatever the terminal would do with them.
 *
 *   TEXT --ESC----> ESCAPE --[--------> CONTROL --final--> passed or left out
 *     |                    --( )------> CHARSET --B 0----> passed; else left out
 *     |                    --SP to /--> OTHER ----final--> left out
 *     |                    --] P X ^ _> STRING --BEL, CAN, SUB, ESC \, CR, LF--> left out
 *     |                    --other----> passed or left out
 *     +---c2..f4--> UTF8 --last byte--> passed or ?
 *
 * After each of these the state is TEXT again.  A control character in ESCAPE,
 * CONTROL, CHARSET or OTHER ends the sequence, which is left out; the parser then
 * reads the character as text.
 */
#include <services/console/filter.h>

#include <string.h>

#define BEL 0x07
#define LF  0x0a
#define CR  0x0d
#define SO  0x0e
#define SI  0x0f
#define CAN 0x18
#define SUB 0x1a
#define ESC 0x1b
#define DEL 0x7f

enum filter_state {
    FILTER_TEXT,
    FILTER_UTF8,
    FILTER_ESCAPE,
    FILTER_OTHER, /* an escape sequence with intermediate bytes, until its final byte */
    FILTER_CHARSET,
    FILTER_CONTROL,
    FILTER_STRING,
    FILTER_STRING_ESCAPE, /* ESC within a string */
};

static bool filter_is_one_of(uint8_t byte, const char *set)
{
    return byte != 0 && strchr(set, byte) != NULL;
}

static size_t filter_hold(struct filter *f, enum filter_state state, uint8_t byte)
{
    f->state = (uint8_t)state;
    if (f->held_count < FILTER_HELD_MAX)
        f->held[f->held_count] = byte;
    if (f->held_count <= FILTER_HELD_MAX)
        f->held_count++;
    return 0;
}

/* Ends the sequence.  Passes it if `is_allowed` and if it was short enough to be held. */
static size_t filter_end(struct filter *f, bool is_allowed, uint8_t *out)
{
    size_t count = is_allowed && f->held_count <= FILTER_HELD_MAX ? f->held_count : 0;

    memcpy(out, f->held, count);
    f->state = FILTER_TEXT;
    f->held_count = 0;
    return count;
}

/* ---- Text ---- */

static size_t filter_text(struct filter *f, uint8_t byte, uint8_t *out)
{
    f->state = FILTER_TEXT;
    f->held_count = 0;
    if (byte == ESC)
        return filter_hold(f, FILTER_ESCAPE, byte);
    if (byte >= 0xc2 && byte <= 0xf4)
        return filter_hold(f, FILTER_UTF8, byte);
    out[0] = byte < 0x80 ? byte : '?';
    return byte >= 0x20 ? byte != DEL : filter_is_one_of(byte, "\a\b\t\n\r\x0e\x0f");
}

/* Length of a UTF-8 character in bytes, from its first byte. */
static unsigned filter_utf8_bytes(uint8_t first)
{
    return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/* Is `byte` a valid second byte: no overlong form, no surrogate, nothing above U+10FFFF? */
static bool filter_utf8_second_fits(uint8_t first, uint8_t byte)
{
    uint8_t low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    uint8_t high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;

    return byte >= low && byte <= high;
}

static size_t filter_utf8(struct filter *f, uint8_t byte, uint8_t *out)
{
    bool fits = f->held_count == 1 ? filter_utf8_second_fits(f->held[0], byte)
                                   : byte >= 0x80 && byte <= 0xbf;

    if (!fits) {
        out[0] = '?';
        return 1 + filter_text(f, byte, out + 1);
    }
    (void)filter_hold(f, FILTER_UTF8, byte);
    if (f->held_count < filter_utf8_bytes(f->held[0]))
        return 0;
    bool is_c1 = f->held[0] == 0xc2 && byte < 0xa0;
    if (memcmp(f->held, FILTER_MARK, 2) != 0)
        return filter_end(f, !is_c1, out);
    out[0] = '?';
    return 1 + filter_end(f, false, out + 1);
}

/* ---- Control sequences ---- */

/* Allows private modes 1 (cursor keys), 7 (wrapping), 12 and 25 (cursor), one or several. */
static bool filter_private_is_allowed(const char *text, char final)
{
    if (final != 'h' && final != 'l')
        return false;
    for (const char *at = text + 1;;) {
        size_t length = strcspn(at, ";");
        bool is_known = (length == 1 && (at[0] == '1' || at[0] == '7')) ||
                        (length == 2 && (memcmp(at, "12", 2) == 0 || memcmp(at, "25", 2) == 0));
        if (!is_known)
            return false;
        if (at[length] == 0)
            return true;
        at += length + 1;
    }
}

/* `text` is the part between CSI and the final byte. */
static bool filter_control_is_allowed(const char *text, char final)
{
    if (text[0] == '?')
        return filter_private_is_allowed(text, final);
    if (text[strspn(text, final == 'm' ? "0123456789;:" : "0123456789;")] != 0)
        return false;
    switch (final) {
    case 'J': /* 3 would erase the terminal's scrollback */
        return text[0] == 0 || (text[1] == 0 && text[0] <= '2');
    case 'S':
    case 'T': /* with more parameters: mouse tracking */
        return strchr(text, ';') == NULL;
    case 's': /* with parameters: left and right margins */
    case 'u':
        return text[0] == 0;
    case 'h':
    case 'l':
        return strcmp(text, "4") == 0;
    default:
        return filter_is_one_of((uint8_t) final, "@ABCDEFGHIKLMPXZ`adefmr");
    }
}

static size_t filter_control(struct filter *f, uint8_t byte, uint8_t *out)
{
    char text[FILTER_HELD_MAX];

    (void)filter_hold(f, FILTER_CONTROL, byte);
    if (byte < 0x40)
        return 0;
    if (f->held_count > FILTER_HELD_MAX)
        return filter_end(f, false, out);
    memcpy(text, f->held + 2, f->held_count - 3u);
    text[f->held_count - 3u] = 0;
    return filter_end(f, filter_control_is_allowed(text, (char)byte), out);
}

/* ---- Escape sequences ---- */

static size_t filter_escape(struct filter *f, uint8_t byte, uint8_t *out)
{
    (void)filter_hold(f, FILTER_ESCAPE, byte);
    if (byte == '[')
        f->state = FILTER_CONTROL;
    else if (byte == '(' || byte == ')')
        f->state = FILTER_CHARSET;
    else if (byte < 0x30)
        f->state = FILTER_OTHER;
    else if (filter_is_one_of(byte, "]PX^_"))
        f->state = FILTER_STRING;
    else
        return filter_end(f, filter_is_one_of(byte, "78=>DEM"), out);
    return 0;
}

static size_t filter_string(struct filter *f, uint8_t byte, uint8_t *out)
{
    if (byte == CR || byte == LF)
        return filter_text(f, byte, out);
    if (byte == ESC)
        f->state = FILTER_STRING_ESCAPE;
    else if (byte == BEL || byte == CAN || byte == SUB)
        return filter_end(f, false, out);
    return 0;
}

size_t filter_byte(struct filter *f, uint8_t byte, uint8_t out[FILTER_OUT_MAX])
{
    enum filter_state state = (enum filter_state)f->state;

    if (state == FILTER_TEXT)
        return filter_text(f, byte, out);
    if (state == FILTER_UTF8)
        return filter_utf8(f, byte, out);
    if (state == FILTER_STRING)
        return filter_string(f, byte, out);
    if (state == FILTER_STRING_ESCAPE) {
        if (byte == '\\')
            return filter_end(f, false, out);
        (void)filter_text(f, ESC, out); /* another sequence begins */
        state = FILTER_ESCAPE;
    }
    if (byte < 0x20 || byte >= DEL)
        return filter_text(f, byte, out);
    switch (state) {
    case FILTER_ESCAPE:
        return filter_escape(f, byte, out);
    case FILTER_CONTROL:
        return filter_control(f, byte, out);
    case FILTER_CHARSET:
        (void)filter_hold(f, state, byte);
        return filter_end(f, byte == 'B' || byte == '0', out);
    default: /* FILTER_OTHER */
        return byte < 0x30 ? 0 : filter_end(f, false, out);
    }
}

bool filter_is_control(const uint8_t *out, size_t count)
{
    return count > 0 && (out[0] == ESC || out[0] == SO || out[0] == SI);
}
