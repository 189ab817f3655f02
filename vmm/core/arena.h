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
 * A process can die between any two stores.  Whoever attaches afterwards calls
 * arena_rollback(), which leaves either all of a transaction or nothing of it.
 *
 * `struct arena` is the trusted handle; what is in the memory may come from a VMM
 * that went wrong, so every offset found there is checked before it is used.
 * One transaction at a time: with more than one thread, callers hold one lock.
 */
#ifndef VMM_CORE_ARENA_H
#define VMM_CORE_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <base/err.h>
#include <vmm/core/limits.h>
#include <vmm/core/outcome.h>

#define ARENA_MAGIC          UINT64_C(0x616e657261577231)
#define ARENA_VERSION        4u
#define ARENA_ALIGN          64u
#define ARENA_SECTIONS_MAX   34u
#define ARENA_NAME_BYTES     24u
#define ARENA_SMALL_SETS_MAX 128u

/* What one user keeps in the arena. */
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
 * `state` is the word that commits: bit 0 says that a transaction is open and has
 * set something, bit 32 + h which of hart h's two outcomes is the committed one.
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
    struct exit_outcome outcome[VMM_HARTS_MAX][2];
    struct arena_section section[ARENA_SECTIONS_MAX];
    uint8_t log[]; /* log_bytes */
};

/* Zeroed before arena_format() or arena_attach() fills it. */
struct arena {
    struct arena_header *header;
    uint64_t size_bytes;
    uint64_t log_bytes;
    uint64_t data_offset; /* of the first section */
    bool is_begun;        /* the memory says so from the first arena_set() on */
    /* Called after each store that this module makes; tests cut there.  May be NULL. */
    void (*on_write)(void *opaque);
    void *opaque;
};

/* Bytes of undo log for these sections. */
uint64_t arena_log_bytes(const struct arena_want *wants, uint32_t want_count);

/* Bytes an arena with these sections takes, its log included. */
uint64_t arena_size_needed(const struct arena_want *wants, uint32_t want_count);

/*
 * Makes a fresh arena in `memory` (64-byte aligned), with every section zeroed.
 * The magic is written last: an arena cut short while being made is not one.
 *
 * Errors: ERR_INVALID_ARG  too many sections, a name too long
 *         ERR_ALIGN        memory is not 64-byte aligned
 *         ERR_NO_MEMORY    size_bytes is below arena_size_needed(), or that is above 4 GiB
 */
MUST_CHECK arena_format(struct arena *arena, void *memory, uint64_t size_bytes,
                        const struct arena_want *wants, uint32_t want_count);

/*
 * Takes over an arena made before, without changing it.  The caller goes on with
 * arena_rollback().
 *
 * Errors: ERR_ALIGN      memory is not 64-byte aligned
 *         ERR_NOT_FOUND  there is no arena in this memory
 *         ERR_FORMAT     one is, but not with these sections, versions and sizes
 */
MUST_CHECK arena_attach(struct arena *arena, void *memory, uint64_t size_bytes,
                        const struct arena_want *wants, uint32_t want_count);

/* The state of section `index` (in the order of the wants). */
void *arena_section(const struct arena *arena, uint32_t index);

/* Opens a transaction.  None is open.  One that sets nothing leaves no trace in the memory. */
static inline void arena_begin(struct arena *arena)
{
    arena->is_begun = true;
}

/*
 * Keeps what [field, field + bytes) holds, so that the caller may change it until
 * the transaction ends.  A range outside the sections is a mistake of ours which could
 * not be undone, and so is a log that is full, because the caller kept more than the log
 * is sized for (above).  The process stops at once, before any harm, and the next one
 * rolls back.
 */
void arena_set(struct arena *arena, const void *field, size_t bytes);

/*
 * Where the hart's next outcome will stand: made there, it need not be copied.  What is
 * in it means nothing before it is committed.
 */
static inline struct exit_outcome *arena_outcome_draft(const struct arena *arena, uint32_t hart)
{
    return &arena->header->outcome[hart][(arena->header->state >> (ARENA_WHICH + hart) & 1) ^ 1];
}

/* Ends the transaction: its changes stay, and the hart's draft is its outcome by the same store. */
void arena_commit_draft(struct arena *arena, uint32_t hart);

/* The same with another outcome than the draft, or none (NULL). */
void arena_commit(struct arena *arena, uint32_t hart, const struct exit_outcome *outcome);

/*
 * Ends the transaction, if one is open, by putting the old bytes back.
 * Errors: ERR_FORMAT when the log does not parse; nothing has been changed.
 */
MUST_CHECK arena_rollback(struct arena *arena);

/* The outcome last committed for `hart`; seq is 0 when there was none. */
static inline const struct exit_outcome *arena_outcome(const struct arena *arena, uint32_t hart)
{
    return &arena->header->outcome[hart][arena->header->state >> (ARENA_WHICH + hart) & 1];
}

/* Whether there is a transaction that has set something. */
static inline bool arena_is_open(const struct arena *arena)
{
    return (arena->header->state & ARENA_OPEN) != 0;
}

#endif
