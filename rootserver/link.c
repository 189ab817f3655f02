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
    struct link l = {.is_up = true, .is_mid_line = link->is_mid_line, .bell = bell};

    enum err err = ring_producer_attach(
        &l.down, (struct ring_shared *)(base + CONSOLE_CONTROL_DOWN_SHARED),
        base + CONSOLE_CONTROL_DOWN_DATA, CONSOLE_CONTROL_RECORDS, sizeof(struct console_record));
    if (err == OK)
        err = ring_consumer_attach(&l.up,
                                   (struct ring_shared *)(base + CONSOLE_CONTROL_UP_SHARED),
                                   base + CONSOLE_CONTROL_UP_DATA, CONSOLE_CONTROL_RECORDS,
                                   sizeof(struct console_record));
    if (err == OK)
        *link = l;
    return err;
}

void link_down(struct link *link)
{
    link->is_up = false;
}

static bool send(struct link *link, const struct console_record *record)
{
    uint32_t written = 0;

    if (ring_write(&link->down, record, 1, &written) != OK || written == 0)
        return false;
    if (ring_producer_wakes(&link->down) && notification_signal(cap_at(link->bell)) != OK)
        link_down(link);
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

static void write_raw(struct link *link, const char *text, size_t bytes)
{
    if (!link->is_up) {
        write_kernel(text, bytes);
        return;
    }
    while (bytes > 0) {
        struct console_record record = {.kind = CONSOLE_RECORD_LOG};
        size_t part = bytes < sizeof record.text ? bytes : sizeof record.text;
        record.length = (uint8_t)part;
        memcpy(record.text, text, part);
        if (!send(link, &record)) {
            link->lost += bytes;
            return;
        }
        text += part;
        bytes -= part;
    }
}

void link_write(struct link *link, const char *text, size_t bytes)
{
    while (bytes > 0) {
        const char *end = memchr(text, '\n', bytes);
        size_t line = end != NULL ? (size_t)(end - text) : bytes;
        if (!link->is_mid_line)
            write_raw(link, LINK_PREFIX, sizeof LINK_PREFIX - 1);
        write_raw(link, text, line);
        link->is_mid_line = end == NULL;
        if (end != NULL) {
            write_raw(link, "\r\n", 2);
            line++;
        }
        text += line;
        bytes -= line;
    }
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
