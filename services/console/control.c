/* SPDX-License-Identifier: BSD-2-Clause */
#include <services/console/control.h>

MUST_CHECK control_attach(struct console *console)
{
    uint8_t *up = (uint8_t *)console->service.up;
    /* A consumer reads the data and never writes it. */
    uint8_t *down = (uint8_t *)(uintptr_t)console->service.down;

    enum err err = ring_consumer_attach(&console->control, &console->service.up->lines_down,
                                        down + CONTROL_DOWN_LINES, CONTROL_DOWN_LINE_MAX,
                                        sizeof(struct control_line));
    if (err != OK)
        return err;
    return ring_producer_attach(&console->answers, &console->service.up->lines_up,
                                up + CONTROL_UP_LINES, CONTROL_UP_LINE_MAX,
                                sizeof(struct control_line));
}

/* The number of bytes in the client's ring.  A broken ring counts as empty. */
static uint32_t control_output_waiting(struct console_client *c)
{
    uint32_t available = 0;

    if (c->connection == NULL || c->is_broken ||
        ring_available(&c->connection->ring[CONSOLE_RING_OUTPUT].from, &available) != OK)
        return 0;
    return available;
}

/* Does a line about this client (client + 1, or 0) wait for output? */
static bool control_is_about_client(const struct console *console, unsigned about)
{
    return about > 0 && about <= CLIENTS_MAX && console->mux.client[about - 1].state != MUX_NONE;
}

/* The number of bytes that client `i` has written so far. A line about the client is shown after
 * these bytes. */
static uint64_t control_output_so_far(struct console *console, unsigned i)
{
    return mux_written(&console->mux, i) + control_output_waiting(&console->client[i]);
}

static void control_take_record(struct console *console, const struct control_line *record)
{
    unsigned about;

    switch (record->kind) {
    case CONTROL_LINE_TEXT:
    case CONTROL_LINE_LOG:
        if (!lines_add(&console->lines, record))
            break;
        about = lines_about(&console->lines);
        lines_end(&console->lines, control_is_about_client(console, about)
                                       ? control_output_so_far(console, about - 1)
                                       : 0);
        break;
    case CONTROL_LINE_FLUSH:
        console->is_flushing = true;
        console->flush_id = record->value;
        break;
    default:
        break; /* ignores the record kinds of later versions */
    }
}

/* Empties the ring at once, because the root server treats a service as dead if it leaves records
 * in the ring. */
bool control_move_records(struct console *console)
{
    struct control_line record;
    uint32_t got = 0;
    bool moved = false;

    for (unsigned i = 0; i < CONTROL_DOWN_LINE_MAX; i++) {
        if (ring_read(&console->control, &record, 1, &got) != OK || got == 0)
            break;
        control_take_record(console, &record);
        moved = true;
    }
    if (moved && ring_consumer_wakes(&console->control))
        service_root_wake(&console->service);
    return moved;
}

/* Is all output that goes before this line on the terminal?  If the client's ring is empty or
 * broken, the line does not wait for further output. */
static bool control_line_is_due(struct console *console, const struct lines_head *head)
{
    unsigned i = head->about - 1u;

    if (!control_is_about_client(console, head->about))
        return true;
    if (mux_written(&console->mux, i) < head->after &&
        control_output_waiting(&console->client[i]) > 0)
        return false;
    uint64_t written = mux_written(&console->mux, i);
    return mux_has_placed(&console->mux, i, written < head->after ? written : head->after);
}

/* Passes lines to the multiplexer in order. */
bool control_move_lines(struct console *console)
{
    char text[LINES_LINE_MAX];
    struct lines_head head;
    bool moved = false;

    while (lines_first(&console->lines, &head) && mux_notice_room(&console->mux) >= head.length &&
           control_line_is_due(console, &head)) {
        lines_take(&console->lines, text);
        mux_notice(&console->mux, text, head.length);
        moved = true;
    }
    return moved;
}

/* Are all lines shown that the root server sent before the client's end? */
static bool control_lines_are_said(struct console *console, struct console_client *c)
{
    uint32_t available = 0;

    if (!c->is_marked) {
        if (ring_available(&console->control, &available) == OK && available > 0)
            return false;
        c->is_marked = true;
        c->mark = console->lines.in;
    }
    return (int32_t)(console->lines.out - c->mark) >= 0;
}

/* Is all output shown that comes before the client's end? */
static bool control_end_is_due(struct console *console, unsigned i)
{
    struct console_client *c = &console->client[i];

    return control_lines_are_said(console, c) && control_output_waiting(c) == 0 &&
           !(i == console->mux.front && mux_has_output(&console->mux));
}

/* Applies the ends of clients.  An end waits until the client's last output, and the lines that the
 * root server sent before the end, are shown.  True when no end waits. */
static bool control_settle_ends(struct console *console)
{
    bool all = true;

    for (unsigned i = 0; i < CLIENTS_MAX; i++) {
        struct console_client *c = &console->client[i];
        if (!c->is_changing)
            continue;
        if (!control_end_is_due(console, i)) {
            all = false;
            continue;
        }
        c->is_changing = false;
        mux_set_state(&console->mux, i,
                      c->level == CONTROL_CONNECTION_CLIENT_ENDED ? MUX_ENDED : MUX_DEAD);
        if (c->connection != NULL)
            service_leave(&console->service, c->connection);
    }
    return all;
}

/* Applies the ends of clients, and answers a flush once all output is shown. */
void control_answer(struct console *console)
{
    struct control_line record = {.kind = CONTROL_LINE_FLUSHED, .value = console->flush_id};
    uint32_t written = 0;

    if (!control_settle_ends(console) || !console->is_flushing ||
        console->lines.in != console->lines.out || mux_has_output(&console->mux) ||
        !uart_can_send(console->uart))
        return;
    if (ring_write(&console->answers, &record, 1, &written) != OK || written == 0)
        return;
    console->is_flushing = false;
    if (ring_producer_wakes(&console->answers))
        service_root_wake(&console->service);
}
