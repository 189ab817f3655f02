/* SPDX-License-Identifier: BSD-2-Clause */
/* libs/cpio: finding files, and each rule of docs/boot-archive.md that refuses an archive. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cpio/cpio.h>
#include <test/unit/run.h>

#define ARCHIVE_BYTES 0x6000

static char archive[ARCHIVE_BYTES + 1];
static size_t end;

struct file {
    const char *name;
    const char *data;
    unsigned mode;
};

/* Appends an entry whose data begins at a page, and returns the offset of its header. */
static size_t append(const char *name, const char *data, unsigned mode)
{
    size_t header = end, least = header + 110 + strlen(name) + 1;
    size_t page =
        strcmp(name, "TRAILER!!!") == 0 ? (least + 3) / 4 * 4 : (least + 4095) / 4096 * 4096;
    snprintf(archive + header, 111, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", 1,
             mode, 0, 0, 1, 0, (unsigned)strlen(data), 0, 0, 0, 0, (unsigned)(page - header - 110),
             0);
    memset(archive + header + 110, 0, page - header - 110);
    memcpy(archive + header + 110, name, strlen(name));
    memcpy(archive + page, data, strlen(data));
    end = (page + strlen(data) + 3) / 4 * 4;
    return header;
}

static size_t second;

static void setup(void)
{
    memset(archive, 0, sizeof archive);
    end = 0;
    append("rootserver", "program", 0100755);
    second = append("guests/left/kernel", "image!", 0100644);
    append("empty", "", 0100644);
    append("TRAILER!!!", "", 0);
    end = (end + 4095) / 4096 * 4096;
}

static enum err check_bytes(size_t bytes, unsigned *count)
{
    char *copy = malloc(bytes ? bytes : 1);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, archive, bytes);
    enum err err = cpio_check(copy, bytes, count);
    free(copy);
    return err;
}

START_TEST(test_find_existing_file_gives_its_data)
{
    /* Every file is found by its whole name, and no other name is found. */
    struct cpio_file file;
    unsigned count = 0;
    ck_assert_int_eq(cpio_check(archive, end, &count), OK);
    ck_assert_uint_eq(count, 3);
    ck_assert_int_eq(cpio_find(archive, end, "guests/left/kernel", &file), OK);
    ck_assert_uint_eq(file.bytes, 6);
    ck_assert_uint_eq(file.offset % CPIO_DATA_ALIGN, 0);
    ck_assert_mem_eq(archive + file.offset, "image!", 6);
    ck_assert_int_eq(cpio_find(archive, end, "rootserver", &file), OK);
    ck_assert_uint_eq(file.offset, 4096);
    ck_assert_int_eq(cpio_find(archive, end, "empty", &file), OK);
    ck_assert_uint_eq(file.bytes, 0);
    file.bytes = 77;
    ck_assert_int_eq(cpio_find(archive, end, "guests/left", &file), ERR_NOT_FOUND);
    ck_assert_int_eq(cpio_find(archive, end, "TRAILER!!!", &file), ERR_NOT_FOUND);
    ck_assert_uint_eq(file.bytes, 77);
}
END_TEST

START_TEST(test_check_any_truncation_refused)
{
    /* An archive cut at any length is refused, and no byte beyond its end is read. */
    size_t whole = end;
    while (whole > 0 && archive[whole - 1] == 0)
        whole--; /* what follows the trailer's name may go */
    for (size_t bytes = 0; bytes < whole; bytes += bytes % 4096 < 300 ? 1 : 61) {
        unsigned count = 7;
        ck_assert_int_eq(check_bytes(bytes, &count), ERR_FORMAT);
        ck_assert_uint_eq(count, 7);
    }
}
END_TEST

START_TEST(test_check_random_edits_never_leave_the_archive)
{
    /* For any bytes, an accepted file lies inside the archive, at a page. */
    srand(1);
    for (unsigned round = 0; round < 20000; round++) {
        setup();
        for (int n = rand() % 3; n >= 0; n--)
            archive[(size_t)rand() % 3 * 4096 + second % 4096 * (size_t)(rand() % 2) +
                    (size_t)rand() % 130] =
                (char)(rand() % 2 ? "0123456789abcdef"[rand() % 16] : rand());
        unsigned count;
        enum err err = check_bytes(end, &count);
        uint64_t cursor = 0;
        struct cpio_file file;
        while (cpio_next(archive, end, &cursor, &file) == OK) {
            ck_assert_uint_le(file.offset, end);
            ck_assert_uint_le(file.bytes, end - file.offset);
            ck_assert_uint_eq(file.offset % CPIO_DATA_ALIGN, 0);
            ck_assert_uint_lt(strlen(file.name), CPIO_NAME_BYTES);
        }
        ck_assert(err == OK || err == ERR_FORMAT || err == ERR_EXISTS);
    }
}
END_TEST

