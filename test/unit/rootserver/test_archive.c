/* SPDX-License-Identifier: BSD-2-Clause */
/* rootserver/plan/archive: the archive, split at the borders of its files. */
#include <string.h>

#include <test/unit/run.h>

#include "sample.h"

static struct sample sample;

static void setup(void)
{
    sample_make(&sample, 1, 32 << 20, 512 << 20);
}

static void teardown(void)
{
    sample_free(&sample);
}

/* Frames ascend without a gap, aligned, inside their pieces. */
static void check_map(const struct archive_map *map)
{
    uint64_t expected = 0;
    uint32_t slot = SAMPLE_ARCHIVE_FIRST;
    for (unsigned i = 0; i < map->run_count; i++) {
        const struct archive_run *run = &map->run[i];
        ck_assert_uint_eq(run->offset, expected);
        ck_assert_uint_eq(run->slot, slot);
        ck_assert_uint_eq((map->physical + run->offset) % (UINT64_C(1) << run->size_bits), 0);
        ck_assert_uint_le(run->count, ARCHIVE_RUN_FRAMES_MAX);
        expected += (uint64_t)run->count << run->size_bits;
        slot += run->count;
    }
    ck_assert_uint_eq(slot, map->slot_end);
    ck_assert_uint_eq(expected, sample.archive_bytes);
}

START_TEST(test_cut_by_files_never_joins_two)
{
    /* No large frame holds bytes of two files or of none, and large files get large frames. */
    unsigned big = 0;
    check_map(&sample.map);
    size_t kernel = sample_file(&sample, "guests/g0/kernel");
    for (unsigned i = 0; i < sample.map.run_count; i++) {
        const struct archive_run *run = &sample.map.run[i];
        if (run->size_bits == 12)
            continue;
        ck_assert_uint_ge(run->offset, kernel);
        ck_assert_uint_le(run->offset + ((uint64_t)run->count << run->size_bits),
                          kernel + (7u << 20));
        big += run->count;
    }
    ck_assert_uint_ge(big, 2);
}
END_TEST

START_TEST(test_cut_without_borders_takes_largest)
{
    /* Before the files are known, the map has as few frames as possible. */
    struct archive_map map;
    ck_assert_int_eq(
        archive_cut(sample.piece, sample.piece_count, NULL, 0, SAMPLE_ARCHIVE_FIRST, &map), OK);
    check_map(&map);
    ck_assert_uint_le(map.slot_end, sample.map.slot_end);
}
END_TEST

START_TEST(test_cut_gap_between_pieces_refused)
{
    /* Pieces that are not adjacent are refused. */
    struct archive_map map;
    sample.piece[1].address += 4096;
    ck_assert_int_eq(
        archive_cut(sample.piece, sample.piece_count, NULL, 0, SAMPLE_ARCHIVE_FIRST, &map),
        ERR_FORMAT);
    ck_assert_int_eq(archive_cut(sample.piece, 0, NULL, 0, SAMPLE_ARCHIVE_FIRST, &map), ERR_FORMAT);
}
END_TEST

START_TEST(test_cut_damaged_archive_refused)
{
    /* An archive that does not parse is refused. */
    struct archive_map map;
    sample.archive[sample_file(&sample, "vmm") + 0x4000] = 'X';
    ck_assert_int_eq(archive_cut(sample.piece, sample.piece_count, sample.archive,
                                 sample.archive_bytes, SAMPLE_ARCHIVE_FIRST, &map),
                     ERR_FORMAT);
}
END_TEST

START_TEST(test_cover_gives_each_page_once)
{
    /* The frames for any range cover it, in order, without a gap. */
    static const uint64_t ranges[][2] = {
        {0, 1}, {4096, 4096}, {4096 * 3, 4 << 20}, {(3 << 20) + 4096, 1}, {0, 7 << 20}};
    for (unsigned i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        uint64_t at = ranges[i][0], end = at + ranges[i][1], from = UINT64_MAX;
        const struct archive_run *run;
        unsigned next = 0, first, count;
        while (archive_cover(&sample.map, ranges[i][0], ranges[i][1], &next, &run, &first,
                             &count) == OK) {
            uint64_t start = run->offset + ((uint64_t)first << run->size_bits);
            ck_assert_uint_le(first + count, run->count);
            ck_assert(from == UINT64_MAX ? start <= at : start == from);
            from = start + ((uint64_t)count << run->size_bits);
        }
        ck_assert_uint_ge(from, end);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rootserver-archive");
    TCase *tc = tcase_create("archive");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_cut_by_files_never_joins_two);
    tcase_add_test(tc, test_cut_without_borders_takes_largest);
    tcase_add_test(tc, test_cut_gap_between_pieces_refused);
    tcase_add_test(tc, test_cut_damaged_archive_refused);
    tcase_add_test(tc, test_cover_gives_each_page_once);
    suite_add_tcase(suite, tc);
    return run_suites(srunner_create(suite));
}
