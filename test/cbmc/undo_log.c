/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * proves: Whatever a thread sets and commits, and at whatever store its process dies, also one of a
 *         first rollback: a rollback leaves the words and the outcome of the last commit.
 * mutant: vmm/state/log.c: for (uint64_t i = count; i-- > 0;) ->
 *         for (uint64_t i = 0; i < count; i++)
 * unwind: 5
 * scale: vmm/state/log.h: *(volatile uint64_t *)&log->area->commit = commit; -> if (lives())
 *        *(volatile uint64_t *)&log->area->commit = commit; ;; vmm/state/log.c:
 *        log->area->entry[count++] = (struct log_entry){at, log_word_load(log->base + at)}; ->
 *        uint64_t kept = log_word_load(log->base + at);
 *        if (lives()) log->area->entry[count].offset = at;
 *        if (lives()) log->area->entry[count].word = kept;
 *        count++; ;; vmm/state/log.c:
 *        log_word_store(log->base + log->area->entry[i].offset, log->area->entry[i].word); ->
 *        if (lives())
 *        log_word_store(log->base + log->area->entry[i].offset, log->area->entry[i].word);
 */
#include "prove.h"

/* The edits let a store happen only while the process lives. */
static bool is_dead, can_die = true;

static bool lives(void)
{
    if (can_die && nondet_bool())
        is_dead = true;
    return !is_dead;
}

/* CBMC has no body for this function. */
#define __builtin_assume_aligned(at, bytes) ((void *)(at))
#include <vmm/state/log.c>

#define WORDS   2u
#define ENTRIES 3u
#define STEPS   3u

static struct memory {
    struct log_area area;
    struct log_entry entry[ENTRIES];
    uint64_t word[WORDS];
} memory;

static struct log log = {.area = &memory.area,
                         .base = (uint8_t *)&memory,
                         .first = offsetof(struct memory, word),
                         .end = sizeof memory,
                         .capacity = ENTRIES};
static uint64_t committed[WORDS], seq, drafted = 1, sets;

/* Keeps one word or both, and then writes what was kept. */
static void step_set(void)
{
    uint32_t word = nondet_bool() ? 1 : 0, bytes = nondet_bool() && word == 0 ? 16 : 8;

    if (sets + bytes / 8 > ENTRIES)
        return;
    sets += bytes / 8;
    log_set(&log, &memory.word[word], bytes);
    if (lives())
        memory.word[word] = nondet_u64();
    if (bytes == 16 && lives())
        memory.word[1] = nondet_u64();
}

static void step_commit(void)
{
    if (lives())
        log_outcome_draft(&log)->seq = drafted;
    log_commit_draft(&log);
    if (!is_dead) {
        committed[0] = memory.word[0];
        committed[1] = memory.word[1];
        seq = drafted;
    }
    drafted++;
    sets = 0;
    log_begin(&log);
}

int main(void)
{
    committed[0] = memory.word[0] = nondet_u64();
    committed[1] = memory.word[1] = nondet_u64();
    log_begin(&log);
    for (uint32_t step = 0; step < STEPS && !is_dead; step++) {
        if (nondet_bool())
            step_commit();
        else
            step_set();
    }
    /* A new process, which may die in its rollback, and another that does not. */
    is_dead = false;
    PROVE(log_rollback(&log) == OK);
    is_dead = can_die = false;
    PROVE(log_rollback(&log) == OK);
    PROVE(memory.word[0] == committed[0] && memory.word[1] == committed[1]);
    PROVE(log_outcome(&log)->seq == seq);
    return 0;
}
