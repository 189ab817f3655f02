/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * proves: Whatever a faulty VMM left in a log's area, a rollback changes nothing but words of
 *         the sections and the commit word; an error means that it changed nothing at all.
 * mutant: vmm/state/log.c: entry->offset < log->end; -> entry->offset <= log->end;
 * unwind: 4
 */
#include "prove.h"

/* CBMC has no body for this function. */
#define __builtin_assume_aligned(at, bytes) ((void *)(at))
#include <vmm/state/log.c>

#define ENTRIES 3u

static struct memory {
    uint64_t before;
    struct log_area area;
    struct log_entry entry[ENTRIES];
    uint64_t word[2];
    uint64_t after;
} memory;

int main(void)
{
    struct log log = {.area = &memory.area,
                      .base = (uint8_t *)&memory,
                      .first = offsetof(struct memory, word),
                      .end = offsetof(struct memory, after),
                      .capacity = ENTRIES};
    uint64_t before = memory.before = nondet_u64(), after = memory.after = nondet_u64();
    uint64_t commit = memory.area.commit = nondet_u64(), word[2];
    struct log_entry entry[ENTRIES];

    for (uint32_t i = 0; i < ENTRIES; i++)
        entry[i] = log.area->entry[i] = (struct log_entry){nondet_u64(), nondet_u64()};
    for (uint32_t i = 0; i < 2; i++)
        word[i] = memory.word[i] = nondet_u64();
    enum err err = log_rollback(&log);
    PROVE(memory.before == before && memory.after == after);
    for (uint32_t i = 0; i < ENTRIES; i++)
        PROVE(log.area->entry[i].offset == entry[i].offset &&
              log.area->entry[i].word == entry[i].word);
    if (err)
        PROVE(memory.area.commit == commit && memory.word[0] == word[0] &&
              memory.word[1] == word[1]);
    else
        PROVE(!log_is_open(&log) && (memory.area.commit ^ commit) >> 63 == 0);
    return 0;
}