struct edit {
    size_t at; /* in the second entry */
    const char *text;
};

static const struct edit edits[] = {
    {0, "070702"},     /* magic */
    {6, "0000000g"},   /* not hexadecimal */
    {102, "+0000001"}, /* not hexadecimal, in a field nobody uses */
    {14, "000041ed"},  /* a directory */
    {14, "0000a1ff"},  /* a symbolic link */
    {54, "ffffffff"},  /* data beyond the end */
    {54, "00006000"},  /* data beyond the end */
    {94, "00000000"},  /* no name */
    {94, "00001101"},  /* name field above its limit */
    {94, "ffffffff"},  /* name beyond the end */
    {94, "00000014"},  /* data not at a page */
    {110, "Guests"},   /* character outside the set */
    {110, "/uests"},   /* leading slash */
    {110, "g//sts"},   /* empty component */
    {110, "../sts"},   /* leaves its folder */
    {110, "./ests"},   /* "." component */
};

START_TEST(test_check_bad_entry_refused)
{
    /* Each broken rule is refused, also by a walk that reaches the entry. */
    struct cpio_file file;
    unsigned count;
    memcpy(archive + second + edits[_i].at, edits[_i].text, strlen(edits[_i].text));
    ck_assert_int_eq(check_bytes(end, &count), ERR_FORMAT);
    ck_assert_int_eq(cpio_find(archive, end, "empty", &file), ERR_FORMAT);
    ck_assert_int_eq(cpio_find(archive, end, "rootserver", &file), OK);
}
END_TEST

START_TEST(test_check_name_without_end_refused)
{
    /* A name field whose last counted byte is not zero has no end. */
    unsigned count;
    archive[second + 110 + strtoul("0000001", NULL, 16)] = 'x';
    size_t name_bytes = 4096 * 2 - second - 110;
    archive[second + 110 + name_bytes - 1] = 'x';
    ck_assert_int_eq(check_bytes(end, &count), ERR_FORMAT);
}
END_TEST

START_TEST(test_check_duplicate_name_refused)
{
    /* The same name twice is refused: which file is meant would depend on the reader. */
    unsigned count;
    memcpy(archive + second + 110, "rootserver\0\0\0\0\0\0\0\0", 18);
    ck_assert_int_eq(check_bytes(end, &count), ERR_EXISTS);
}
END_TEST

START_TEST(test_check_missing_trailer_refused)
{
    /* An archive that ends without its trailer is truncated. */
    unsigned count;
    end = second;
    ck_assert_int_eq(check_bytes(end, &count), ERR_FORMAT);
}
END_TEST

START_TEST(test_check_bytes_after_trailer_refused)
{
    /* Nothing but zero bytes follows the trailer. */
    unsigned count;
    archive[end - 1] = 1;
    ck_assert_int_eq(check_bytes(end, &count), ERR_FORMAT);
}
END_TEST

START_TEST(test_check_too_many_files_refused)
{
    /* The number of files is bounded, so that the search for duplicates is. */
    size_t most = (CPIO_FILES_MAX + 2) * 4096u;
    char *big = calloc(1, most + 4096);
    ck_assert_ptr_nonnull(big);
    for (unsigned i = 0; i <= CPIO_FILES_MAX; i++) {
        char name[16];
        memset(archive, 0, sizeof archive);
        end = 0;
        snprintf(name, sizeof name, "f%u", i);
        append(name, "", 0100644);
        memcpy(big + i * 4096u, archive, 4096);
    }
    memset(archive, 0, sizeof archive);
    end = 0;
    append("TRAILER!!!", "", 0);
    memcpy(big + (CPIO_FILES_MAX + 1) * 4096u, archive, 256);
    unsigned count;
    ck_assert_int_eq(cpio_check(big, most, &count), ERR_RANGE);
    free(big);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cpio");
    TCase *tc = tcase_create("cpio");
    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, test_find_existing_file_gives_its_data);
    tcase_add_test(tc, test_check_any_truncation_refused);
    tcase_add_test(tc, test_check_random_edits_never_leave_the_archive);
    tcase_add_loop_test(tc, test_check_bad_entry_refused, 0, sizeof edits / sizeof edits[0]);
    tcase_add_test(tc, test_check_name_without_end_refused);
    tcase_add_test(tc, test_check_duplicate_name_refused);
    tcase_add_test(tc, test_check_missing_trailer_refused);
    tcase_add_test(tc, test_check_bytes_after_trailer_refused);
    tcase_add_test(tc, test_check_too_many_files_refused);
    suite_add_tcase(suite, tc);
    return run_suites(srunner_create(suite));
}
