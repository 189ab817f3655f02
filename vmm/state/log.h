/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The undo log of one thread.  A thread changes the sections of the arena in transactions:
 *
 *     log_begin
 *     log_set(field)   keeps the old words, then the caller writes the field
 *     log_commit       new state and the outcome of the exit, by one store
 *
 * A process can die between any two stores.  The next process calls log_rollback() for every log.
 * Afterwards either all of a transaction or none of it has happened.
 *
 * The log's area in the arena begins with the commit word:
 *
 *    63    62                    0
 *   +-----+-----------------------+
 *   |which| number of entries     |      0 entries: no transaction is open
 *   +-----+-----------------------+
 *
 * `which` names the committed one of two outcomes.  An entry is written first, and then counted by
 * a store of the commit word.  A commit is a store of the commit word too: it drops the entries and
 * changes `which`.  An entry keeps one aligned 64-bit word, so a log has no other structure.
 *
 * Several threads.  Each thread has its own log, and calls only the functions of that log.  Each
 * section is written by one thread, which the section's descriptor names (enum arena_writer).  So
 * no two open transactions keep the same word, and logs can be rolled back in any order.
 *
 * `struct log` is the trusted handle.  The area may have been written by a faulty VMM, so every
 * offset read from the area is checked before it is used.
 */
#ifndef VMM_STATE_LOG_H
#define VMM_STATE_LOG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <base/err.h>
#include <vmm/state/outcome.h>

#define LOG_WORD_BYTES 8u
#define LOG_COUNT_MASK ((UINT64_C(1) << 63) - 1)

struct log_entry {
    uint64_t offset; /* of a word, from the start of the arena */
    uint64_t word;   /* its old value */
};

/* In the arena; 64-byte aligned. */
struct log_area {
    uint64_t commit;
    uint64_t reserved[7];
    struct exit_outcome outcome[2];
    struct log_entry entry[];
};

_Static_assert(sizeof(struct log_area) == 320, "log area layout");

struct log {
    struct log_area *area;
    uint8_t *base;     /* of the arena */
    uint64_t first;    /* offset of the first section that the thread writes */
    uint64_t end;      /* offset behind the last one */
    uint64_t capacity; /* entries */
    uint64_t limit;    /* entries that the open transaction may use; 0: none is open */
};

/* Opens a transaction; none may be open.  The memory changes only with the first log_set(). */
static inline void log_begin(struct log *log)
{
    log->limit = log->capacity;
}

/*
 * Keeps the words that hold [field, field + bytes), so that the caller may change the field until
 * the transaction ends.  A range outside the thread's sections (arena_log() sets them), a full log
 * (the caller kept more than the log is sized for, see arena.h), or no open transaction is a defect
 * of ours.  The process then stops before it changes anything, and the next process rolls back.
 */
void log_set(struct log *log, const void *field, size_t bytes);

/* The outcome last committed; its seq is 0 when none was committed. */
static inline const struct exit_outcome *log_outcome(const struct log *log)
{
    return &log->area->outcome[log->area->commit >> 63];
}

/*
 * The caller writes the next outcome here, so the outcome is not copied.  The draft is
 * uninitialised until the caller has written it.
 */
static inline struct exit_outcome *log_outcome_draft(const struct log *log)
{
    return &log->area->outcome[(log->area->commit >> 63) ^ 1];
}

/* Is a transaction open that has called log_set()? */
static inline bool log_is_open(const struct log *log)
{
    return (log->area->commit & LOG_COUNT_MASK) != 0;
}

/*
 * When a process dies, all stores before the last executed instruction have happened.  So a
 * compiler barrier is enough; one is needed before and after each store that changes the meaning
 * of others.
 */
static inline void log_commit_store(struct log *log, uint64_t commit)
{
    atomic_signal_fence(memory_order_seq_cst);
    *(volatile uint64_t *)&log->area->commit = commit;
    atomic_signal_fence(memory_order_seq_cst);
}

/* Commits the transaction: one store keeps its changes and makes the draft the outcome. */
static inline void log_commit_draft(struct log *log)
{
    log->limit = 0;
    log_commit_store(log, ~log->area->commit & ~LOG_COUNT_MASK);
}

/* Commits the transaction without an outcome: the last one stays. */
void log_commit(struct log *log);

/*
 * Ends an open transaction by restoring the old words.  Does nothing if none is open.
 * Errors: ERR_FORMAT when the area makes no sense; nothing has been changed.
 */
MUST_CHECK log_rollback(struct log *log);

#endif
