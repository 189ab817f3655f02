/* SPDX-License-Identifier: BSD-2-Clause */
#include <vmm/state/arena.h>

#include <stdatomic.h>
#include <string.h>

_Static_assert(sizeof(struct arena_header) % ARENA_ALIGN == 0, "the logs are aligned");

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

static uint64_t arena_data_offset(const struct arena_shape *shape)
{
    return sizeof(struct arena_header) + shape->log_count * arena_log_bytes(shape);
}

/* The end of the sections of all writers up to `last`. */
static uint64_t arena_sections_end(const struct arena_shape *shape, enum arena_writer last)
{
    uint64_t end = arena_data_offset(shape);
    for (uint32_t i = 0; i < shape->want_count; i++)
        if (shape->wants[i].writer <= last)
            end += arena_round_up(shape->wants[i].bytes);
    return end;
}

uint64_t arena_size_needed(const struct arena_shape *shape)
{
    return arena_sections_end(shape, ARENA_WRITER_QUEUE);
}

static void arena_handle_set(struct arena *arena, void *memory, const struct arena_shape *shape)
{
    arena->header = memory;
    arena->log_bytes = arena_log_bytes(shape);
    arena->log_count = shape->log_count;
    arena->data_offset = arena_data_offset(shape);
    arena->queue_offset = arena_sections_end(shape, ARENA_WRITER_VCPU);
    arena->data_end = arena_size_needed(shape);
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
static void arena_magic_store(struct arena *arena, uint64_t magic)
{
    atomic_signal_fence(memory_order_seq_cst);
    *(volatile uint64_t *)&arena->header->magic = magic;
    atomic_signal_fence(memory_order_seq_cst);
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

    arena_handle_set(arena, memory, shape);
    struct arena_header *header = arena->header;
    arena_magic_store(arena, 0);
    memset((uint8_t *)memory + sizeof header->magic, 0, needed - sizeof header->magic);
    header->version = ARENA_VERSION;
    header->section_count = shape->want_count;
    header->log_count = shape->log_count;
    header->size_bytes = size_bytes;
    header->log_bytes = arena->log_bytes;
    arena_sections_describe(arena, shape);
    arena_magic_store(arena, ARENA_MAGIC);
    return OK;
}

static bool arena_section_matches(const struct arena_section *section,
                                  const struct arena_want *want, uint64_t offset)
{
    return strncmp(section->name, want->name, ARENA_NAME_BYTES) == 0 &&
           section->version == want->version && section->bytes == want->bytes &&
           section->offset == offset;
}

enum err arena_attach(struct arena *arena, void *memory, uint64_t size_bytes,
                      const struct arena_shape *shape)
{
    const struct arena_header *header = memory;

    if ((uintptr_t)memory % ARENA_ALIGN)
        return ERR_ALIGN;
    if (size_bytes < sizeof *header || header->magic != ARENA_MAGIC)
        return ERR_NOT_FOUND;
    if (header->version != ARENA_VERSION || header->size_bytes != size_bytes ||
        arena_shape_check(shape) != OK || header->section_count != shape->want_count ||
        header->log_count != shape->log_count || header->log_bytes != arena_log_bytes(shape) ||
        arena_size_needed(shape) > size_bytes)
        return ERR_FORMAT;
    uint64_t offset = arena_data_offset(shape);
    for (uint32_t i = 0; i < shape->want_count; i++) {
        if (!arena_section_matches(&header->section[i], &shape->wants[i], offset))
            return ERR_FORMAT;
        offset += arena_round_up(shape->wants[i].bytes);
    }
    arena_handle_set(arena, memory, shape);
    return OK;
}

void *arena_section(const struct arena *arena, uint32_t index)
{
    return (uint8_t *)arena->header + arena->header->section[index].offset;
}

static struct log arena_log_of_all(const struct arena *arena, uint32_t index)
{
    uint64_t offset = sizeof(struct arena_header) + index * arena->log_bytes;

    return (struct log){
        .area = (void *)((uint8_t *)arena->header + offset),
        .base = (uint8_t *)arena->header,
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
