/* SPDX-License-Identifier: BSD-2-Clause */
#include <rootserver/link.h>

#include <string.h>

#include <rt/bootinfo.h>
#include <rt/calls.h>
#include <rt/rt.h>

#define KLOG_BYTES 40

_Static_assert(LINK_OWN_RECORDS + LINK_LINE_RECORDS < CONSOLE_CONTROL_DOWN_RECORDS,
               "lines of processes fit too");

static void link_levels_store(struct link *link)
{
    for (unsigned i = 0; i < CLIENTS_MAX; i++)
        atomic_store_explicit(&link->levels->guest[i], link->state[i], memory_order_release);
}

MUST_CHECK link_up(struct link *link, void *control, uint32_t bell)
{
    uint8_t *base = control;
    struct ring_shared *down = (struct ring_shared *)(base + CONSOLE_CONTROL_DOWN_SHARED);
    struct ring_shared *up = (struct ring_shared *)(base + CONSOLE_CONTROL_UP_SHARED);

    /* Clears the indices of the previous service. */
    memset(down, 0, sizeof *down);
    memset(up, 0, sizeof *up);
    enum err err =
        ring_producer_attach(&link->down, down, base + CONSOLE_CONTROL_DOWN_DATA,
                             CONSOLE_CONTROL_DOWN_RECORDS, sizeof(struct console_record));
    if (err == OK)
        err = ring_consumer_attach(&link->up, up, base + CONSOLE_CONTROL_UP_DATA,
                                   CONSOLE_CONTROL_UP_RECORDS, sizeof(struct console_record));
    if (err != OK)
        return err;
    link->levels = (struct console_levels *)(base + CONSOLE_CONTROL_LEVELS);
    link->progress = (const struct console_progress *)(base + CONSOLE_CONTROL_PROGRESS);
    link->bell = bell;
    link->sent = link->taken = 0;
    link->look_ticks = LINK_NEVER;
    link->fault = NULL;
    link->is_up = true;
    link_levels_store(link);
    return OK;
}

static void link_ring_bell(const struct link *link)
{
    (void)!notification_signal(cap_at(link->bell)); /* supervise.c notices the service's end */
}

static void link_kernel_write(const char *text, size_t bytes)
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

/* Writes the records that the service did not take, from the root server's private copy. */
void link_down(struct link *link)
{
    if (!link->is_up)
        return;
    link->is_up = false;
    link->look_ticks = LINK_NEVER;
    link_kernel_write("\r\n", 2); /* the terminal may be in the middle of a line */
    for (; link->taken != link->sent; link->taken++) {
        const struct console_record *r = &link->kept[link->taken % CONSOLE_CONTROL_DOWN_RECORDS];
        if (r->kind != CONSOLE_RECORD_FLUSH)
            link_kernel_write(r->text, r->length);
    }
}

static void link_fail(struct link *link, const char *why)
{
    link->fault = why;
    link_down(link);
}

/* ---- watching the service ----------------------------------------------------------- */

static uint64_t link_look_step(void)
{
    return rt_timebase_hz() / CONSOLE_LOOKS_A_SECOND;
}

/* Gets how many records fit, and updates `taken`.  False: the ring's indices are invalid. */
static bool link_room(struct link *link, uint32_t *room)
{
    if (ring_room(&link->down, room) != OK) {
        link_fail(link, "broke its ring");
        return false;
    }
    link->taken = link->sent - (CONSOLE_CONTROL_DOWN_RECORDS - *room);
    return true;
}

static void link_collect(struct link *link)
{
    struct console_record record;
    uint32_t got = 0;

    for (unsigned i = 0; i < CONSOLE_CONTROL_UP_RECORDS; i++) {
        if (ring_read(&link->up, &record, 1, &got) != OK) {
            link_fail(link, "broke its ring");
            return;
        }
        if (got == 0)
            return;
        if (record.kind == CONSOLE_RECORD_FLUSHED)
            link->flushed_id = record.value;
    }
}

/* From now on, the service must take the records that are in the ring in time. */
static void link_watch(struct link *link)
{
    link->watched = link->sent;
    link->looks = 0;
    link->look_ticks = rt_time_ticks() + link_look_step();
}

void link_look(struct link *link)
{
    uint32_t room = 0;

    if (!link->is_up || link->look_ticks == LINK_NEVER || rt_time_ticks() < link->look_ticks)
        return;
    link_collect(link);
    if (!link->is_up || !link_room(link, &room))
        return;
    if (link->taken == link->sent) {
        link->look_ticks = LINK_NEVER;
    } else if ((int32_t)(link->taken - link->watched) >= 0) {
        link_watch(link);
    } else if (++link->looks == CONSOLE_PATIENCE_LOOKS) {
        link_fail(link, "does not read what it is sent");
    } else {
        link->look_ticks = rt_time_ticks() + link_look_step();
    }
}

uint64_t link_deadline(const struct link *link)
{
    return link->look_ticks;
}

/* ---- writing ------------------------------------------------------------------------ */

/* Publishes all of the records or none of them. */
static bool link_send(struct link *link, const struct console_record *record, uint32_t count)
{
    uint32_t room = 0, written = 0;

    if (!link_room(link, &room) || room < count ||
        ring_write(&link->down, record, count, &written) != OK || written < count)
        return false;
    for (uint32_t i = 0; i < count; i++)
        link->kept[link->sent++ % CONSOLE_CONTROL_DOWN_RECORDS] = record[i];
    if (link->look_ticks == LINK_NEVER)
        link_watch(link);
    if (ring_producer_wakes(&link->down))
        link_ring_bell(link);
    return true;
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

/* ---- flushing ----------------------------------------------------------------------- */

/* Waits for the answer, at most until the next look. */
static void link_flush_wait(struct link *link, uint32_t notification, uint64_t until_ticks)
{
    uint64_t bits;

    if (ring_consumer_sleep(&link->up))
        (void)!notification_wait(cap_at(notification), until_ticks, &bits);
}

/* True when the service answered the flush; false when it made no progress for too long. */
static bool link_flush_answered(struct link *link, uint32_t notification)
{
    uint32_t shown = atomic_load_explicit(&link->progress->shown, memory_order_relaxed);
    unsigned idle = 0;

    for (unsigned looks = 0; looks < CONSOLE_FLUSH_LOOKS && idle < CONSOLE_PATIENCE_LOOKS;
         looks++) {
        uint64_t until = rt_time_ticks() + link_look_step();
        do {
            link_flush_wait(link, notification, until);
            link_collect(link);
            if (!link->is_up || link->flushed_id == link->flush_id)
                return link->is_up;
        } while (rt_time_ticks() < until);
        uint32_t now = atomic_load_explicit(&link->progress->shown, memory_order_relaxed);
        idle = now == shown ? idle + 1 : 0;
        shown = now;
    }
    return false;
}

MUST_CHECK link_flush(struct link *link, uint32_t notification)
{
    struct console_record record = {.kind = CONSOLE_RECORD_FLUSH, .value = ++link->flush_id};

    if (!link->is_up)
        return OK;
    if (link_send(link, &record, 1) && link_flush_answered(link, notification))
        return OK;
    if (link->is_up)
        link_fail(link, "does not answer");
    return ERR_PEER_DIED;
}
