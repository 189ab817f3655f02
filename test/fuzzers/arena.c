/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The state arena and its undo log.  Oracle: a plain copy.  After a commit the sections hold
 * the written bytes; after a roll-back, or a death at any store before the commit, the old
 * bytes.  Then the whole arena is damaged: an attach gives an error, or a roll-back that
 * does nothing or stays inside the arena.
 */
#include <setjmp.h>

#include "fuzz.h"

#include <vmm/state/arena.h>

#define SECTIONS 3u
#define LARGE    9001u
#define DATA     (128u + 64u + 9024u) /* the sections, each rounded up */

static const struct arena_want wants[SECTIONS] = {
    {"first", 1, 100}, {"second", 2, 64}, {"third", 7, LARGE}};

static struct arena arena;
static uint8_t *memory;
static uint64_t memory_bytes;
static jmp_buf grave;
static uint32_t stores_left;

static void on_store(void *opaque)
{
    (void)opaque;
    if (stores_left > 0 && --stores_left == 0)
        longjmp(grave, 1);
}

static uint8_t *data_at(void)
{
    return memory + (memory_bytes - DATA);
}

static void change_field(size_t at, size_t bytes, uint8_t value, uint8_t *model)
{
    arena_set(&arena, data_at() + at, bytes);
    for (size_t i = 0; i < bytes; i++)
        data_at()[at + i] = model[at + i] = (uint8_t)(value + i);
}

/* Sets and writes some fields, now and then a whole large section; `model` gets the same bytes. */
static void change(struct fuzz_input *in, uint8_t *model)
{
    uint64_t budget = arena_log_bytes(wants, SECTIONS);

    if (fuzz_pick(in, 8) == 0) {
        change_field(DATA - 9024u, LARGE, fuzz_u8(in), model);
        budget -= (LARGE + 7) / 8 * 8 + 8;
    }
    for (unsigned count = fuzz_pick(in, 12); count > 0; count--) {
        size_t bytes = fuzz_pick(in, 200), at = fuzz_bytes(in, 2) % (DATA - bytes);
        uint8_t value = fuzz_u8(in);
        if (bytes + 16 > budget)
            return;
        budget -= (bytes + 7) / 8 * 8 + 8;
        change_field(at, bytes, value, model);
    }
}

static void attach_again(void)
{
    arena = (struct arena){0};
    FUZZ_CHECK(arena_attach(&arena, memory, memory_bytes, wants, SECTIONS) == OK);
    FUZZ_CHECK(arena_rollback(&arena) == OK && !arena_is_open(&arena));
}

/* One transaction that is committed, rolled back or cut short. */
static void transact(struct fuzz_input *in, uint64_t seq)
{
    static uint8_t before[DATA], model[DATA];
    static volatile bool is_committing;
    unsigned form = fuzz_u8(in), hart = fuzz_pick(in, GUEST_HARTS_MAX);
    struct exit_outcome outcome = {.seq = seq};

    memcpy(before, data_at(), DATA);
    memcpy(model, before, DATA);
    stores_left = form & 0x80 ? 1 + (form & 0x3f) : 0;
    arena.on_write = on_store;
    is_committing = false;
    if (setjmp(grave) != 0) {
        attach_again();
        bool is_new = arena_outcome(&arena, hart)->seq == seq;
        FUZZ_CHECK(is_committing || !is_new);
        FUZZ_CHECK(memcmp(data_at(), is_new ? model : before, DATA) == 0);
        return;
    }
    arena_begin(&arena);
    change(in, model);
    if (form & 0x40) {
        FUZZ_CHECK(arena_rollback(&arena) == OK);
        FUZZ_CHECK(memcmp(data_at(), before, DATA) == 0);
    } else {
        is_committing = true;
        arena_commit(&arena, hart, &outcome);
        FUZZ_CHECK(memcmp(data_at(), model, DATA) == 0);
        FUZZ_CHECK(arena_outcome(&arena, hart)->seq == seq);
    }
    FUZZ_CHECK(!arena_is_open(&arena));
    stores_left = 0;
}

/* Damages any byte, also in an open transaction, and attaches to the arena. */
static void damage(struct fuzz_input *in)
{
    static uint8_t before[DATA], ignored[DATA];
    struct arena_header *header = arena.header;

    arena.on_write = NULL;
    if (fuzz_pick(in, 2)) {
        arena_begin(&arena);
        change(in, ignored);
    }
    for (unsigned count = fuzz_pick(in, 6); count > 0; count--) {
        uint64_t at = fuzz_pick(in, 2) ? fuzz_bytes(in, 2) % memory_bytes
                                       : offsetof(struct arena_header, log) +
                                             fuzz_bytes(in, 2) % arena_log_bytes(wants, SECTIONS);
        memory[at] = fuzz_u8(in);
    }
    if (fuzz_pick(in, 3) == 0)
        header->log_used_bytes = fuzz_number(in);
    if (fuzz_pick(in, 3) == 0)
        header->state |= 1;
    memcpy(before, data_at(), DATA);
    arena = (struct arena){0};
    if (arena_attach(&arena, memory, memory_bytes, wants, SECTIONS) != OK ||
        arena_rollback(&arena) != OK) {
        FUZZ_CHECK(memcmp(before, data_at(), DATA) == 0);
        return;
    }
    for (unsigned i = 0; i < SECTIONS; i++) {
        uint8_t *section = arena_section(&arena, i);
        FUZZ_CHECK(section >= data_at() && section + wants[i].bytes <= memory + memory_bytes);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};

    memory_bytes = arena_size_needed(wants, SECTIONS);
    memory = aligned_alloc(ARENA_ALIGN, memory_bytes);
    FUZZ_CHECK(memory != NULL && memory_bytes % ARENA_ALIGN == 0);
    arena = (struct arena){0};
    FUZZ_CHECK(arena_format(&arena, memory, memory_bytes, wants, SECTIONS) == OK);
    FUZZ_CHECK(arena_section(&arena, 0) == data_at());
    for (uint64_t seq = 1; in.left > 8; seq++)
        transact(&in, seq);
    damage(&in);
    free(memory);
    return 0;
}
