/* SPDX-License-Identifier: BSD-2-Clause */
#include <rootserver/link/lines.h>

#include <string.h>

#include <rt/bootinfo.h>
#include <rt/calls.h>
#include <rt/rt.h>

#define KLOG_BYTES 40

_Static_assert(LINES_OWN_RECORDS + LINES_ONE_RECORDS < CONTROL_DOWN_LINE_MAX,
               "lines of processes fit too");

MUST_CHECK lines_up(struct lines *lines, const struct link *link)
{
    struct control_up *up = link->place.up;
    uint8_t *down_data = (uint8_t *)link->place.down + CONTROL_DOWN_LINES;
    uint8_t *up_data = (uint8_t *)link->place.up + CONTROL_UP_LINES;

    enum err err = ring_producer_attach(&lines->down, &up->lines_down, down_data,
                                        CONTROL_DOWN_LINE_MAX, sizeof(struct control_line));
    if (err == OK)
        err = ring_consumer_attach(&lines->up, &up->lines_up, up_data, CONTROL_UP_LINE_MAX,
                                   sizeof(struct control_line));
    if (err != OK)
        return err;
    lines->up_part = up;
    lines->bell = link->place.bell;
    lines->period_ticks = link->times.ping_ticks;
    lines->sent = lines->taken = 0;
    lines->flushed_id = lines->flush_id;
    policy_patience_stop(&lines->take);
    policy_patience_stop(&lines->flush);
    lines->fault = NULL;
    lines->is_up = true;
    return OK;
}

static void lines_kernel_write(const char *text, size_t bytes)
{
    while (bytes > 0) {
        size_t part = bytes < KLOG_BYTES ? bytes : KLOG_BYTES;
        uint64_t w[5] = {0};
        memcpy(w, text, part);
        if (klog_write(cap_at(BOOT_SLOT_KLOG), part, w[0], w[1], w[2], w[3], w[4]) != OK)
            return; /* no other output is left */
        text += part;
        bytes -= part;
    }
}

/* Gets how many records fit, and updates `taken`.  False: the ring's indices are invalid. */
static bool lines_taken_look(struct lines *lines, uint32_t *room)
{
    if (ring_room(&lines->down, room) != OK)
        return false;
    lines->taken = lines->sent - (CONTROL_DOWN_LINE_MAX - *room);
    return true;
}

/* The first record of the line of which `taken` is a later record. */
static uint32_t lines_line_begin(const struct lines *lines)
{
    uint32_t at = lines->taken;

    while (at != lines->sent && lines->sent - at < CONTROL_DOWN_LINE_MAX) {
        const struct control_line *before = &lines->kept[(at - 1) % CONTROL_DOWN_LINE_MAX];
        if (before->length == 0 || before->text[before->length - 1] == '\n')
            break;
        at--;
    }
    return at;
}

/* Writes the lines that the instance did not take completely, from the private copy. */
void lines_down(struct lines *lines)
{
    uint32_t room;

    if (!lines->is_up)
        return;
    lines->is_up = false;
    (void)lines_taken_look(lines, &room); /* else `taken` is that of the last look */
    lines_kernel_write("\r\n", 2); /* the terminal may be in the middle of a line */
    for (lines->taken = lines_line_begin(lines); lines->taken != lines->sent; lines->taken++) {
        const struct control_line *l = &lines->kept[lines->taken % CONTROL_DOWN_LINE_MAX];
        if (l->kind != CONTROL_LINE_FLUSH)
            lines_kernel_write(l->text, l->length);
    }
}

static void lines_fail(struct lines *lines, const char *why)
{
    lines->fault = why;
    lines_down(lines);
}

/* ---- watching the instance ---------------------------------------------------------- */

/* As lines_taken_look(); invalid indices end the instance. */
static bool lines_room(struct lines *lines, uint32_t *room)
{
    if (lines_taken_look(lines, room))
        return true;
    lines_fail(lines, "broke its ring");
    return false;
}

/* Reads the answers; asks for a signal at the next one. */
static void lines_collect(struct lines *lines)
{
    struct control_line record;
    uint32_t got = 0;

    for (unsigned i = 0; i < CONTROL_UP_LINE_MAX; i++) {
        if (ring_read(&lines->up, &record, 1, &got) != OK) {
            lines_fail(lines, "broke its ring");
            return;
        }
        if (got == 0 && ring_consumer_sleep(&lines->up))
            return;
        if (got == 1 && record.kind == CONTROL_LINE_FLUSHED)
            lines->flushed_id = record.value;
    }
}

static void lines_take_look(struct lines *lines, uint64_t now)
{
    uint32_t room = 0;
    bool is_over = false;

    if (!policy_patience_is_on(&lines->take) || !lines_room(lines, &room))
        return;
    if (lines->taken == lines->sent) {
        policy_patience_stop(&lines->take);
    } else if ((int32_t)(lines->taken - lines->watched) >= 0) {
        lines->watched = lines->sent;
        policy_patience_start(&lines->take, lines->period_ticks, now);
    } else if (policy_patience_look(&lines->take, now, &is_over) && is_over) {
        lines_fail(lines, "does not read what it is sent");
    }
}

