/* SPDX-License-Identifier: BSD-2-Clause */
#include <rootserver/link.h>

#include <string.h>

#include <rt/bootinfo.h>
#include <rt/calls.h>
#include <rt/rt.h>

#define KLOG_BYTES 40

_Static_assert(LINK_OWN_RECORDS + LINK_LINE_RECORDS < CONSOLE_CONTROL_DOWN_RECORDS,
               "processes' lines find room too");

static void link_levels_store(struct link *link)
{
    for (unsigned i = 0; i < CONSOLE_CLIENTS_MOST; i++)
        atomic_store_explicit(&link->levels->guest[i], link->state[i], memory_order_release);
}

MUST_CHECK link_up(struct link *link, void *control, uint32_t bell)
{
    uint8_t *base = control;
    struct link l = *link;

    l.is_up = true;
    l.bell = bell;
    l.down_shared = (struct ring_shared *)(base + CONSOLE_CONTROL_DOWN_SHARED);
    l.down_data = base + CONSOLE_CONTROL_DOWN_DATA;
    l.levels = (struct console_levels *)(base + CONSOLE_CONTROL_LEVELS);
    enum err err =
        ring_producer_attach(&l.down, l.down_shared, l.down_data, CONSOLE_CONTROL_DOWN_RECORDS,
                             sizeof(struct console_record));
    if (err == OK)
        err = ring_consumer_attach(&l.up, (struct ring_shared *)(base + CONSOLE_CONTROL_UP_SHARED),
                                   base + CONSOLE_CONTROL_UP_DATA, CONSOLE_CONTROL_UP_RECORDS,
                                   sizeof(struct console_record));
    if (err != OK)
        return err;
    *link = l;
    link_levels_store(link);
    return OK;
}

static void link_ring_bell(const struct link *link)
{
    (void)!notification_signal(cap_at(link->bell)); /* the service's end is noticed elsewhere */
}

/* Publishes all of the records or none of them. */
static bool link_send(struct link *link, const struct console_record *record, uint32_t count)
{
    uint32_t room = 0, written = 0;

    if (ring_room(&link->down, &room) != OK || room < count ||
        ring_write(&link->down, record, count, &written) != OK || written < count)
        return false;
    if (ring_producer_wakes(&link->down))
        link_ring_bell(link);
    return true;
}

static void link_kernel_write(const char *text, size_t bytes)
{
    while (bytes > 0) {
        size_t part = bytes < KLOG_BYTES ? bytes : KLOG_BYTES;
        uint64_t w[5] = {0};
        memcpy(w, text, part);
        if (klog_write(cap_at(BOOT_SLOT_KLOG), part, w[0], w[1], w[2], w[3], w[4]) != OK)
            return; /* there is nothing left to say it to */
        text += part;
        bytes -= part;
    }
}

/* What the dead service never read is taken out of the ring again. */
void link_down(struct link *link)
{
    struct ring_consumer rest;
    struct console_record record;
    uint32_t got;

    if (!link->is_up)
        return;
    link->is_up = false;
    link_kernel_write("\r\n", 2); /* whatever stood on the terminal's line */
    if (ring_consumer_attach(&rest, link->down_shared, link->down_data,
                             CONSOLE_CONTROL_DOWN_RECORDS, sizeof record) != OK)
        return;
    while (ring_read(&rest, &record, 1, &got) == OK && got == 1) {
        if ((record.kind == CONSOLE_RECORD_TEXT || record.kind == CONSOLE_RECORD_LOG) &&
            record.length <= sizeof record.text)
            link_kernel_write(record.text, record.length);
    }
}

static bool link_send_line(struct link *link)
{
    struct console_record record[LINK_LINE_RECORDS];
    uint32_t count = 0;

    for (size_t at = 0; at < link->line_bytes; at += CONSOLE_RECORD_TEXT_BYTES) {
        size_t left = link->line_bytes - at;
        struct console_record *r = &record[count++];
        *r = (struct console_record){
            .kind = link->is_log ? CONSOLE_RECORD_LOG : CONSOLE_RECORD_TEXT, .about = link->about};
        r->length = (uint8_t)(left < sizeof r->text ? left : sizeof r->text);
        memcpy(r->text, link->line + at, r->length);
    }
    return link_send(link, record, count);
}

static void link_line_end(struct link *link)
{
    memcpy(link->line + link->line_bytes, "\r\n", 2);
    link->line_bytes += 2;
    if (!link->is_up || !link_send_line(link))
        link_kernel_write(link->line, link->line_bytes);
    link->line_bytes = 0;
}

void link_write(struct link *link, const char *text, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        if (text[i] != '\n' && link->line_bytes == sizeof link->line - 2)
            link_line_end(link);
        if (link->line_bytes == 0) {
            memcpy(link->line, LINK_PREFIX, sizeof LINK_PREFIX - 1);
            link->line_bytes = sizeof LINK_PREFIX - 1;
        }
        if (text[i] == '\n')
            link_line_end(link);
        else
            link->line[link->line_bytes++] = text[i];
    }
}

void link_topic(struct link *link, unsigned about, bool is_log)
{
    link->about = (uint8_t)about;
    link->is_log = is_log;
}

bool link_takes_log(struct link *link)
{
    uint32_t room = 0;

    return !link->is_up ||
           (ring_room(&link->down, &room) == OK && room >= LINK_OWN_RECORDS + LINK_LINE_RECORDS);
}

void link_state(struct link *link, unsigned client, enum console_state state)
{
    link->state[client] = state;
    if (!link->is_up)
        return;
    atomic_store_explicit(&link->levels->guest[client], state, memory_order_release);
    link_ring_bell(link);
}

static void link_collect(struct link *link)
{
    struct console_record record;
    uint32_t got;

    while (ring_read(&link->up, &record, 1, &got) == OK && got == 1) {
        if (record.kind == CONSOLE_RECORD_FLUSHED)
            link->flushed_id = record.value;
    }
}

void link_flush(struct link *link, uint32_t notification, uint64_t ticks)
{
    struct console_record record = {.kind = CONSOLE_RECORD_FLUSH, .value = ++link->flush_id};
    uint64_t deadline = rt_time_ticks() + ticks, bits;

    if (!link->is_up || !link_send(link, &record, 1))
        return;
    for (;;) {
        link_collect(link);
        if (link->flushed_id == link->flush_id)
            return;
        if (ring_consumer_sleep(&link->up) &&
            notification_wait(cap_at(notification), deadline, &bits) != OK)
            return;
        if (rt_time_ticks() >= deadline)
            return;
    }
}
