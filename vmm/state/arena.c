/* SPDX-License-Identifier: BSD-2-Clause */
#include <vmm/state/arena.h>

#include <stdatomic.h>
#include <string.h>

_Static_assert(sizeof(struct arena_root) == ARENA_ALIGN &&
                   sizeof(struct arena_header) % ARENA_ALIGN == 0,
               "header and logs are aligned");

#define BANK_FIRST sizeof(struct arena_root)

static uint64_t bank_second(uint64_t size_bytes)
{
    return size_bytes / 2 & ~(uint64_t)(ARENA_ALIGN - 1);
}

static uint64_t arena_round_up(uint64_t value)
{
    return (value + ARENA_ALIGN - 1) & ~(uint64_t)(ARENA_ALIGN - 1);
}

uint64_t arena_log_bytes(const struct arena_shape *shape)
{
    uint64_t entries = ARENA_SMALL_SETS_MAX;

    for (uint32_t i = 0; i < shape->want_count; i++)
        entries += arena_round_up(shape->wants[i].bytes) / sizeof(uint32_t);
    return sizeof(struct log_area) + entries * sizeof(struct log_entry);
}

static uint64_t arena_data_offset(uint64_t bank, const struct arena_shape *shape)
{
    return bank + sizeof(struct arena_header) + shape->log_count * arena_log_bytes(shape);
}

/* The end of the sections of all writers up to `last`. */
static uint64_t arena_sections_end(uint64_t bank, const struct arena_shape *shape,
                                   enum arena_writer last)
{
    uint64_t end = arena_data_offset(bank, shape);
    for (uint32_t i = 0; i < shape->want_count; i++)
        if (shape->wants[i].writer <= last)
            end += arena_round_up(shape->wants[i].bytes);
    return end;
}

uint64_t arena_size_needed(const struct arena_shape *shape)
{
    return arena_sections_end(BANK_FIRST, shape, ARENA_WRITER_QUEUE);
}

static void arena_handle_set(struct arena *arena, void *memory, uint64_t size_bytes, uint64_t bank,
                             const struct arena_shape *shape)
{
    arena->root = memory;
    arena->header = (void *)((uint8_t *)memory + bank);
    arena->size_bytes = size_bytes;
    arena->bank = bank;
    arena->log_bytes = arena_log_bytes(shape);
    arena->log_count = shape->log_count;
    arena->data_offset = arena_data_offset(bank, shape);
    arena->queue_offset = arena_sections_end(bank, shape, ARENA_WRITER_VCPU);
    arena->data_end = arena_sections_end(bank, shape, ARENA_WRITER_QUEUE);
}

static MUST_CHECK arena_shape_check(const struct arena_shape *shape)
{
    if (shape->want_count > ARENA_SECTIONS_MAX || shape->log_count == 0 ||
        shape->log_count > ARENA_LOGS_MAX)
        return ERR_INVALID_ARG;
    for (uint32_t i = 0; i < shape->want_count; i++)
        if (strlen(shape->wants[i].name) >= ARENA_NAME_BYTES ||
            (i > 0 && shape->wants[i].writer < shape->wants[i - 1].writer))
            return ERR_INVALID_ARG;
    return OK;
}

static void arena_sections_describe(struct arena *arena, const struct arena_shape *shape)
{
    uint64_t offset = arena->data_offset;

    for (uint32_t i = 0; i < shape->want_count; i++) {
        struct arena_section *section = &arena->header->section[i];
        memcpy(section->name, shape->wants[i].name, strlen(shape->wants[i].name));
        section->version = shape->wants[i].version;
        section->bytes = shape->wants[i].bytes;
        section->offset = offset;
        offset += arena_round_up(shape->wants[i].bytes);
    }
}

/* A compiler barrier on both sides is enough: see log_commit_store(). */
static void arena_root_store(uint64_t *word, uint64_t value)
{
    atomic_signal_fence(memory_order_seq_cst);
    *(volatile uint64_t *)word = value;
    atomic_signal_fence(memory_order_seq_cst);
}

/* Everything but the root. */
static void arena_bank_format(struct arena *arena, const struct arena_shape *shape)
{
    struct arena_header *header = arena->header;

    memset(header, 0, arena->data_end - arena->bank);
    header->version = ARENA_VERSION;
    header->section_count = shape->want_count;
    header->log_count = shape->log_count;
    header->size_bytes = arena->size_bytes;
    header->log_bytes = arena->log_bytes;
    arena_sections_describe(arena, shape);
}

enum err arena_format(struct arena *arena, void *memory, uint64_t size_bytes,
                      const struct arena_shape *shape)
{
    if ((uintptr_t)memory % ARENA_ALIGN)
        return ERR_ALIGN;
    enum err err = arena_shape_check(shape);
    if (err)
        return err;
    uint64_t needed = arena_size_needed(shape);
    if (size_bytes < needed || needed > UINT32_MAX)
        return ERR_NO_MEMORY;

    arena_handle_set(arena, memory, size_bytes, BANK_FIRST, shape);
    arena_root_store(&arena->root->magic, 0);
    arena_bank_format(arena, shape);
    arena_root_store(&arena->root->bank, BANK_FIRST);
    arena_root_store(&arena->root->magic, ARENA_MAGIC);
    return OK;
}

