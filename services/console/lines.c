/* SPDX-License-Identifier: BSD-2-Clause */
#include <services/console/lines.h>

#include <stdio.h>
#include <string.h>

_Static_assert(sizeof(struct lines_head) == 16, "no holes");

static void lines_copy_in(struct lines *lines, const void *from, size_t bytes)
{
    const uint8_t *p = from;

    for (size_t i = 0; i < bytes; i++)
        lines->queue[lines->in++ % LINES_BYTES] = p[i];
}

static void lines_copy_out(const struct lines *lines, uint32_t at, void *to, size_t bytes)
{
    uint8_t *p = to;

    for (size_t i = 0; i < bytes; i++)
        p[i] = lines->queue[(at + i) % LINES_BYTES];
}

static bool lines_put(struct lines *lines, const struct lines_head *head, const char *text)
{
    uint32_t room = LINES_BYTES - (lines->in - lines->out);
    uint32_t needed = (uint32_t)sizeof *head + head->length;

    if (room < needed + (head->is_log ? LINES_OWN_BYTES : 0))
        return false;
    lines_copy_in(lines, head, sizeof *head);
    lines_copy_in(lines, text, head->length);
    return true;
}

/* Queues a line with the count of dropped lines, once lines of processes find room again. */
static void lines_report_dropped(struct lines *lines)
{
    struct lines_head head = {.is_log = true};
    char text[80];

    if (lines->dropped == 0)
        return;
    head.length = (uint16_t)snprintf(text, sizeof text, "warren: (%u lines dropped)\r\n",
                                     (unsigned)lines->dropped);
    if (lines_put(lines, &head, text))
        lines->dropped = 0;
}

bool lines_add(struct lines *lines, const struct control_line *record)
{
    size_t length = record->length < sizeof record->text ? record->length : sizeof record->text;
    struct lines_head *head = &lines->begun_head;

    if (length == 0)
        return false;
    if (head->length == 0) {
        head->about = record->about <= CONTROL_CONNECTIONS_MAX ? record->about : 0;
        head->is_log = record->kind == CONTROL_LINE_LOG;
    }
    memcpy(lines->begun + head->length, record->text, length);
    head->length = (uint16_t)(head->length + length);
    if (lines->begun[head->length - 1] != '\n' &&
        head->length + sizeof record->text + 2 > sizeof lines->begun) {
        memcpy(lines->begun + head->length, "\r\n", 2);
        head->length = (uint16_t)(head->length + 2);
    }
    return lines->begun[head->length - 1] == '\n';
}

void lines_end(struct lines *lines, uint64_t after)
{
    struct lines_head *head = &lines->begun_head;

    head->after = after;
    lines_report_dropped(lines);
    if (!lines_put(lines, head, lines->begun))
        lines->dropped++;
    head->length = 0;
}

unsigned lines_about(const struct lines *lines)
{
    return lines->begun_head.about;
}

bool lines_first(const struct lines *lines, struct lines_head *head)
{
    if (lines->in == lines->out)
        return false;
    lines_copy_out(lines, lines->out, head, sizeof *head);
    return true;
}

void lines_take(struct lines *lines, char *text)
{
    struct lines_head head;

    if (!lines_first(lines, &head))
        return;
    lines_copy_out(lines, lines->out + (uint32_t)sizeof head, text, head.length);
    lines->out += (uint32_t)sizeof head + head.length;
}
