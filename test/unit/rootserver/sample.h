/* SPDX-License-Identifier: BSD-2-Clause */
/* A small boot archive, a machine and a configuration for the tests of the root server. */
#ifndef TEST_ROOTSERVER_SAMPLE_H
#define TEST_ROOTSERVER_SAMPLE_H

#include <rootserver/plan/plan.h>

#define SAMPLE_ARCHIVE_BYTES (12u << 20)
#define SAMPLE_ARCHIVE_AT    UINT64_C(0xa0003000) /* physical */
#define SAMPLE_EMPTY_FIRST   300u
#define SAMPLE_ARCHIVE_FIRST (SAMPLE_EMPTY_FIRST + PLAN_ROOT_SLOTS)

struct sample {
    uint8_t *archive;
    size_t archive_bytes;
    struct bootinfo boot;
    struct machine_config machine;
    struct system_config system;
    struct archive_map map;
    struct archive_piece piece[64];
    unsigned piece_count;
    struct plan_input in;
    uint8_t tree[4096]; /* the machine's */
};

/* `guests` guests of `memory` bytes each on a machine with `ram` bytes free.  The caller frees the
 * archive. */
void sample_make(struct sample *s, unsigned guests, uint64_t memory, uint64_t ram);
void sample_free(struct sample *s);

/* Plans the root server's part, and then all of it in the order of a start.  A part that cannot be
 * planned is left out; *problem is that of the last one, sample_refused[] that of each process. */
enum err sample_open(const struct sample *s, struct plan *plan, struct problem *problem);
enum err sample_plan(const struct sample *s, struct plan *plan, struct problem *problem);
extern struct problem sample_refused[PLAN_PROCESSES_ALL];

/* Splits the archive into files again, after an edit. */
void sample_cut(struct sample *s);

/* The offset of a file's data in the archive. */
size_t sample_file(const struct sample *s, const char *name);

#endif
