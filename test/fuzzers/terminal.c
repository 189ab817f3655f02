/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The multiplexer between clients that print anything and a terminal.  Oracle: a second parser of
 * the terminal's input.  The terminal gets no query, enters no state outside the list of
 * services/console/filter.h, gets whole sequences and whole characters, and gets the mark of
 * Warren's own lines once for each such line, at the beginning of a row.
 */
#include "fuzz.h"

#include <services/console/mux.h>

#define CLIENTS 3u

static struct mux mux;
static struct mux_kept kept;

static struct {
    enum {
        TEXT,
        ESCAPE,
        CONTROL,
        CHARSET,
        CHARACTER
    } state;
    uint8_t first;      /* of the character */
    unsigned left;      /* bytes of it to come */
    bool is_private;    /* a control sequence with ? */
    unsigned parameter; /* the last number in it */
    bool is_row_begun;
    bool is_mark_read; /* a blank must follow */
    unsigned marks;
} terminal;

static void control_takes(uint8_t byte)
{
    FUZZ_CHECK(byte >= 0x30 && byte < 0x7f && strchr("<=>", byte) == NULL);
    if (byte >= '0' && byte <= '9')
        terminal.parameter = (terminal.parameter * 10 + byte - '0') % 100000;
    if (byte == '?')
        terminal.is_private = true;
    if (terminal.is_private && (byte == ';' || byte >= 0x40)) {
        unsigned mode = terminal.parameter;
        FUZZ_CHECK(mode == 1 || mode == 7 || mode == 12 || mode == 25);
        FUZZ_CHECK(byte == ';' || byte == 'h' || byte == 'l');
    }
    if (byte == ';')
        terminal.parameter = 0;
    if (byte < 0x40)
        return;
    FUZZ_CHECK(strchr("bcginopqtvwxyz", byte) == NULL);
    FUZZ_CHECK(byte != 'J' || terminal.parameter < 3);
    terminal.state = TEXT;
    if (byte == 'K')
        terminal.is_row_begun = true; /* a notice stands on an erased row */
}

static void character_takes(uint8_t byte)
{
    FUZZ_CHECK(byte >= 0x80 && byte < 0xc0);
    if (terminal.first == 0xc2) {
        FUZZ_CHECK(byte >= 0xa0);
        if (byte == 0xa7) {
            FUZZ_CHECK(terminal.is_row_begun);
            terminal.is_mark_read = true;
            terminal.marks++;
        }
    }
    if (--terminal.left == 0)
        terminal.state = TEXT;
    terminal.is_row_begun = false;
}

static void text_takes(uint8_t byte)
{
    FUZZ_CHECK(!terminal.is_mark_read || byte == ' ');
    terminal.is_mark_read = false;
    if (byte == 0x1b) {
        terminal.state = ESCAPE;
    } else if (byte >= 0x80) {
        FUZZ_CHECK(byte >= 0xc2 && byte <= 0xf4);
        terminal.state = CHARACTER;
        terminal.first = byte;
        terminal.left = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    } else {
        FUZZ_CHECK(byte != 0x7f && (byte >= 0x20 || strchr("\a\b\t\n\r\x0e\x0f", byte) != NULL));
        FUZZ_CHECK(byte != 0);
        terminal.is_row_begun = byte == '\n';
    }
}

static void terminal_takes(uint8_t byte)
{
    switch (terminal.state) {
    case TEXT:
        text_takes(byte);
        return;
    case ESCAPE:
        FUZZ_CHECK(byte != 0 && strchr("[()78=>DEM", byte) != NULL);
        terminal.is_private = false;
        terminal.parameter = 0;
        terminal.state = byte == '[' ? CONTROL : byte == '(' || byte == ')' ? CHARSET : TEXT;
        return;
    case CONTROL:
        control_takes(byte);
        return;
    case CHARSET:
        FUZZ_CHECK(byte == 'B' || byte == '0');
        terminal.state = TEXT;
        return;
    case CHARACTER:
        character_takes(byte);
        return;
    }
}

/* Shows up to `most` bytes; true if there were any. */
static bool show(size_t most)
{
    uint8_t bytes[256];
    size_t count = mux_transmit(&mux, bytes, most < sizeof bytes ? most : sizeof bytes);

    for (size_t i = 0; i < count; i++)
        terminal_takes(bytes[i]);
    return count > 0;
}

/* Pieces of harmful sequences, and any byte. */
static void print(struct fuzz_input *in, unsigned client)
{
    static const char *const pieces[] = {
        "\x1b", "[",    "]",    "P",      "(",    "?",       ";",
        "6",    "25",   "1049", "n",      "c",    "h",       "m",
        "K",    "J",    "\x07", "\x1b\\", "\xc2", "\xa7",    FILTER_MARK " [",
        "\x9b", "\x05", "\r\n", "\x0e",   "text", "\xe0\x82"};

    for (unsigned count = 1 + fuzz_pick(in, 12); count > 0; count--) {
        uint8_t pick = fuzz_u8(in);
        const char *piece = pieces[pick % (sizeof pieces / sizeof pieces[0])];
        uint8_t any = fuzz_u8(in);
        size_t bytes = pick < 200 ? strlen(piece) : 1;
        if (mux_room(&mux, client) >= bytes)
            mux_output(&mux, client, pick < 200 ? (const uint8_t *)piece : &any, bytes);
    }
}

/* A line of a process, which may contain any bytes. */
static bool notice(struct fuzz_input *in)
{
    char text[24] = "warren: ";
    size_t count = 8 + fuzz_pick(in, 15);

    for (size_t i = 8; i < count; i++) {
        text[i] = (char)fuzz_u8(in);
        if (text[i] == '\n')
            text[i] = 'n';
    }
    text[count] = '\n';
    bool fits = mux_notice_room(&mux) > count;
    mux_notice(&mux, text, count + 1);
    return fits;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char names[CLIENTS][NAME_BYTES] = {"left", "right", "third"};
    struct fuzz_input in = {data, size};
    unsigned lines = 0;

    memset(&kept, 0, sizeof kept);
    mux_init(&mux, &kept);
    for (unsigned i = 0; i < CLIENTS; i++)
        (void)mux_client_add(&mux, i, names[i], 0, 0);
    memset(&terminal, 0, sizeof terminal);
    terminal.is_row_begun = true;
    while (in.left > 0) {
        unsigned form = fuzz_u8(&in);
        if (form < 160) {
            print(&in, form % CLIENTS);
        } else if (form < 180) {
            lines += notice(&in);
        } else if (form < 200 && mux_notice_room(&mux) > 100) {
            mux_switch(&mux, form % CLIENTS);
            lines++;
        } else {
            show(form % 40);
        }
    }
    while (show(64))
        ;
    FUZZ_CHECK(!mux_has_output(&mux) && terminal.state == TEXT);
    FUZZ_CHECK(terminal.marks == lines);
    return 0;
}
