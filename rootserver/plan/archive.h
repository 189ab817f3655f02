/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How the boot archive is cut into frames: by the borders of its files, so that
 * a file can be mapped into a process without showing it any other file.  A
 * 2 MiB frame is used where one lies wholly inside a file; 4 KiB elsewhere.
 */
#ifndef ROOTSERVER_PLAN_ARCHIVE_H
#define ROOTSERVER_PLAN_ARCHIVE_H

#include <stddef.h>
#include <stdint.h>

#include <base/err.h>

#define ARCHIVE_RUNS_MOST       512
#define ARCHIVE_RUN_FRAMES_MOST 64 /* what one retype makes */

/* Adjoining frames of one size out of one Untyped, in adjoining slots. */
struct archive_run {
    uint32_t untyped_slot;
    uint32_t slot; /* of the first frame */
    uint16_t count;
    uint8_t size_bits;
    uint64_t offset; /* of the first byte, from the archive's first */
};

struct archive_map {
    uint64_t physical; /* address of the archive's first byte; page-aligned */
    unsigned run_count;
    uint32_t slot_end;                         /* first slot behind all frames */
    struct archive_run run[ARCHIVE_RUNS_MOST]; /* ascending, without a gap */
};

/* One Untyped of the archive, in ascending order of addresses. */
struct archive_piece {
    uint32_t slot;
    uint8_t size_bits;
    uint64_t address;
};

/*
 * Cuts the pieces into frames whose slots begin at `first_slot`.  With
 * `archive` NULL no borders are known yet: the largest frames that fit.
 *   ERR_FORMAT     the pieces leave a gap, or the archive is malformed
 *   ERR_NO_MEMORY  too many runs
 */
MUST_CHECK archive_cut(const struct archive_piece *piece, unsigned piece_count, const void *archive,
                       size_t bytes, uint32_t first_slot, struct archive_map *out);

/*
 * The frames that cover [offset, offset + bytes), one run after the other:
 * calls for *next = 0, then on until ERR_NOT_FOUND.  *first and *count say which
 * frames of the run.
 */
MUST_CHECK archive_cover(const struct archive_map *map, uint64_t offset, uint64_t bytes,
                         unsigned *next, const struct archive_run **run, unsigned *first,
                         unsigned *count);

#endif
