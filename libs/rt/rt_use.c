/* SPDX-License-Identifier: BSD-2-Clause */
#include <rt/rt_use.h>

#include <stdio.h>
#include <string.h>

#include <manifest/options.h>

MUST_CHECK rt_memory_find(const struct start_table *table, const char *name, struct rt_memory *out)
{
    struct start_entry entry;
    enum err err = start_table_find(table, START_MEMORY, name, &entry);

    if (err == OK)
        *out = (struct rt_memory){entry.address, entry.bytes, entry.value};
    return err;
}

MUST_CHECK rt_irq_find(const struct start_table *table, const char *name, struct rt_irq *out)
{
    struct start_entry entry;
    enum err err = start_table_find(table, START_IRQ, name, &entry);

    if (err == OK)
        *out = (struct rt_irq){entry.slot, entry.value};
    return err;
}

MUST_CHECK rt_slot_find(const struct start_table *table, const char *name, uint32_t *out)
{
    struct start_entry entry;
    enum err err = start_table_find(table, START_SLOT, name, &entry);

    if (err == OK)
        *out = entry.slot;
    return err;
}

/* Writes "use.<use><dot><rest>" into `name`. */
static MUST_CHECK rt_use_name(unsigned use, const char *rest, char name[START_NAME_BYTES])
{
    const char *dot = rest[0] == 0 ? "" : ".";

    if (use >= CONTROL_USED_MAX)
        return ERR_INVALID_ARG;
    int length = snprintf(name, START_NAME_BYTES, "use.%u%s%s", use, dot, rest);
    return length < START_NAME_BYTES ? OK : ERR_INVALID_ARG;
}

/* The number of the connection whose text `what` is `text`, after `nth` others. */
static MUST_CHECK rt_use_search(const struct start_table *table, const char *what, const char *text,
                                unsigned nth, unsigned *use)
{
    for (unsigned i = 0; i < CONTROL_USED_MAX; i++) {
        char name[START_NAME_BYTES];
        const char *found;
        enum err err = rt_use_name(i, what, name);

        if (err == OK)
            err = start_table_text(table, name, &found);
        if (err == ERR_NOT_FOUND)
            continue;
        if (err != OK)
            return err;
        if (strcmp(found, text) == 0 && nth-- == 0) {
            *use = i;
            return OK;
        }
    }
    return ERR_NOT_FOUND;
}

MUST_CHECK rt_use_find(const struct start_table *table, const char *key, unsigned nth,
                       unsigned *use)
{
    return rt_use_search(table, "key", key, nth, use);
}

MUST_CHECK rt_use_find_device(const struct start_table *table, const char *device, unsigned nth,
                              unsigned *use)
{
    return rt_use_search(table, "device", device, nth, use);
}

static MUST_CHECK rt_use_entry(const struct start_table *table, unsigned use, const char *rest,
                               enum start_kind kind, struct start_entry *out)
{
    char name[START_NAME_BYTES];
    enum err err = rt_use_name(use, rest, name);

    return err == OK ? start_table_find(table, kind, name, out) : err;
}

MUST_CHECK rt_use_open(const struct start_table *table, unsigned use, struct rt_use *out)
{
    struct start_entry entry;
    enum err err = rt_use_entry(table, use, "", START_CONNECTION, &entry);

    if (err == OK)
        *out = (struct rt_use){entry.slot, entry.address, entry.bytes};
    return err;
}

MUST_CHECK rt_use_endpoint(const struct start_table *table, unsigned use, uint32_t *slot)
{
    struct start_entry entry;
    enum err err = rt_use_entry(table, use, "endpoint", START_SLOT, &entry);

    if (err == OK)
        *slot = entry.slot;
    return err;
}

MUST_CHECK rt_use_instance(const struct start_table *table, unsigned use, const char **out)
{
    char name[START_NAME_BYTES];
    enum err err = rt_use_name(use, "service", name);

    return err == OK ? start_table_text(table, name, out) : err;
}

MUST_CHECK rt_use_ring(const struct start_table *table, unsigned use, const char *ring,
                       uint32_t record_bytes, uint32_t record_count, struct rt_ring *out)
{
    char rest[START_NAME_BYTES];
    struct start_entry entry;

    if (snprintf(rest, sizeof rest, "ring.%s", ring) >= (int)sizeof rest)
        return ERR_INVALID_ARG;
    enum err err = rt_use_entry(table, use, rest, START_RING, &entry);
    if (err != OK)
        return err;
    if (entry.bytes >> 32 != record_bytes || (uint32_t)entry.bytes != record_count)
        return ERR_FORMAT;
    *out = (struct rt_ring){entry.address, entry.value, record_bytes, record_count};
    return OK;
}

/* Writes the name of an option's entry into `name`. */
static MUST_CHECK rt_option_name(unsigned use, const char *option, char name[START_NAME_BYTES])
{
    char rest[START_NAME_BYTES];

    if (use == RT_USE_OWN)
        return snprintf(name, START_NAME_BYTES, "options.%s", option) < START_NAME_BYTES
                   ? OK
                   : ERR_INVALID_ARG;
    if (snprintf(rest, sizeof rest, "option.%s", option) >= (int)sizeof rest)
        return ERR_INVALID_ARG;
    return rt_use_name(use, rest, name);
}

MUST_CHECK rt_option_number(const struct start_table *table, unsigned use, const char *option,
                            uint64_t *out)
{
    char name[START_NAME_BYTES];
    enum err err = rt_option_name(use, option, name);

    return err == OK ? start_table_number(table, name, out) : err;
}

MUST_CHECK rt_option_text(const struct start_table *table, unsigned use, const char *option,
                          const char **out)
{
    char name[START_NAME_BYTES];
    enum err err = rt_option_name(use, option, name);

    return err == OK ? start_table_text(table, name, out) : err;
}

MUST_CHECK rt_option_bytes(const struct start_table *table, unsigned use, const char *option,
                           uint8_t *out, size_t bytes)
{
    char name[START_NAME_BYTES];
    const void *data;
    size_t found;
    enum err err = rt_option_name(use, option, name);

    if (err == OK)
        err = start_table_data(table, name, &data, &found);
    if (err != OK)
        return err;
    if (found != bytes)
        return ERR_FORMAT;
    memcpy(out, data, bytes);
    return OK;
}

MUST_CHECK rt_option_choice(const struct start_table *table, unsigned use, const char *option,
                            const char *const *words, unsigned count, unsigned *out)
{
    const char *text;
    enum err err = rt_option_text(table, use, option, &text);

    return err == OK ? options_word(words, count, text, out) : err;
}
