/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The boot archive.  Oracle: an archive that cpio_check() accepts is read a second time by the
 * rules of docs/boot-archive.md: each file lies inside, page-aligned, after the file before, with
 * a valid and unique name, and is found by that name.  A refused archive can still be walked, and
 * the walk ends.
 */
#include "fuzz.h"

#include <cpio/cpio.h>

#define SOUGHT "no/such-file" /* most archives have no such name */

static void check_name(const char *name)
{
    size_t length = strlen(name);

    FUZZ_CHECK(length >= 1 && length < CPIO_NAME_BYTES);
    FUZZ_CHECK(name[0] != '/' && name[length - 1] != '/');
    FUZZ_CHECK(!strstr(name, "//"));
    FUZZ_CHECK(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-/") == length);
    for (const char *part = name; part; part = strchr(part, '/')) {
        part += *part == '/';
        FUZZ_CHECK(strncmp(part, "./", 2) != 0 && strcmp(part, ".") != 0);
        FUZZ_CHECK(strncmp(part, "../", 3) != 0 && strcmp(part, "..") != 0);
    }
}

static void check_file(const uint8_t *archive, size_t bytes, const struct cpio_file *file,
                       uint64_t behind)
{
    FUZZ_CHECK(file->offset % CPIO_DATA_ALIGN == 0 && file->offset >= behind);
    FUZZ_CHECK(file->offset <= bytes && file->bytes <= bytes - file->offset);
    FUZZ_CHECK((const uint8_t *)file->name >= archive + behind);
    FUZZ_CHECK((const uint8_t *)file->name + strlen(file->name) < archive + file->offset);
    check_name(file->name);
}

/* Walks to the end; returns the number of files, or -1 if the walk ends in an error. */
static int walk(const uint8_t *archive, size_t bytes, bool is_good)
{
    struct cpio_file file = {0}, found;
    uint64_t cursor = 0, behind = 0;
    int count = 0;
    bool is_met = false;
    enum err err;

    while ((err = cpio_next(archive, bytes, &cursor, &file)) == OK) {
        check_file(archive, bytes, &file, behind);
        behind = file.offset + file.bytes;
        FUZZ_CHECK(cursor >= behind);
        FUZZ_CHECK(cpio_find(archive, bytes, file.name, &found) == OK);
        FUZZ_CHECK(strcmp(found.name, file.name) == 0);
        FUZZ_CHECK(!is_good || found.offset == file.offset);
        is_met |= strcmp(file.name, SOUGHT) == 0;
        count++;
    }
    FUZZ_CHECK(err == ERR_NOT_FOUND || err == ERR_FORMAT);
    /* A search ends at the name's first entry, or where this walk ended. */
    enum err wanted = is_met ? OK : err;
    FUZZ_CHECK(cpio_find(archive, bytes, SOUGHT, &found) == wanted);
    FUZZ_CHECK(!is_met || strcmp(found.name, SOUGHT) == 0);
    return err == ERR_NOT_FOUND ? count : -1;
}

static bool is_zero(const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned count = 12345;
    enum err err = cpio_check(data, size, &count);
    int walked = walk(data, size, err == OK);

    if (err == OK) {
        FUZZ_CHECK(walked >= 0 && count == (unsigned)walked && count <= CPIO_FILES_MAX);
        /* Cut short by one byte that is not padding, it is refused. */
        size_t end = size;
        while (end > 0 && is_zero(data + end - 1, 1))
            end--;
        FUZZ_CHECK(end > 0 && cpio_check(data, end - 1, &count) != OK);
    } else {
        FUZZ_CHECK(err == ERR_FORMAT || err == ERR_EXISTS || err == ERR_RANGE);
        FUZZ_CHECK(count == 12345);
        FUZZ_CHECK(err != ERR_EXISTS || walked != 0);
    }
    return 0;
}
