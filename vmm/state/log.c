/* SPDX-License-Identifier: BSD-2-Clause */
#include <vmm/state/log.h>

#include <string.h>

/* Fields of any type are kept and restored as words, so these two copy bytes. */
static uint64_t log_word_load(const uint8_t *at)
{
    uint64_t word;

    memcpy(&word, __builtin_assume_aligned(at, LOG_WORD_BYTES), sizeof word);
    return word;
}

static void log_word_store(uint8_t *at, uint64_t word)
{
    memcpy(__builtin_assume_aligned(at, LOG_WORD_BYTES), &word, sizeof word);
}

void log_set(struct log *log, const void *field, size_t bytes)
{
    uint64_t offset = (uint64_t)((const uint8_t *)field - log->base), last = offset + bytes;
    uint64_t commit = log->area->commit, count = commit & LOG_COUNT_MASK;

    if (offset < log->first || last > log->end || last < offset)
        __builtin_trap();
    for (uint64_t at = offset & ~UINT64_C(7); at < last; at += LOG_WORD_BYTES, commit++) {
        if (count >= log->limit)
            __builtin_trap();
        log->area->entry[count++] = (struct log_entry){at, log_word_load(log->base + at)};
    }
    log_commit_store(log, commit);
}

void log_commit(struct log *log)
{
    log->limit = 0;
    if (log_is_open(log))
        log_commit_store(log, log->area->commit & ~LOG_COUNT_MASK);
}

static bool log_entry_is_valid(const struct log *log, const struct log_entry *entry)
{
    return entry->offset % LOG_WORD_BYTES == 0 && entry->offset >= log->first &&
           entry->offset < log->end;
}

MUST_CHECK log_rollback(struct log *log)
{
    uint64_t count = log->area->commit & LOG_COUNT_MASK;

    log->limit = 0;
    if (count > log->capacity)
        return ERR_FORMAT;
    for (uint64_t i = 0; i < count; i++)
        if (!log_entry_is_valid(log, &log->area->entry[i]))
            return ERR_FORMAT;
    /* Newest first, so that a word that was kept twice ends with its oldest value. */
    for (uint64_t i = count; i-- > 0;)
        log_word_store(log->base + log->area->entry[i].offset, log->area->entry[i].word);
    log_commit(log);
    return OK;
}
