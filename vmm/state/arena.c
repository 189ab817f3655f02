/* SPDX-License-Identifier: BSD-2-Clause */
#include <vmm/state/arena.h>

#include <stdatomic.h>
#include <string.h>

/* Follows the bytes of each entry, because the log is read from its end. */
struct log_trailer {
    uint32_t offset; /* of the field, from the start of the arena */
    uint32_t bytes;
};

static uint64_t round_up(uint64_t value, uint64_t to)
{
    return (value + to - 1) & ~(to - 1);
}

/*
 * When a process dies, all stores before the last executed instruction have happened.  So a
 * compiler barrier is enough; one is needed before and after each store that changes the
 * meaning of others.
 */
static void write_done(const struct arena *arena)
{
    atomic_signal_fence(memory_order_seq_cst);
    if (arena->on_write)
        arena->on_write(arena->opaque);
}

static void write_word(const struct arena *arena, uint64_t *word, uint64_t value)
{
    atomic_signal_fence(memory_order_seq_cst);
    *(volatile uint64_t *)word = value;
    write_done(arena);
}

/* An entry for one 32-bit word takes 8 bytes and an 8-byte trailer: four times the word. */
#define LOG_BYTES_PER_BYTE 4u

_Static_assert(sizeof(struct log_trailer) == 8, "an entry's bytes and trailer are 8 each");

uint64_t arena_log_bytes(const struct arena_want *wants, uint32_t want_count)
{
    uint64_t bytes = ARENA_SMALL_SETS_MAX * (8 + sizeof(struct log_trailer));
    for (uint32_t i = 0; i < want_count; i++)
        bytes += LOG_BYTES_PER_BYTE * round_up(wants[i].bytes, ARENA_ALIGN);
    return bytes;
}

static uint64_t data_offset(uint64_t log_bytes)
{
    return round_up(sizeof(struct arena_header) + log_bytes, ARENA_ALIGN);
}

uint64_t arena_size_needed(const struct arena_want *wants, uint32_t want_count)
{
    uint64_t size = data_offset(arena_log_bytes(wants, want_count));
    for (uint32_t i = 0; i < want_count; i++)
        size += round_up(wants[i].bytes, ARENA_ALIGN);
    return size;
}

static void handle_set(struct arena *arena, void *memory, uint64_t size_bytes, uint64_t log_bytes)
{
    arena->header = memory;
    arena->size_bytes = size_bytes;
    arena->log_bytes = log_bytes;
    arena->data_offset = data_offset(log_bytes);
}

enum err arena_format(struct arena *arena, void *memory, uint64_t size_bytes,
                      const struct arena_want *wants, uint32_t want_count)
{
    if ((uintptr_t)memory % ARENA_ALIGN)
        return ERR_ALIGN;
    if (want_count > ARENA_SECTIONS_MAX)
        return ERR_INVALID_ARG;
    for (uint32_t i = 0; i < want_count; i++)
        if (strlen(wants[i].name) >= ARENA_NAME_BYTES)
            return ERR_INVALID_ARG;
    uint64_t needed = arena_size_needed(wants, want_count);
    if (size_bytes < needed || needed > UINT32_MAX)
        return ERR_NO_MEMORY;

    handle_set(arena, memory, size_bytes, arena_log_bytes(wants, want_count));
    struct arena_header *header = arena->header;
    write_word(arena, &header->magic, 0);
    memset(memory, 0, needed);
    header->version = ARENA_VERSION;
    header->section_count = want_count;
    header->size_bytes = size_bytes;
    header->log_bytes = arena->log_bytes;
    uint64_t offset = arena->data_offset;
    for (uint32_t i = 0; i < want_count; i++) {
        struct arena_section *section = &header->section[i];
        memcpy(section->name, wants[i].name, strlen(wants[i].name));
        section->version = wants[i].version;
        section->bytes = wants[i].bytes;
        section->offset = offset;
        offset += round_up(wants[i].bytes, ARENA_ALIGN);
    }
    write_done(arena);
    write_word(arena, &header->magic, ARENA_MAGIC);
    return OK;
}

static bool section_matches(const struct arena_section *section, const struct arena_want *want,
                            uint64_t offset)
{
    return strncmp(section->name, want->name, ARENA_NAME_BYTES) == 0 &&
           section->version == want->version && section->bytes == want->bytes &&
           section->offset == offset;
}

