/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The state arena and its undo log.  Oracle: a plain copy.  After a commit the sections hold
 * the written bytes; after a roll-back, or a death at any store before the commit, the old
 * bytes.  Then the whole arena is damaged: an attach gives an error, or a roll-back that
 * does nothing or stays inside the arena.
 */
#include <setjmp.h>

#include "fuzz.h"

#include <test/fakes/stores.h>
#include <vmm/state/arena.h>

#define SECTIONS 3u
#define LOGS     3u
#define LARGE    9001u
#define DATA     (128u + 64u + 9024u) /* the sections, each rounded up */

static const struct arena_want wants[SECTIONS] = {{"first", 1, 100, ARENA_WRITER_VCPU, NULL},
                                                  {"second", 2, 64, ARENA_WRITER_VCPU, NULL},
                                                  {"third", 7, LARGE, ARENA_WRITER_VCPU, NULL}};
static const struct arena_shape shape = {wants, SECTIONS, LOGS};

static struct arena arena;
static struct log logs[LOGS];
static uint8_t *memory;
static uint64_t memory_bytes;
static jmp_buf grave;
static uint32_t stores_left;

static void on_store(const void *at, size_t bytes)
{
    (void)bytes;
    if ((uintptr_t)at - (uintptr_t)memory >= memory_bytes)
        return;
    if (stores_left > 0 && --stores_left == 0)
        longjmp(grave, 1);
}

static uint8_t *data_at(void)
{
    return memory + (memory_bytes - DATA);
}

static void change_field(struct log *log, size_t at, size_t bytes, uint8_t value, uint8_t *model)
{
    log_set(log, data_at() + at, bytes);
    for (size_t i = 0; i < bytes; i++)
        data_at()[at + i] = model[at + i] = (uint8_t)(value + i);
}

/* The entries that so many bytes from `at` on take. */
static uint64_t entries(size_t at, size_t bytes)
{
    return bytes == 0 ? 0 : (at + bytes + 7) / 8 - at / 8;
}

/* Sets and writes some fields, now and then a whole large section; `model` gets the same bytes. */
static void change(struct fuzz_input *in, struct log *log, uint8_t *model)
{
    uint64_t budget = log->capacity;

    if (fuzz_pick(in, 8) == 0) {
        change_field(log, DATA - 9024u, LARGE, fuzz_u8(in), model);
        budget -= entries(0, LARGE);
    }
    for (unsigned count = fuzz_pick(in, 12); count > 0; count--) {
        size_t bytes = fuzz_pick(in, 200), at = fuzz_bytes(in, 2) % (DATA - bytes);
        uint8_t value = fuzz_u8(in);
        if (entries(at, bytes) > budget)
            return;
        budget -= entries(at, bytes);
        change_field(log, at, bytes, value, model);
    }
}

static void logs_open(void)
{
    for (uint32_t i = 0; i < LOGS; i++)
        arena_log(&arena, i, ARENA_WRITER_VCPU, &logs[i]);
}

static void attach_again(void)
{
    arena = (struct arena){0};
    FUZZ_CHECK(arena_attach(&arena, memory, memory_bytes, &shape) == OK);
    FUZZ_CHECK(arena_rollback(&arena) == OK);
    logs_open();
    for (uint32_t i = 0; i < LOGS; i++)
        FUZZ_CHECK(!log_is_open(&logs[i]));
}

/* One transaction that is committed, rolled back or cut short. */
static void transact(struct fuzz_input *in, uint64_t seq)
{
    static uint8_t before[DATA], model[DATA];
    static volatile bool is_committing;
    unsigned form = fuzz_u8(in);
    struct log *log = &logs[fuzz_pick(in, LOGS)];

    memcpy(before, data_at(), DATA);
    memcpy(model, before, DATA);
    stores_left = form & 0x80 ? 1 + (form & 0x3f) : 0;
    stores_before = on_store;
    is_committing = false;
    if (setjmp(grave) != 0) {
        stores_before = NULL;
        attach_again();
        bool is_new = log_outcome(log)->seq == seq;
        FUZZ_CHECK(is_committing || !is_new);
        FUZZ_CHECK(memcmp(data_at(), is_new ? model : before, DATA) == 0);
        return;
    }
    log_begin(log);
    log_outcome_draft(log)->seq = seq;
    change(in, log, model);
    if (form & 0x40) {
        FUZZ_CHECK(log_rollback(log) == OK);
        FUZZ_CHECK(memcmp(data_at(), before, DATA) == 0);
    } else {
        is_committing = true;
        log_commit_draft(log);
        FUZZ_CHECK(memcmp(data_at(), model, DATA) == 0);
        FUZZ_CHECK(log_outcome(log)->seq == seq);
    }
    FUZZ_CHECK(!log_is_open(log));
    stores_left = 0;
    stores_before = NULL;
}

/* Damages any byte, also in an open transaction, and attaches to the arena. */
static void damage(struct fuzz_input *in)
{
    static uint8_t before[DATA], ignored[DATA];
    struct log *log = &logs[fuzz_pick(in, LOGS)];

    if (fuzz_pick(in, 2)) {
        log_begin(log);
        change(in, log, ignored);
    }
    for (unsigned count = fuzz_pick(in, 6); count > 0; count--) {
        uint64_t place = fuzz_bytes(in, 2);
        uint8_t *area = (uint8_t *)log->area;
        if (fuzz_pick(in, 2))
            memory[place % memory_bytes] = fuzz_u8(in);
        else
            area[place % arena.log_bytes] = fuzz_u8(in);
    }
    if (fuzz_pick(in, 3) == 0)
        log->area->commit = fuzz_number(in);
    if (fuzz_pick(in, 3) == 0)
        log->area->commit |= 1;
    memcpy(before, data_at(), DATA);
    arena = (struct arena){0};
    if (arena_attach(&arena, memory, memory_bytes, &shape) != OK)
        FUZZ_CHECK(memcmp(before, data_at(), DATA) == 0);
    else if (arena_rollback(&arena) == OK)
        for (unsigned i = 0; i < SECTIONS; i++) {
            uint8_t *section = arena_section(&arena, i);
            FUZZ_CHECK(section >= data_at() && section + wants[i].bytes <= memory + memory_bytes);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};

    memory_bytes = arena_size_needed(&shape);
    memory = aligned_alloc(ARENA_ALIGN, memory_bytes);
    FUZZ_CHECK(memory != NULL && memory_bytes % ARENA_ALIGN == 0);
    arena = (struct arena){0};
    FUZZ_CHECK(arena_format(&arena, memory, memory_bytes, &shape) == OK);
    FUZZ_CHECK(arena_section(&arena, 0) == data_at());
    logs_open();
    for (uint64_t seq = 1; in.left > 48; seq++)
        transact(&in, seq);
    damage(&in);
    free(memory);
    return 0;
}
