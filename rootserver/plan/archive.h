/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Divides the boot archive into frames at the borders of its files, so that a
 * process can map one file without access to any other file.  A 2 MiB frame is
 * used where the frame lies completely inside a file; 4 KiB frames elsewhere.
 */
#ifndef ROOTSERVER_PLAN_ARCHIVE_H
#define ROOTSERVER_PLAN_ARCHIVE_H

#include <stddef.h>
#include <stdint.h>

#include <base/err.h>

#define ARCHIVE_RUNS_MAX       512
#define ARCHIVE_RUN_FRAMES_MAX 64 /* limit of one retype call */

/* Adjoining frames of one size, made from one Untyped, in adjoining slots. */
struct archive_run {
    uint32_t untyped_slot;
    uint32_t slot; /* of the first frame */
    uint16_t count;
    uint8_t size_bits;
    uint64_t offset; /* of the run's first byte in the archive */
};

struct archive_map {
    uint64_t physical; /* address of the archive's first byte; page-aligned */
    unsigned run_count;
    uint32_t slot_end;                        /* first slot after all frames */
    struct archive_run run[ARCHIVE_RUNS_MAX]; /* ascending, without a gap */
};

/* One Untyped of the archive, in ascending order of addresses. */
struct archive_piece {
    uint32_t slot;
    uint8_t size_bits;
    uint64_t address;
};

/*
 * Divides the pieces into frames whose slots begin at `first_slot`.  With
 * `archive` NULL, the file borders are unknown: uses the largest frames that fit.
 *   ERR_FORMAT     the pieces leave a gap, or the archive is malformed
 *   ERR_NO_MEMORY  too many runs
 */
MUST_CHECK archive_cut(const struct archive_piece *piece, unsigned piece_count, const void *archive,
                       size_t bytes, uint32_t first_slot, struct archive_map *out);

/*
 * Iterates over the frames that cover [offset, offset + bytes), one run per call.
 * Set *next to 0 before the first call and call until ERR_NOT_FOUND.  Each call
 * returns `*count` frames of *run, beginning with frame *first.
 */
MUST_CHECK archive_cover(const struct archive_map *map, uint64_t offset, uint64_t bytes,
                         unsigned *next, const struct archive_run **run, unsigned *first,
                         unsigned *count);

#endif
