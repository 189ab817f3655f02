/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Decides what the multiplexer shows next.  A step puts one piece on the stage: a
 * character or a whole control sequence of the client in front, a character or
 * the beginning of a notice, or a reset.  So no other output comes inside a
 * sequence, and a client's terminal state affects neither a notice nor another
 * client's text.
 */
#include <services/console/mux.h>

#include <string.h>

/*
 * Resets the terminal state that filter.h lets a client change: no attributes,
 * ASCII, no insert mode, wrapping on, cursor visible, no margins.  Setting the
 * margins moves the cursor, so the sequence saves and restores the cursor.
 */
#define MUX_RESET      "\x1b[m\x1b(B\x1b)B\x0f\x1b[4l\x1b[?7;25h\x1b\x37\x1b[r\x1b\x38"
/* Resets state that does not change how a line looks: key modes and the blinking of the cursor. */
#define MUX_RESET_KEYS "\x1b[?1;12l\x1b>"
#define MUX_ERASE_LINE "\x1b[K"

_Static_assert(sizeof MUX_RESET + sizeof MUX_RESET_KEYS + sizeof MUX_ERASE_LINE + 8 <=
                       MUX_STAGE_BYTES &&
                   FILTER_OUT_MAX <= MUX_STAGE_BYTES,
               "one step fits on the stage");

/* Has the client in front output to show? */
static bool mux_front_waits(const struct mux *mux)
{
    const struct mux_client *c = &mux->client[mux->front];

    return c->state != MUX_NONE && mux_unshown(c) > 0;
}

static bool mux_notices_wait(const struct mux *mux)
{
    return mux->notice_in != mux->notice_out;
}

bool mux_has_output(const struct mux *mux)
{
    /* After an unfinished notice, a client's output waits for the rest of the notice. */
    return mux->stage_count > mux->stage_taken || mux->is_reset_due || mux_notices_wait(mux) ||
           (!mux->notice_open && mux_front_waits(mux));
}

/* ---- the stage --------------------------------------------------------------------- */

static void mux_stage_put(struct mux *mux, const void *bytes, size_t count)
{
    memcpy(mux->stage + mux->stage_count, bytes, count);
    mux->stage_count += (unsigned)count;
}

static void mux_stage_text(struct mux *mux, const char *text)
{
    mux_stage_put(mux, text, strlen(text));
}

static size_t mux_stage_take(struct mux *mux, uint8_t *to, size_t most)
{
    size_t count = mux->stage_count - mux->stage_taken;

    if (count > most)
        count = most;
    memcpy(to, mux->stage + mux->stage_taken, count);
    mux->stage_taken += (unsigned)count;
    if (mux->stage_taken == mux->stage_count)
        mux->stage_taken = mux->stage_count = 0;
    return count;
}

/* ---- steps ------------------------------------------------------------------------- */

/* Moves to an empty row.  The cursor may be anywhere, also over text. */
static void mux_stage_row(struct mux *mux)
{
    mux_stage_text(mux, mux->is_line_open ? "\r\n" MUX_ERASE_LINE : "\r" MUX_ERASE_LINE);
    mux->is_line_open = false;
}

static void mux_step_reset(struct mux *mux)
{
    mux_stage_text(mux, MUX_RESET MUX_RESET_KEYS);
    mux_stage_row(mux);
    mux->is_plain = true;
    mux->is_reset_due = false;
}

/* Between lines a notice is shown at once; within a line it waits (mux.h). */
static bool mux_notice_is_due(const struct mux *mux)
{
    if (!mux_notices_wait(mux))
        return false;
    return mux->notice_open || !mux->is_line_open || !mux_front_waits(mux) ||
           mux->notice_waits >= MUX_NOTICE_PATIENCE;
}

static void mux_notice_begin(struct mux *mux)
{
    if (!mux->is_plain) {
        mux_stage_text(mux, MUX_RESET);
        mux_stage_row(mux);
    } else if (mux->is_line_open) {
        mux_stage_text(mux, "\r\n");
    }
    mux_stage_text(mux, FILTER_MARK " ");
    mux->notice_open = true;
}

static void mux_step_notice(struct mux *mux)
{
    if (!mux->notice_open) {
        mux_notice_begin(mux);
        return;
    }
    uint8_t byte = mux->notice[mux->notice_out++ % MUX_NOTICE_BYTES];
    if (byte == '\n') {
        mux_stage_text(mux, "\r\n");
        mux->notice_open = false;
        mux->notice_waits = 0;
    } else if (byte != '\r') {
        byte = byte >= 0x20 && byte < 0x7f ? byte : '?';
        mux_stage_put(mux, &byte, 1);
    }
    mux->is_line_open = byte != '\n';
}

static void mux_step_front(struct mux *mux)
{
    struct mux_client *c = &mux->client[mux->front];
    uint8_t out[FILTER_OUT_MAX];
    size_t count =
        filter_byte(&c->filter, c->kept->scrollback[c->shown++ % MUX_SCROLLBACK_BYTES], out);

    mux_stage_put(mux, out, count);
    if (count > 0)
        mux->is_line_open = out[count - 1] != '\n';
    if (filter_is_control(out, count))
        mux->is_plain = false;
    if (mux_notices_wait(mux))
        mux->notice_waits++;
}

/* False when there is nothing to show. */
static bool mux_step(struct mux *mux)
{
    if (mux->is_reset_due)
        mux_step_reset(mux);
    else if (mux_notice_is_due(mux))
        mux_step_notice(mux);
    else if (!mux->notice_open && mux_front_waits(mux))
        mux_step_front(mux);
    else
        return false;
    return true;
}

/* The front client's next bytes, as long as they need neither the filter nor the stage. */
static size_t mux_take_text(struct mux *mux, uint8_t *to, size_t most)
{
    struct mux_client *c = &mux->client[mux->front];
    size_t count = 0;

    if (mux->stage_count != 0 || mux->is_reset_due || mux->notice_open || mux_notices_wait(mux) ||
        !mux_front_waits(mux))
        return 0;
    while (count < most && mux_unshown(c) > 0) {
        uint8_t byte = c->kept->scrollback[c->shown % MUX_SCROLLBACK_BYTES];
        if (!filter_passes(&c->filter, byte))
            break;
        to[count++] = byte;
        c->shown++;
    }
    if (count > 0)
        mux->is_line_open = true;
    return count;
}

size_t mux_transmit(struct mux *mux, uint8_t *to, size_t most)
{
    size_t count = 0;

    do {
        count += mux_stage_take(mux, to + count, most - count);
        count += mux_take_text(mux, to + count, most - count);
    } while (count < most && mux_step(mux));
    return count;
}

void mux_transmitted(struct mux *mux)
{
    struct mux_client *c = &mux->client[mux->front];

    /* A death loses the bytes on the stage and in the filter, so the next life shows these bytes
     * again. */
    if (c->state != MUX_NONE && mux->stage_count == 0 && c->filter.held_count == 0)
        atomic_store_explicit(&c->kept->shown, c->shown, memory_order_release);
}
