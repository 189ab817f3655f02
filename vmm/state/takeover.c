/* SPDX-License-Identifier: BSD-2-Clause */
#include <vmm/state/takeover.h>

#include <string.h>

static enum err takeover_refuse(struct takeover_problem *problem, const char *name, uint32_t found,
                                uint32_t wanted)
{
    size_t bytes = strlen(name), room = sizeof problem->name - 1;

    *problem = (struct takeover_problem){.found = found, .wanted = wanted};
    memcpy(problem->name, name, bytes < room ? bytes : room);
    return ERR_FORMAT;
}

/* The index of the section `name`; shape->want_count if there is none. */
static uint32_t takeover_find(const struct arena_shape *shape, const char *name)
{
    uint32_t i = 0;

    while (i < shape->want_count && strcmp(shape->wants[i].name, name) != 0)
        i++;
    return i;
}

/* Can every section of `old` become a section of `shape`, and does `old` have them all? */
static enum err takeover_check(const struct arena_shape *old, const struct arena_shape *shape,
                               struct takeover_problem *problem)
{
    if (old->log_count != shape->log_count)
        return takeover_refuse(problem, "logs", old->log_count, shape->log_count);
    for (uint32_t i = 0; i < old->want_count; i++)
        if (takeover_find(shape, old->wants[i].name) == shape->want_count)
            return takeover_refuse(problem, old->wants[i].name, old->wants[i].version, 0);
    for (uint32_t i = 0; i < shape->want_count; i++) {
        const struct arena_want *want = &shape->wants[i];
        uint32_t from = takeover_find(old, want->name);
        if (from == old->want_count)
            return takeover_refuse(problem, want->name, 0, want->version);
        const struct arena_want *have = &old->wants[from];
        bool is_same = have->version == want->version;
        if (is_same ? have->bytes != want->bytes : !want->convert)
            return takeover_refuse(problem, want->name, have->version, want->version);
    }
    return OK;
}

static enum err takeover_sections(const struct arena *old, const struct arena_shape *old_shape,
                                  const struct arena *fresh, const struct arena_shape *shape,
                                  struct takeover_problem *problem)
{
    for (uint32_t i = 0; i < shape->want_count; i++) {
        const struct arena_want *want = &shape->wants[i];
        uint32_t from = takeover_find(old_shape, want->name);
        const struct arena_want *have = &old_shape->wants[from];
        const void *state = arena_section(old, from);
        if (have->version == want->version)
            memcpy(arena_section(fresh, i), state, want->bytes);
        else if (want->convert(have->version, state, have->bytes, arena_section(fresh, i)))
            return takeover_refuse(problem, want->name, have->version, want->version);
    }
    return OK;
}

/* An exit whose outcome was committed may not have been answered yet. */
static void takeover_outcomes(const struct arena *old, const struct arena *fresh)
{
    for (uint32_t i = 0; i < old->log_count; i++) {
        struct log from, to;
        arena_log(old, i, ARENA_WRITER_VCPU, &from);
        arena_log(fresh, i, ARENA_WRITER_VCPU, &to);
        *log_outcome_draft(&to) = *log_outcome(&from);
        log_commit_draft(&to);
    }
}

static enum err takeover_roll_back(const struct arena *arena, struct takeover_problem *problem)
{
    return arena_rollback(arena) == OK
               ? OK
               : takeover_refuse(problem, "logs", arena->log_count, arena->log_count);
}

static enum err takeover_convert(struct arena *arena, void *memory, uint64_t size_bytes,
                                 const struct arena_shape *shape, struct takeover_problem *problem)
{
    struct arena_want wants[ARENA_SECTIONS_MAX];
    struct arena_shape old_shape;
    struct arena old = {0};

    if (arena_shape_read(memory, size_bytes, wants, &old_shape) != OK ||
        arena_attach(&old, memory, size_bytes, &old_shape) != OK)
        return takeover_refuse(problem, "arena", 0, ARENA_VERSION);
    enum err err = takeover_check(&old_shape, shape, problem);
    if (!err)
        err = takeover_roll_back(&old, problem);
    if (!err)
        err = arena_format_beside(&old, arena, shape);
    if (!err)
        err = takeover_sections(&old, &old_shape, arena, shape, problem);
    if (err)
        return err;
    takeover_outcomes(&old, arena);
    arena_switch(arena);
    return OK;
}

enum err takeover_arena(struct arena *arena, void *memory, uint64_t size_bytes,
                        const struct arena_shape *shape, struct takeover_problem *problem)
{
    enum err err = arena_attach(arena, memory, size_bytes, shape);

    if (err == OK)
        return takeover_roll_back(arena, problem);
    return err == ERR_FORMAT ? takeover_convert(arena, memory, size_bytes, shape, problem) : err;
}