enum err arena_format_beside(const struct arena *old, struct arena *fresh,
                             const struct arena_shape *shape)
{
    uint64_t second = bank_second(old->size_bytes);
    bool is_up = old->bank == BANK_FIRST;

    enum err err = arena_shape_check(shape);
    if (err)
        return err;
    uint64_t bytes = arena_size_needed(shape) - BANK_FIRST;
    if (is_up ? old->data_end > second || bytes > old->size_bytes - second
              : bytes > second - BANK_FIRST)
        return ERR_NO_MEMORY;
    arena_handle_set(fresh, old->root, old->size_bytes, is_up ? second : BANK_FIRST, shape);
    arena_bank_format(fresh, shape);
    return OK;
}

void arena_switch(struct arena *fresh)
{
    arena_root_store(&fresh->root->bank, fresh->bank);
}

static bool arena_section_matches(const struct arena_section *section,
                                  const struct arena_want *want, uint64_t offset)
{
    return strncmp(section->name, want->name, ARENA_NAME_BYTES) == 0 &&
           section->version == want->version && section->bytes == want->bytes &&
           section->offset == offset;
}

/* Finds the header that the root names.  Errors: as arena_shape_read(). */
static MUST_CHECK arena_header_find(const void *memory, uint64_t size_bytes, uint64_t *bank,
                                    const struct arena_header **out)
{
    const struct arena_root *root = memory;

    if (size_bytes < sizeof *root || root->magic == 0)
        return ERR_NOT_FOUND;
    *bank = root->bank;
    if (root->magic != ARENA_MAGIC || (*bank != BANK_FIRST && *bank != bank_second(size_bytes)) ||
        *bank < BANK_FIRST || *bank > size_bytes ||
        size_bytes - *bank < sizeof(struct arena_header))
        return ERR_FORMAT;
    *out = (const void *)((const uint8_t *)memory + *bank);
    return (*out)->version == ARENA_VERSION && (*out)->size_bytes == size_bytes ? OK : ERR_FORMAT;
}

enum err arena_shape_read(const void *memory, uint64_t size_bytes, struct arena_want *wants,
                          struct arena_shape *shape)
{
    const struct arena_header *header;
    uint64_t bank;

    enum err err = arena_header_find(memory, size_bytes, &bank, &header);
    if (err)
        return err;
    uint32_t count = header->section_count;
    if (count > ARENA_SECTIONS_MAX)
        return ERR_FORMAT;
    for (uint32_t i = 0; i < count; i++) {
        const struct arena_section *section = &header->section[i];
        if (!memchr(section->name, '\0', sizeof section->name) || section->bytes > size_bytes)
            return ERR_FORMAT;
        wants[i] = (struct arena_want){section->name, section->version, section->bytes, 0, NULL};
    }
    *shape = (struct arena_shape){wants, count, header->log_count};
    return arena_shape_check(shape) == OK ? OK : ERR_FORMAT;
}

enum err arena_attach(struct arena *arena, void *memory, uint64_t size_bytes,
                      const struct arena_shape *shape)
{
    const struct arena_header *header;
    uint64_t bank;

    if ((uintptr_t)memory % ARENA_ALIGN)
        return ERR_ALIGN;
    enum err err = arena_header_find(memory, size_bytes, &bank, &header);
    if (err)
        return err;
    if (arena_shape_check(shape) != OK || header->section_count != shape->want_count ||
        header->log_count != shape->log_count || header->log_bytes != arena_log_bytes(shape) ||
        arena_size_needed(shape) - BANK_FIRST > size_bytes - bank)
        return ERR_FORMAT;
    uint64_t offset = arena_data_offset(bank, shape);
    for (uint32_t i = 0; i < shape->want_count; i++) {
        if (!arena_section_matches(&header->section[i], &shape->wants[i], offset))
            return ERR_FORMAT;
        offset += arena_round_up(shape->wants[i].bytes);
    }
    arena_handle_set(arena, memory, size_bytes, bank, shape);
    return OK;
}

void *arena_section(const struct arena *arena, uint32_t index)
{
    return (uint8_t *)arena->root + arena->header->section[index].offset;
}

static struct log arena_log_of_all(const struct arena *arena, uint32_t index)
{
    uint64_t offset = arena->bank + sizeof(struct arena_header) + index * arena->log_bytes;

    return (struct log){
        .area = (void *)((uint8_t *)arena->root + offset),
        .base = (uint8_t *)arena->root,
        .first = arena->data_offset,
        .end = arena->data_end,
        .capacity = (arena->log_bytes - sizeof(struct log_area)) / sizeof(struct log_entry),
    };
}

void arena_log(const struct arena *arena, uint32_t index, enum arena_writer writer, struct log *log)
{
    *log = arena_log_of_all(arena, index);
    if (writer == ARENA_WRITER_VCPU)
        log->end = arena->queue_offset;
    else
        log->first = arena->queue_offset;
}

enum err arena_rollback(const struct arena *arena)
{
    enum err result = OK;

    for (uint32_t i = 0; i < arena->log_count; i++) {
        struct log log = arena_log_of_all(arena, i);
        enum err err = log_rollback(&log);
        if (err)
            result = err;
    }
    return result;
}
