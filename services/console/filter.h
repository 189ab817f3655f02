/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What of a guest's output reaches the terminal.
 *
 * The terminal is shared: what one guest prints must not make it type (into
 * another guest), nor keep it in a state in which a line of Warren's own cannot
 * be read, nor look like such a line.  So this is a list of what passes; all
 * else is left out.
 *
 *   passes    printable ASCII; BEL, BS, HT, LF, CR, SO, SI; UTF-8 from U+00A0
 * on ESC 7 8 = > D E M,  ESC ( and ) with B or 0 CSI: cursor movement, erasing,
 * inserting and deleting, scrolling and its margins, SGR, insert mode, private
 * modes 1, 7, 12 and 25 left out  queries (ENQ, DA, DSR, DECID, DECRQM, window
 * reports), and all strings: OSC (title, colours, clipboard), DCS, APC, PM, SOS
 *             modes that make the terminal type (mouse, focus, pasting), the
 * alternate screen, other character sets, C1 controls, resets, printing, key
 * locks becomes ? a byte that is no UTF-8; FILTER_MARK, the sign of Warren's
 * own lines
 *
 * A sequence is held until it is whole and then passed in one piece, so nothing
 * ever stands inside one; a sequence longer than FILTER_HELD_MOST is left out.
 * A string that is not ended ends at the next CR or LF.
 *
 * ECMA-48, "Elements of control functions"; Unicode, "UTF-8".  The terminal
 * must take UTF-8: to one that takes Latin-1 parts of a character are C1
 * controls.
 */
#ifndef SERVICES_CONSOLE_FILTER_H
#define SERVICES_CONSOLE_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FILTER_HELD_MOST 64u
#define FILTER_OUT_MOST  (FILTER_HELD_MOST + 1u)

/* U+00A7, the section sign, in UTF-8: no guest can print it. */
#define FILTER_MARK      "\xc2\xa7"

/* All zero is the start. */
struct filter {
    uint8_t state; /* enum filter_state of filter.c */
    uint8_t held_count;
    uint8_t held[FILTER_HELD_MOST]; /* of a sequence or character that is not
                                     whole yet */
};

/* Takes the guest's next byte.  Puts what may be shown now into `out`; returns
 * how many bytes. */
size_t filter_byte(struct filter *f, uint8_t byte, uint8_t out[FILTER_OUT_MOST]);

/* Whether what filter_byte() has put out can leave the terminal in another
 * state than text does. */
bool filter_is_control(const uint8_t *out, size_t count);

#endif
