/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Decides which part of a guest's output reaches the terminal.
 *
 * All guests share the terminal.  One guest's output must not make the terminal
 * send input (which another guest would read), must not make a line of Warren
 * unreadable, and must not look like such a line.  So the filter passes only a
 * fixed list and leaves out everything else.
 *
 *   passes    printable ASCII; BEL, BS, HT, LF, CR, SO, SI; UTF-8 from U+00A0 on;
 *             ESC 7 8 = > D E M;  ESC ( and ) with B or 0;
 *             CSI: cursor movement, erasing, inserting and deleting, scrolling
 *             and its margins, SGR, insert mode, private modes 1, 7, 12 and 25
 *   left out  queries (ENQ, DA, DSR, DECID, DECRQM, window reports);
 *             all strings: OSC (title, colours, clipboard), DCS, APC, PM, SOS;
 *             modes that make the terminal send input (mouse, focus, pasting);
 *             the alternate screen, other character sets, C1 controls, resets,
 *             printing, key locks
 *   becomes ? a byte that is not UTF-8; FILTER_MARK, the sign of Warren's lines
 *
 * The filter holds a sequence until it is complete and then passes it in one
 * piece, so no other output can come inside a sequence.  A sequence longer than
 * FILTER_HELD_MAX is left out.  An unterminated string ends at the next CR or LF.
 *
 * ECMA-48, "Elements of control functions"; Unicode, "UTF-8".  The terminal must
 * use UTF-8: a Latin-1 terminal would read parts of a character as C1 controls.
 */
#ifndef SERVICES_CONSOLE_FILTER_H
#define SERVICES_CONSOLE_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FILTER_HELD_MAX 64u
#define FILTER_OUT_MAX  (FILTER_HELD_MAX + 1u)

/* U+00A7, the section sign, in UTF-8: no guest can print it. */
#define FILTER_MARK     "\xc2\xa7"

/* The initial state is all zero. */
struct filter {
    uint8_t state; /* enum filter_state of filter.c */
    uint8_t held_count;
    uint8_t held[FILTER_HELD_MAX]; /* the incomplete sequence or character */
};

/* Does this byte pass as it is, and leave the filter as it is?  Then filter_byte() need not be
 * called: most output is printable ASCII. */
static inline bool filter_passes(const struct filter *f, uint8_t byte)
{
    return f->state == 0 && byte >= 0x20 && byte < 0x7f;
}

/* Takes the guest's next byte.  Writes the bytes to show now to `out`; returns their count. */
size_t filter_byte(struct filter *f, uint8_t byte, uint8_t out[FILTER_OUT_MAX]);

/* True if this output of filter_byte() may change the terminal's state (not text, nor CR LF). */
bool filter_is_control(const uint8_t *out, size_t count);

#endif
