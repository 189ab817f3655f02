/* SPDX-License-Identifier: BSD-2-Clause */
#include <rootserver/plan/archive.h>

#include <stdbool.h>
#include <string.h>

#include <cpio/cpio.h>

#define PAGE_BYTES    UINT64_C(4096)
#define BIG_BITS      21
#define BIG_BYTES     (UINT64_C(1) << BIG_BITS)
#define BIG_FILES_MAX 64 /* further files are divided into small frames only */

/* The files that are at least as large as a 2 MiB frame. */
struct borders {
    unsigned count;
    struct {
        uint64_t start, end; /* offsets, whole pages */
    } file[BIG_FILES_MAX];
};

static MUST_CHECK archive_borders_find(const void *archive, size_t bytes, struct borders *out)
{
    uint64_t cursor = 0;
    struct cpio_file file;
    enum err err;

    out->count = 0;
    if (archive == NULL)
        return OK;
    while ((err = cpio_next(archive, bytes, &cursor, &file)) == OK) {
        if (file.bytes < BIG_BYTES || out->count == BIG_FILES_MAX)
            continue;
        out->file[out->count].start = file.offset;
        out->file[out->count].end = (file.offset + file.bytes + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
        out->count++;
    }
    return err == ERR_NOT_FOUND ? OK : err;
}

static bool archive_is_inside_file(const struct borders *borders, uint64_t offset)
{
    for (unsigned i = 0; i < borders->count; i++) {
        if (offset >= borders->file[i].start && offset + BIG_BYTES <= borders->file[i].end)
            return true;
    }
    return false;
}

static MUST_CHECK archive_frame_add(struct archive_map *map, uint32_t untyped_slot,
                                    unsigned size_bits, uint64_t offset)
{
    struct archive_run *run = map->run_count ? &map->run[map->run_count - 1] : NULL;

    if (run == NULL || run->untyped_slot != untyped_slot || run->size_bits != size_bits ||
        run->count == ARCHIVE_RUN_FRAMES_MAX) {
        if (map->run_count == ARCHIVE_RUNS_MAX)
            return ERR_NO_MEMORY;
        run = &map->run[map->run_count++];
        *run = (struct archive_run){.untyped_slot = untyped_slot,
                                    .slot = map->slot_end,
                                    .size_bits = (uint8_t)size_bits,
                                    .offset = offset};
    }
    run->count++;
    map->slot_end++;
    return OK;
}

static MUST_CHECK archive_piece_cut(struct archive_map *map, const struct archive_piece *piece,
                                    const struct borders *borders, bool borders_known)
{
    uint64_t end = piece->address + (UINT64_C(1) << piece->size_bits);

    for (uint64_t at = piece->address; at < end;) {
        uint64_t offset = at - map->physical;
        bool big = at % BIG_BYTES == 0 && end - at >= BIG_BYTES &&
                   (!borders_known || archive_is_inside_file(borders, offset));
        enum err err = archive_frame_add(map, piece->slot, big ? BIG_BITS : 12, offset);
        if (err != OK)
            return err;
        at += big ? BIG_BYTES : PAGE_BYTES;
    }
    return OK;
}

MUST_CHECK archive_cut(const struct archive_piece *piece, unsigned piece_count, const void *archive,
                       size_t bytes, uint32_t first_slot, struct archive_map *out)
{
    struct borders borders;

    if (piece_count == 0)
        return ERR_FORMAT;
    enum err err = archive_borders_find(archive, bytes, &borders);
    if (err != OK)
        return err;
    out->physical = piece[0].address;
    out->run_count = 0;
    out->slot_end = first_slot;
    uint64_t expected = piece[0].address;
    for (unsigned i = 0; i < piece_count; i++) {
        if (piece[i].address != expected || piece[i].size_bits < 12 || piece[i].size_bits > 40)
            return ERR_FORMAT;
        expected += UINT64_C(1) << piece[i].size_bits;
        err = archive_piece_cut(out, &piece[i], &borders, archive != NULL);
        if (err != OK)
            return err;
    }
    return OK;
}

MUST_CHECK archive_cover(const struct archive_map *map, uint64_t offset, uint64_t bytes,
                         unsigned *next, const struct archive_run **run, unsigned *first,
                         unsigned *count)
{
    for (; *next < map->run_count; ++*next) {
        const struct archive_run *r = &map->run[*next];
        uint64_t end = r->offset + ((uint64_t)r->count << r->size_bits);
        if (end <= offset || r->offset >= offset + bytes)
            continue;
        uint64_t from = offset > r->offset ? offset : r->offset;
        uint64_t to = offset + bytes < end ? offset + bytes : end;
        uint64_t frame = UINT64_C(1) << r->size_bits;
        *run = r;
        *first = (unsigned)((from - r->offset) / frame);
        *count = (unsigned)((to - r->offset + frame - 1) / frame) - *first;
        ++*next;
        return OK;
    }
    return ERR_NOT_FOUND;
}
