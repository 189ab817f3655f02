/* SPDX-License-Identifier: BSD-2-Clause */
#include <rootserver/link.h>

#include <string.h>

#include <rt/bootinfo.h>
#include <rt/calls.h>
#include <rt/rt.h>

#define KLOG_BYTES 40

MUST_CHECK link_up(struct link *link, void *control, uint32_t bell)
{
    uint8_t *base = control;
    struct link l = {
        .is_up = true,
        .is_mid_line = link->is_mid_line,
        .bell = bell,
        .text.kind = CONSOLE_RECORD_LOG,
        .down_shared = (struct ring_shared *)(base + CONSOLE_CONTROL_DOWN_SHARED),
        .down_data = base + CONSOLE_CONTROL_DOWN_DATA,
    };

    enum err err =
        ring_producer_attach(&l.down, l.down_shared, l.down_data, CONSOLE_CONTROL_DOWN_RECORDS,
                             sizeof(struct console_record));
    if (err == OK)
        err = ring_consumer_attach(&l.up, (struct ring_shared *)(base + CONSOLE_CONTROL_UP_SHARED),
                                   base + CONSOLE_CONTROL_UP_DATA, CONSOLE_CONTROL_UP_RECORDS,
                                   sizeof(struct console_record));
    if (err == OK)
        *link = l;
    return err;
}

static bool send(struct link *link, const struct console_record *record)
{
    uint32_t written = 0;

    if (ring_write(&link->down, record, 1, &written) != OK || written == 0)
        return false;
    if (ring_producer_wakes(&link->down))
        (void)!notification_signal(cap_at(link->bell)); /* its end is noticed elsewhere */
    return true;
}

static void write_kernel(const char *text, size_t bytes)
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
    write_kernel("\r\n", 2); /* whatever stood on the terminal's line */
    if (ring_consumer_attach(&rest, link->down_shared, link->down_data,
                             CONSOLE_CONTROL_DOWN_RECORDS, sizeof record) != OK)
        return;
    while (ring_read(&rest, &record, 1, &got) == OK && got == 1) {
        if (record.kind == CONSOLE_RECORD_LOG && record.length <= sizeof record.text)
            write_kernel(record.text, record.length);
    }
}

/* Hands over the text gathered so far. */
static void hand_over(struct link *link)
{
    if (link->is_up && link->text.length > 0 && !send(link, &link->text))
        link->lost += link->text.length;
    if (!link->is_up)
        write_kernel(link->text.text, link->text.length);
    link->text.length = 0;
}

static void gather(struct link *link, const char *text, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        if (link->text.length == sizeof link->text.text)
            hand_over(link);
        link->text.text[link->text.length++] = text[i];
    }
}

void link_write(struct link *link, const char *text, size_t bytes)
{
    while (bytes > 0) {
        const char *end = memchr(text, '\n', bytes);
        size_t line = end != NULL ? (size_t)(end - text) : bytes;
        if (!link->is_mid_line)
            gather(link, LINK_PREFIX, sizeof LINK_PREFIX - 1);
        gather(link, text, line);
        link->is_mid_line = end == NULL;
        if (end != NULL) {
            gather(link, "\r\n", 2);
            line++;
        }
        text += line;
        bytes -= line;
    }
    hand_over(link);
}

void link_state(struct link *link, unsigned client, enum console_state state)
{
    struct console_record record = {
        .kind = CONSOLE_RECORD_STATE, .client = (uint8_t)client, .value = state};

    if (link->is_up && !send(link, &record))
        link->lost += sizeof record;
}

static void collect(struct link *link)
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

    if (!link->is_up || !send(link, &record))
        return;
    for (;;) {
        collect(link);
        if (link->flushed_id == link->flush_id)
            return;
        if (ring_consumer_sleep(&link->up) &&
            notification_wait(cap_at(notification), deadline, &bits) != OK)
            return;
        if (rt_time_ticks() >= deadline)
            return;
    }
}
