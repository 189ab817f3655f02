/* SPDX-License-Identifier: BSD-2-Clause */
#include <rt/rt_start_table.h>

#include <stdbool.h>
#include <string.h>

MUST_CHECK start_table_open(const void *record, size_t most, struct start_table *out)
{
    struct process_start head;

    if (most < sizeof head || (uintptr_t)record % _Alignof(struct start_entry) != 0)
        return ERR_FORMAT;
    memcpy(&head, record, sizeof head);
    if (head.magic != PROCESS_START_MAGIC)
        return ERR_FORMAT;
    if (head.version != PROCESS_START_VERSION)
        return ERR_NOT_SUPPORTED;
    if (head.bytes < sizeof head || head.bytes > most || head.entry_offset % 8 != 0 ||
        head.entry_offset > head.bytes ||
        head.entry_count > (head.bytes - head.entry_offset) / sizeof(struct start_entry))
        return ERR_FORMAT;
    *out = (struct start_table){record, head.bytes, head.entry_offset, head.entry_count};
    return OK;
}

/* Is what the entry says about the record's own bytes true? */
static bool table_entry_is_good(const struct start_table *table, const struct start_entry *entry)
{
    if (entry->kind != START_TEXT && entry->kind != START_DATA)
        return true;
    if (entry->address > table->bytes || entry->bytes > table->bytes - entry->address)
        return false;
    return entry->kind == START_DATA ||
           (entry->bytes > 0 && table->record[entry->address + entry->bytes - 1] == 0);
}

MUST_CHECK start_table_at(const struct start_table *table, uint32_t index, struct start_entry *out)
{
    struct start_entry entry;

    if (index >= table->entry_count)
        return ERR_NOT_FOUND;
    memcpy(&entry, table->record + table->entry_offset + index * sizeof entry, sizeof entry);
    if (memchr(entry.name, 0, sizeof entry.name) == NULL || !table_entry_is_good(table, &entry))
        return ERR_FORMAT;
    *out = entry;
    return OK;
}

MUST_CHECK start_table_find(const struct start_table *table, enum start_kind kind, const char *name,
                            struct start_entry *out)
{
    for (uint32_t i = 0; i < table->entry_count; i++) {
        const uint8_t *at = table->record + table->entry_offset + i * sizeof(struct start_entry);
        struct start_entry entry;
        memcpy(&entry, at, sizeof entry);
        if (entry.kind == (uint32_t)kind && strncmp(entry.name, name, sizeof entry.name) == 0)
            return start_table_at(table, i, out);
    }
    return ERR_NOT_FOUND;
}

MUST_CHECK start_table_text(const struct start_table *table, const char *name, const char **out)
{
    struct start_entry entry;

    enum err err = start_table_find(table, START_TEXT, name, &entry);
    if (err == OK)
        *out = (const char *)table->record + entry.address;
    return err;
}

MUST_CHECK start_table_number(const struct start_table *table, const char *name, uint64_t *out)
{
    struct start_entry entry;

    enum err err = start_table_find(table, START_NUMBER, name, &entry);
    if (err == OK)
        *out = entry.value;
    return err;
}

MUST_CHECK start_table_data(const struct start_table *table, const char *name, const void **out,
                            size_t *bytes)
{
    struct start_entry entry;

    enum err err = start_table_find(table, START_DATA, name, &entry);
    if (err != OK)
        return err;
    *out = table->record + entry.address;
    *bytes = entry.bytes;
    return OK;
}
