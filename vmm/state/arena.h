/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The state arena: all mutable state of a guest's devices, in one piece of memory
 * that outlives the VMM process.  It is plain, versioned and free of pointers, so
 * that another VMM can take it over.
 *
 *   +------+--------+-------+-------+- - -+----------+----------+- - -+- - - - - - -+
 *   | root | header | log 0 | log 1 |     | section 0| section 1|     | second bank |
 *   +------+--------+-------+-------+- - -+----------+----------+- - -+- - - - - - -+
 *
 * All parts are 64-byte aligned.  The root says which bank holds the arena: the first behind the
 * root, or the second at half of the memory.  A VMM whose state has another layout builds the new
 * arena in the free bank, and one store in the root ends the conversion (<vmm/state/takeover.h>).
 *
 * Each thread that answers exits or serves queues has one log (<vmm/state/log.h>), through which
 * the thread changes the sections.  A log is sized for its sections: one transaction can keep
 * every aligned 32-bit word of every section once, and ARENA_SMALL_SETS_MAX further aligned fields
 * of up to 8 bytes.
 *
 * `struct arena` is the trusted handle.  The memory may have been written by a faulty VMM,
 * so every offset read from the memory is checked before it is used.
 */
#ifndef VMM_STATE_ARENA_H
#define VMM_STATE_ARENA_H

#include <stdint.h>

#include <base/err.h>
#include <vmm/state/log.h>

#define ARENA_MAGIC          UINT64_C(0x616e657261577231)
#define ARENA_VERSION        6u
#define ARENA_ALIGN          64u
#define ARENA_SECTIONS_MAX   40u
#define ARENA_LOGS_MAX       16u
#define ARENA_NAME_BYTES     24u
#define ARENA_SMALL_SETS_MAX 128u

/* Which threads write a section. */
enum arena_writer {
    ARENA_WRITER_VCPU = 0, /* those that answer the exits of a vCPU */
    ARENA_WRITER_QUEUE,    /* the one that serves the queues of devices */
};

/*
 * Fills `fresh`, which is zeroed and has the size of the section's present version, from the state
 * of another version, which an earlier VMM left and which may hold any bits.
 * Errors: ERR_NOT_SUPPORTED  the version is not known, or `old_bytes` is not its size
 */
typedef enum err arena_convert(uint32_t old_version, const void *old, uint32_t old_bytes,
                               void *fresh);

/* A section that one user wants in the arena. */
struct arena_want {
    const char *name; /* up to ARENA_NAME_BYTES - 1 characters, unique */
    uint32_t version; /* rises whenever the layout of the state changes */
    uint32_t bytes;
    enum arena_writer writer;
    arena_convert *convert; /* NULL: no other version can be converted */
};

/* The parts of an arena. */
struct arena_shape {
    const struct arena_want *wants; /* those of ARENA_WRITER_QUEUE behind all others */
    uint32_t want_count;
    uint32_t log_count;
};

struct arena_section {
    char name[ARENA_NAME_BYTES];
    uint32_t version;
    uint32_t bytes;
    uint64_t offset; /* from the start of the memory, as all offsets */
};

struct arena_root {
    uint64_t magic;
    uint64_t bank; /* offset of the arena's header */
    uint64_t reserved[6];
};

struct arena_header {
    uint32_t version;
    uint32_t section_count;
    uint32_t log_count;
    uint32_t reserved;
    uint64_t size_bytes; /* of the memory */
    uint64_t log_bytes;  /* of each log */
    uint64_t reserved2[4];
    struct arena_section section[ARENA_SECTIONS_MAX];
};

/* Zeroed before arena_format() or arena_attach() fills it. */
struct arena {
    struct arena_root *root; /* the start of the memory */
    struct arena_header *header;
    uint64_t size_bytes;  /* of the memory */
    uint64_t bank;        /* offset of the header */
    uint64_t log_bytes;   /* of each log, with its area's header */
    uint64_t data_offset; /* of the first section */
    uint64_t queue_offset; /* of the first section of ARENA_WRITER_QUEUE */
    uint64_t data_end;
    uint32_t log_count;
};

/* Size of one log of an arena of this shape. */
uint64_t arena_log_bytes(const struct arena_shape *shape);

/* Size of an arena of this shape, including root and logs.  A conversion needs twice as much. */
uint64_t arena_size_needed(const struct arena_shape *shape);

/*
 * Makes a fresh arena in `memory` (64-byte aligned), with every section zeroed.
 * The magic is written last: if this call is cut short, arena_attach() finds no arena.
 *
 * Errors: ERR_INVALID_ARG  too many sections, a name too long, no log or too many logs, or a
 *                          section of another writer behind one of ARENA_WRITER_QUEUE
 *         ERR_ALIGN        memory is not 64-byte aligned
 *         ERR_NO_MEMORY    size_bytes is below arena_size_needed(), or arena_size_needed()
 *                          is 4 GiB or more
 */
MUST_CHECK arena_format(struct arena *arena, void *memory, uint64_t size_bytes,
                        const struct arena_shape *shape);

/*
 * Attaches to an existing arena without changing it.  The caller then calls
 * arena_rollback().
 *
 * Errors: ERR_ALIGN      memory is not 64-byte aligned
 *         ERR_NOT_FOUND  there is no arena in this memory: its first word is 0, or it is too small
 *         ERR_FORMAT     the arena has other sections, versions, sizes or logs, or the memory holds
 *                        something else
 */
MUST_CHECK arena_attach(struct arena *arena, void *memory, uint64_t size_bytes,
                        const struct arena_shape *shape);

/*
 * Makes a fresh arena as arena_format() does, in the bank that `old` leaves free.  The arena in
 * this memory remains `old` until arena_switch(fresh), which is one store.
 * Errors: ERR_INVALID_ARG  as for arena_format()
 *         ERR_NO_MEMORY    the banks of the two would overlap, or leave the memory
 */
MUST_CHECK arena_format_beside(const struct arena *old, struct arena *fresh,
                               const struct arena_shape *shape);
void arena_switch(struct arena *fresh);

/*
 * The shape of the arena in this memory, whichever VMM made it, for arena_attach().  `wants` has
 * ARENA_SECTIONS_MAX elements; the names stay in the memory, and no section has a convert().
 * Errors: ERR_NOT_FOUND, as arena_attach()
 *         ERR_FORMAT  another ARENA_VERSION, or numbers that make no sense
 */
MUST_CHECK arena_shape_read(const void *memory, uint64_t size_bytes, struct arena_want *wants,
                            struct arena_shape *shape);

/* The state of section `index` (in the order of the wants). */
void *arena_section(const struct arena *arena, uint32_t index);

/*
 * Makes *log the handle of log `index`, which is below the shape's log_count, for a thread of
 * `writer`.  log_set() on a section of the other writer stops the process.
 */
void arena_log(const struct arena *arena, uint32_t index, enum arena_writer writer,
               struct log *log);

/*
 * Rolls back the open transactions of all logs.  All threads that used the arena have stopped.
 * Errors: ERR_FORMAT when a log makes no sense; the other logs may have been rolled back.
 */
MUST_CHECK arena_rollback(const struct arena *arena);

#endif