enum err arena_attach(struct arena *arena, void *memory, uint64_t size_bytes,
                      const struct arena_want *wants, uint32_t want_count)
{
    const struct arena_header *header = memory;

    if ((uintptr_t)memory % ARENA_ALIGN)
        return ERR_ALIGN;
    if (size_bytes < sizeof *header || header->magic != ARENA_MAGIC)
        return ERR_NOT_FOUND;
    uint64_t log_bytes = arena_log_bytes(wants, want_count);
    if (header->version != ARENA_VERSION || header->size_bytes != size_bytes ||
        header->section_count != want_count || want_count > ARENA_SECTIONS_MAX ||
        header->log_bytes != log_bytes || arena_size_needed(wants, want_count) > size_bytes)
        return ERR_FORMAT;
    uint64_t offset = data_offset(log_bytes);
    for (uint32_t i = 0; i < want_count; i++) {
        if (!section_matches(&header->section[i], &wants[i], offset))
            return ERR_FORMAT;
        offset += round_up(wants[i].bytes, ARENA_ALIGN);
    }
    handle_set(arena, memory, size_bytes, log_bytes);
    return OK;
}

void *arena_section(const struct arena *arena, uint32_t index)
{
    return (uint8_t *)arena->header + arena->header->section[index].offset;
}

/* Marks the memory as having an open transaction, before the first change. */
static void arena_open(struct arena *arena)
{
    struct arena_header *header = arena->header;

    if (!arena->is_begun)
        __builtin_trap();
    write_word(arena, &header->log_used_bytes, 0);
    write_word(arena, &header->state, header->state | ARENA_OPEN);
}

void arena_set(struct arena *arena, const void *field, size_t bytes)
{
    struct arena_header *header = arena->header;
    uint64_t offset = (uint64_t)((const uint8_t *)field - (const uint8_t *)header);

    if (!arena_is_open(arena))
        arena_open(arena);
    uint64_t used = header->log_used_bytes;
    if (offset < arena->data_offset || offset > arena->size_bytes ||
        bytes > arena->size_bytes - offset || used > arena->log_bytes || bytes > arena->log_bytes ||
        round_up(bytes, 8) + sizeof(struct log_trailer) > arena->log_bytes - used)
        __builtin_trap();

    struct log_trailer trailer = {.offset = (uint32_t)offset, .bytes = (uint32_t)bytes};
    memcpy(&header->log[used], field, bytes);
    write_done(arena);
    used += round_up(bytes, 8);
    memcpy(&header->log[used], &trailer, sizeof trailer);
    write_done(arena);
    write_word(arena, &header->log_used_bytes, used + sizeof trailer);
}

void arena_commit_draft(struct arena *arena, uint32_t hart)
{
    uint64_t state = arena->header->state & ~ARENA_OPEN;

    arena->is_begun = false;
    write_done(arena);
    write_word(arena, &arena->header->state, state ^ UINT64_C(1) << (ARENA_WHICH + hart));
}

void arena_commit(struct arena *arena, uint32_t hart, const struct exit_outcome *outcome)
{
    if (outcome) {
        *arena_outcome_draft(arena, hart) = *outcome;
        arena_commit_draft(arena, hart);
        return;
    }
    arena->is_begun = false;
    if (arena_is_open(arena))
        write_word(arena, &arena->header->state, arena->header->state & ~ARENA_OPEN);
}

/* Finds the entry that ends at `end`; its bytes begin at *start.  False: the log is not valid. */
static bool log_entry_before(const struct arena *arena, uint64_t end, uint64_t *start,
                             struct log_trailer *trailer)
{
    if (end < sizeof *trailer)
        return false;
    uint64_t at = end - sizeof *trailer;
    memcpy(trailer, &arena->header->log[at], sizeof *trailer);
    uint64_t kept = round_up(trailer->bytes, 8);
    if (kept > at || trailer->offset < arena->data_offset || trailer->offset > arena->size_bytes ||
        trailer->bytes > arena->size_bytes - trailer->offset)
        return false;
    *start = at - kept;
    return true;
}

enum err arena_rollback(struct arena *arena)
{
    struct arena_header *header = arena->header;
    struct log_trailer trailer;
    uint64_t start;

    arena->is_begun = false;
    if (!arena_is_open(arena))
        return OK;
    if (header->log_used_bytes > arena->log_bytes)
        return ERR_FORMAT;
    for (uint64_t end = header->log_used_bytes; end > 0; end = start)
        if (!log_entry_before(arena, end, &start, &trailer))
            return ERR_FORMAT;

    /* Newest first, so that a field set twice ends with its oldest bytes. */
    for (uint64_t end = header->log_used_bytes; end > 0; end = start) {
        if (!log_entry_before(arena, end, &start, &trailer))
            return ERR_FORMAT;
        memcpy((uint8_t *)header + trailer.offset, &header->log[start], trailer.bytes);
        write_done(arena);
    }
    write_word(arena, &header->state, header->state & ~ARENA_OPEN);
    return OK;
}