static void lines_flush_look(struct lines *lines, uint64_t now)
{
    bool is_over = false;

    if (!policy_patience_is_on(&lines->flush))
        return;
    if (lines->flushed_id == lines->flush_id) {
        policy_patience_stop(&lines->flush);
        return;
    }
    if (!policy_patience_look(&lines->flush, now, &is_over))
        return;
    uint32_t progress = atomic_load_explicit(&lines->up_part->progress, memory_order_relaxed);
    if (++lines->flush_looks < LINES_FLUSH_LOOKS && progress != lines->flush_progress)
        policy_patience_start(&lines->flush, lines->period_ticks, now);
    else if (is_over || lines->flush_looks == LINES_FLUSH_LOOKS)
        lines_fail(lines, "does not answer");
    lines->flush_progress = progress;
}

void lines_look(struct lines *lines, uint64_t now)
{
    if (!lines->is_up)
        return;
    lines_collect(lines);
    if (lines->is_up)
        lines_take_look(lines, now);
    if (lines->is_up)
        lines_flush_look(lines, now);
}

uint64_t lines_deadline(const struct lines *lines)
{
    if (!lines->is_up)
        return POLICY_NEVER;
    return lines->take.look_ticks < lines->flush.look_ticks ? lines->take.look_ticks
                                                            : lines->flush.look_ticks;
}

/* ---- writing ------------------------------------------------------------------------ */

/* Publishes all of the records or none of them. */
static bool lines_send(struct lines *lines, const struct control_line *record, uint32_t count)
{
    uint32_t room = 0, written = 0;

    if (!lines_room(lines, &room) || room < count ||
        ring_write(&lines->down, record, count, &written) != OK || written < count)
        return false;
    for (uint32_t i = 0; i < count; i++)
        lines->kept[lines->sent++ % CONTROL_DOWN_LINE_MAX] = record[i];
    if (!policy_patience_is_on(&lines->take)) {
        lines->watched = lines->sent;
        policy_patience_start(&lines->take, lines->period_ticks, rt_time_ticks());
    }
    if (ring_producer_wakes(&lines->down))
        (void)!notification_signal(cap_at(lines->bell)); /* the Notification outlives the process */
    return true;
}

static bool lines_one_send(struct lines *lines)
{
    struct control_line record[LINES_ONE_RECORDS];
    uint32_t count = 0;

    for (size_t at = 0; at < lines->line_bytes; at += CONTROL_LINE_TEXT_BYTES) {
        size_t left = lines->line_bytes - at;
        struct control_line *r = &record[count++];
        *r = (struct control_line){.kind = lines->is_log ? CONTROL_LINE_LOG : CONTROL_LINE_TEXT,
                                   .about = lines->about};
        r->length = (uint8_t)(left < sizeof r->text ? left : sizeof r->text);
        memcpy(r->text, lines->line + at, r->length);
    }
    return lines_send(lines, record, count);
}

static void lines_one_end(struct lines *lines)
{
    memcpy(lines->line + lines->line_bytes, "\r\n", 2);
    lines->line_bytes += 2;
    if (!lines->is_up || !lines_one_send(lines))
        lines_kernel_write(lines->line, lines->line_bytes);
    lines->line_bytes = 0;
}

void lines_write(struct lines *lines, const char *text, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        if (text[i] != '\n' && lines->line_bytes == sizeof lines->line - 2)
            lines_one_end(lines);
        if (lines->line_bytes == 0) {
            memcpy(lines->line, LINES_PREFIX, sizeof LINES_PREFIX - 1);
            lines->line_bytes = sizeof LINES_PREFIX - 1;
        }
        if (text[i] == '\n')
            lines_one_end(lines);
        else
            lines->line[lines->line_bytes++] = text[i];
    }
}

void lines_topic(struct lines *lines, unsigned about, bool is_log)
{
    lines->about = (uint8_t)about;
    lines->is_log = is_log;
}

bool lines_take_log(struct lines *lines)
{
    uint32_t room = 0;

    return !lines->is_up ||
           (ring_room(&lines->down, &room) == OK && room >= LINES_OWN_RECORDS + LINES_ONE_RECORDS);
}

/* ---- flushing ----------------------------------------------------------------------- */

bool lines_flush(struct lines *lines)
{
    struct control_line record = {.kind = CONTROL_LINE_FLUSH, .value = lines->flush_id + 1};

    if (!lines->is_up)
        return true;
    if (!lines_send(lines, &record, 1))
        return !lines->is_up;
    lines->flush_id++;
    lines->flush_looks = 0;
    lines->flush_progress = atomic_load_explicit(&lines->up_part->progress, memory_order_relaxed);
    policy_patience_start(&lines->flush, lines->period_ticks, rt_time_ticks());
    return true;
}

bool lines_are_flushed(const struct lines *lines)
{
    return !lines->is_up || lines->flushed_id == lines->flush_id;
}
