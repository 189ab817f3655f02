/* SPDX-License-Identifier: BSD-2-Clause */
#include <services/console/control.h>

MUST_CHECK control_attach(struct service *s, uint64_t region)
{
    uint8_t *base = (uint8_t *)(uintptr_t)region;

    s->levels = (struct console_levels *)(base + CONSOLE_CONTROL_LEVELS);
    s->progress = (struct console_progress *)(base + CONSOLE_CONTROL_PROGRESS);
    enum err err = ring_consumer_attach(
        &s->control, (struct ring_shared *)(base + CONSOLE_CONTROL_DOWN_SHARED),
        base + CONSOLE_CONTROL_DOWN_DATA, CONSOLE_CONTROL_DOWN_RECORDS,
        sizeof(struct console_record));
    if (err != OK)
        return err;
    return ring_producer_attach(
        &s->answers, (struct ring_shared *)(base + CONSOLE_CONTROL_UP_SHARED),
        base + CONSOLE_CONTROL_UP_DATA, CONSOLE_CONTROL_UP_RECORDS, sizeof(struct console_record));
}

/* Is there output in the client's ring?  A broken ring counts as empty. */
static bool control_output_waits(struct service_client *c)
{
    uint32_t available = 0;

    return !c->is_broken && ring_available(&c->output, &available) == OK && available > 0;
}

/* How many bytes client `i` has written so far: a line about the client goes after these bytes. */
static uint64_t control_output_so_far(struct service *s, unsigned i)
{
    struct service_client *c = &s->client[i];
    uint32_t available = 0;

    if (c->is_broken || ring_available(&c->output, &available) != OK)
        available = 0;
    return mux_written(&s->mux, i) + available;
}

static void control_take_record(struct service *s, const struct console_record *record)
{
    unsigned about;

    switch (record->kind) {
    case CONSOLE_RECORD_TEXT:
    case CONSOLE_RECORD_LOG:
        if (!lines_add(&s->lines, record))
            break;
        about = lines_about(&s->lines);
        lines_end(&s->lines, about > 0 && about <= s->mux.client_count
                                 ? control_output_so_far(s, about - 1)
                                 : 0);
        break;
    case CONSOLE_RECORD_FLUSH:
        s->is_flushing = true;
        s->flush_id = record->value;
        break;
    default:
        break; /* ignores record kinds of later versions */
    }
}

/* Empties the ring at once, because the root server treats a service that does not as dead. */
bool control_move_records(struct service *s)
{
    struct console_record record;
    uint32_t got = 0;
    bool moved = false;

    for (unsigned i = 0; i < CONSOLE_CONTROL_DOWN_RECORDS; i++) {
        if (ring_read(&s->control, &record, 1, &got) != OK || got == 0)
            break;
        control_take_record(s, &record);
        moved = true;
    }
    if (moved && ring_consumer_wakes(&s->control))
        s->ops->wake_root(s->ops->context);
    return moved;
}

/* Is all output that goes before this line on the terminal?  If the client's ring is empty or
 * broken, the line does not wait for further output. */
static bool control_line_is_due(struct service *s, const struct lines_head *head)
{
    unsigned i = head->about - 1u;

    if (head->about == 0 || head->about > s->mux.client_count)
        return true;
    if (mux_written(&s->mux, i) < head->after && control_output_waits(&s->client[i]))
        return false;
    uint64_t written = mux_written(&s->mux, i);
    return mux_has_placed(&s->mux, i, written < head->after ? written : head->after);
}

/* Passes lines to the multiplexer in order. */
bool control_move_lines(struct service *s)
{
    char text[LINES_LINE_MAX];
    struct lines_head head;
    bool moved = false;

    while (lines_first(&s->lines, &head) && mux_notice_room(&s->mux) >= head.length &&
           control_line_is_due(s, &head)) {
        lines_take(&s->lines, text);
        mux_notice(&s->mux, text, head.length);
        moved = true;
    }
    return moved;
}

/* Reads each client's level once; ignores a word that is not a state. */
bool control_move_levels(struct service *s)
{
    bool moved = false;

    for (unsigned i = 0; i < s->mux.client_count; i++) {
        uint32_t level = atomic_load_explicit(&s->levels->guest[i], memory_order_acquire);
        if (level > CONSOLE_STATE_DEAD || level == s->client[i].level)
            continue;
        s->client[i].level = level;
        s->client[i].is_changing = true;
        s->client[i].is_marked = false;
        moved = true;
    }
    return moved;
}

/* Are all lines shown that the root server sent before it changed the client's level? */
static bool control_lines_are_said(struct service *s, struct service_client *c)
{
    uint32_t available = 0;

    if (!c->is_marked) {
        if (ring_available(&s->control, &available) == OK && available > 0)
            return false;
        c->is_marked = true;
        c->mark = s->lines.in;
    }
    return (int32_t)(s->lines.out - c->mark) >= 0;
}

/* Applies changed levels.  A change waits until the client's last output, and the lines that the
 * root server sent before the change, are shown.  True when no change waits. */
static bool control_settle_levels(struct service *s)
{
    static const enum mux_state states[] = {[CONSOLE_STATE_RUNNING] = MUX_RUNNING,
                                            [CONSOLE_STATE_ENDED] = MUX_ENDED,
                                            [CONSOLE_STATE_DEAD] = MUX_DEAD};
    bool all = true;

    for (unsigned i = 0; i < s->mux.client_count; i++) {
        struct service_client *c = &s->client[i];
        if (!c->is_changing)
            continue;
        if (!control_lines_are_said(s, c) || control_output_waits(c) ||
            (i == s->mux.front && mux_has_output(&s->mux))) {
            all = false;
            continue;
        }
        c->is_changing = false;
        mux_set_state(&s->mux, i, states[c->level]);
    }
    return all;
}

/* Applies changed levels, and answers a flush once all output is shown. */
void control_answer(struct service *s)
{
    struct console_record record = {.kind = CONSOLE_RECORD_FLUSHED, .value = s->flush_id};
    uint32_t written = 0;

    if (!control_settle_levels(s) || !s->is_flushing || s->lines.in != s->lines.out ||
        mux_has_output(&s->mux) || !uart_can_send(s->uart))
        return;
    if (ring_write(&s->answers, &record, 1, &written) != OK || written == 0)
        return;
    s->is_flushing = false;
    if (ring_producer_wakes(&s->answers))
        s->ops->wake_root(s->ops->context);
}
