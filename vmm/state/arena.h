/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The state arena: all mutable state of a guest's devices, in one piece of memory
 * that outlives the VMM process.  It is plain, versioned and free of pointers, so
 * that another VMM can take it over.  A handler changes it through an undo log:
 *
 *     arena_begin
 *     arena_set(field)   keeps the old bytes, then the caller writes the new ones
 *     arena_commit       new state and the exit's outcome, by one store
 *
 *   +--------+-----------+----------+----------+- - -
 *   | header | undo log  | section 0| section 1|        each section 64-byte aligned
 *   +--------+-----------+----------+----------+- - -
 *
 * The log is sized for its sections: one transaction can keep every 32-bit word of every
 * section once, in pieces of one or more whole words, and ARENA_SMALL_SETS_MAX fields of
 * up to 8 bytes besides.
 *
 * A process can die between any two stores.  The next process attaches and calls
 * arena_rollback().  Afterwards either all of a transaction or none of it has happened.
 *
 * `struct arena` is the trusted handle.  The memory may have been written by a faulty VMM,
 * so every offset read from the memory is checked before it is used.
 * One transaction at a time: with more than one thread, callers hold one lock.
 */
#ifndef VMM_STATE_ARENA_H
#define VMM_STATE_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <base/err.h>
#include <base/limits.h>
#include <vmm/state/outcome.h>

#define ARENA_MAGIC          UINT64_C(0x616e657261577231)
#define ARENA_VERSION        4u
#define ARENA_ALIGN          64u
#define ARENA_SECTIONS_MAX   34u
#define ARENA_NAME_BYTES     24u
#define ARENA_SMALL_SETS_MAX 128u

/* A section that one user wants in the arena. */
struct arena_want {
    const char *name; /* up to ARENA_NAME_BYTES - 1 characters, unique */
    uint32_t version; /* rises whenever the layout of the state changes */
    uint32_t bytes;
};

struct arena_section {
    char name[ARENA_NAME_BYTES];
    uint32_t version;
    uint32_t bytes;
    uint64_t offset; /* from the start of the arena */
};

/*
 * Storing `state` commits.  Bit 0: a transaction is open and has kept a field.
 * Bit 32 + h: which of hart h's two outcomes is the committed one.
 */
#define ARENA_OPEN  UINT64_C(1)
#define ARENA_WHICH 32u

struct arena_header {
    uint64_t magic;
    uint32_t version;
    uint32_t section_count;
    uint64_t size_bytes;
    uint64_t state;
    uint64_t log_used_bytes;
    uint64_t log_bytes;
    struct exit_outcome outcome[GUEST_HARTS_MAX][2];
    struct arena_section section[ARENA_SECTIONS_MAX];
    uint8_t log[]; /* log_bytes */
};

/* Zeroed before arena_format() or arena_attach() fills it. */
struct arena {
    struct arena_header *header;
    uint64_t size_bytes;
    uint64_t log_bytes;
    uint64_t data_offset; /* of the first section */
    bool is_begun;        /* ARENA_OPEN is set in the memory by the first arena_set() */
    /* Called after each store of this module, so that tests can stop there.  May be NULL. */
    void (*on_write)(void *opaque);
    void *opaque;
};

/* Size of the undo log for these sections. */
uint64_t arena_log_bytes(const struct arena_want *wants, uint32_t want_count);

/* Size of an arena with these sections, including the log. */
uint64_t arena_size_needed(const struct arena_want *wants, uint32_t want_count);

/*
 * Makes a fresh arena in `memory` (64-byte aligned), with every section zeroed.
 * The magic is written last: if this call is cut short, arena_attach() finds no arena.
 *
 * Errors: ERR_INVALID_ARG  too many sections, a name too long
 *         ERR_ALIGN        memory is not 64-byte aligned
 *         ERR_NO_MEMORY    size_bytes is below arena_size_needed(), or arena_size_needed()
 *                          is 4 GiB or more
 */
MUST_CHECK arena_format(struct arena *arena, void *memory, uint64_t size_bytes,
                        const struct arena_want *wants, uint32_t want_count);

/*
 * Attaches to an existing arena without changing it.  The caller then calls
 * arena_rollback().
 *
 * Errors: ERR_ALIGN      memory is not 64-byte aligned
 *         ERR_NOT_FOUND  there is no arena in this memory
 *         ERR_FORMAT     the arena has other sections, versions or sizes
 */
MUST_CHECK arena_attach(struct arena *arena, void *memory, uint64_t size_bytes,
                        const struct arena_want *wants, uint32_t want_count);

/* The state of section `index` (in the order of the wants). */
void *arena_section(const struct arena *arena, uint32_t index);

/* Opens a transaction; none may be open.  The memory changes only with the first arena_set(). */
static inline void arena_begin(struct arena *arena)
{
    arena->is_begun = true;
}

/*
 * Copies [field, field + bytes) to the log, so that the caller may change the field until
 * the transaction ends.  A range outside the sections, or a full log (the caller kept more
 * than the log is sized for, see above), is a defect of ours.  The process then stops
 * before it changes anything, and the next process rolls back.
 */
void arena_set(struct arena *arena, const void *field, size_t bytes);

/*
 * The place of the hart's next outcome: written there, the outcome need not be copied.
 * The draft is uninitialised until the caller has written it.
 */
static inline struct exit_outcome *arena_outcome_draft(const struct arena *arena, uint32_t hart)
{
    return &arena->header->outcome[hart][(arena->header->state >> (ARENA_WHICH + hart) & 1) ^ 1];
}

/* Commits the transaction: one store keeps its changes and makes the draft the hart's outcome. */
void arena_commit_draft(struct arena *arena, uint32_t hart);

/* Commits the transaction with `outcome` in place of the draft; NULL: without an outcome. */
void arena_commit(struct arena *arena, uint32_t hart, const struct exit_outcome *outcome);

/*
 * Ends an open transaction by restoring the old bytes.  Does nothing if none is open.
 * Errors: ERR_FORMAT when the log does not parse; nothing has been changed.
 */
MUST_CHECK arena_rollback(struct arena *arena);

/* The outcome last committed for `hart`; its seq is 0 when none was committed. */
static inline const struct exit_outcome *arena_outcome(const struct arena *arena, uint32_t hart)
{
    return &arena->header->outcome[hart][arena->header->state >> (ARENA_WHICH + hart) & 1];
}

/* Is a transaction open that has called arena_set()? */
static inline bool arena_is_open(const struct arena *arena)
{
    return (arena->header->state & ARENA_OPEN) != 0;
}

#endif
