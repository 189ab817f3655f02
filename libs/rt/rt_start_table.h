/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Looks up entries of a start record (proto/process_start.h).
 *
 * The record may hold anything: no call reads outside of it, and every text that a call
 * returns ends inside of it.  Names are case-sensitive, and a name that is too long is
 * not found.
 */
#ifndef RT_RT_START_TABLE_H
#define RT_RT_START_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include <base/err.h>
#include <proto/process_start.h>

/* A record that start_table_open() has checked.  It must stay in place. */
struct start_table {
    const uint8_t *record;
    uint32_t bytes;
    uint32_t entry_offset;
    uint32_t entry_count;
};

/*
 * Checks the head of a record of which `most` bytes can be read.
 *   ERR_FORMAT         no start record, or one that is not whole
 *   ERR_NOT_SUPPORTED  another version
 */
MUST_CHECK start_table_open(const void *record, size_t most, struct start_table *out);

/*
 * The entry with this kind and name, copied to *out.
 *   ERR_NOT_FOUND  there is none
 *   ERR_FORMAT     the text or data of the entry lies outside of the record, or a text has no end
 */
MUST_CHECK start_table_find(const struct start_table *table, enum start_kind kind, const char *name,
                            struct start_entry *out);

/* The entry with number `index`, of any kind.  ERR_NOT_FOUND: there are fewer.  ERR_FORMAT: as
 * above, or a name without an end. */
MUST_CHECK start_table_at(const struct start_table *table, uint32_t index, struct start_entry *out);

/* One part of what start_table_find() finds, and the same errors.  *out is untouched on failure. */
MUST_CHECK start_table_text(const struct start_table *table, const char *name, const char **out);
MUST_CHECK start_table_number(const struct start_table *table, const char *name, uint64_t *out);
MUST_CHECK start_table_data(const struct start_table *table, const char *name, const void **out,
                            size_t *bytes);

/* The table of this process's own record (rt_process.c). */
const struct start_table *rt_start_table(void);

/* start_table_find() in this process's own record. */
MUST_CHECK rt_entry_find(enum start_kind kind, const char *name, struct start_entry *out);

#endif
