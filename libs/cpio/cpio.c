/* SPDX-License-Identifier: BSD-2-Clause */
#include <cpio/cpio.h>

#include <stdbool.h>
#include <string.h>

#define HEADER_BYTES   110u
#define NAMESIZE_MAX   4352u
#define MODE_TYPE      0170000u
#define MODE_REGULAR   0100000u

/* Offsets of fields in the header: 13 of 8 hexadecimal digits, from offset 6. */
#define FIELD_FIRST    6u
#define FIELD_COUNT    13u
#define FIELD_MODE     1u
#define FIELD_FILESIZE 6u
#define FIELD_NAMESIZE 11u

static const char trailer[] = "TRAILER!!!";

/* One entry, checked; offsets count from the archive's first byte. */
struct entry {
    const char *name;
    uint64_t data;
    uint64_t data_bytes;
    uint64_t next;
    bool is_trailer;
};

/* The kernel links this library too, and has no strcmp(). */
static bool names_equal(const char *a, const char *b)
{
    size_t length = strlen(a);
    return strlen(b) == length && memcmp(a, b, length) == 0;
}

static uint64_t align4(uint64_t n)
{
    return (n + 3) & ~UINT64_C(3);
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static MUST_CHECK cpio_read_fields(const uint8_t *header, uint32_t field[FIELD_COUNT])
{
    for (unsigned f = 0; f < FIELD_COUNT; f++) {
        uint32_t value = 0;
        for (unsigned i = 0; i < 8; i++) {
            int digit = hex_digit(header[FIELD_FIRST + f * 8 + i]);
            if (digit < 0)
                return ERR_FORMAT;
            value = value << 4 | (uint32_t)digit;
        }
        field[f] = value;
    }
    return OK;
}

static bool name_char_allowed(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

/* Relative, 1 to 255 characters, no empty, "." or ".." component. */
static bool name_allowed(const char *name)
{
    size_t length = strlen(name), start = 0;

    if (length == 0 || length >= CPIO_NAME_BYTES)
        return false;
    for (size_t i = 0; i <= length; i++) {
        if (i < length && name[i] != '/') {
            if (!name_char_allowed(name[i]))
                return false;
            continue;
        }
        size_t part = i - start;
        if (part == 0 || (part == 1 && name[start] == '.') ||
            (part == 2 && name[start] == '.' && name[start + 1] == '.'))
            return false;
        start = i + 1;
    }
    return true;
}

/* Checks rules 1 to 6, in this order, for the entry at `at`. */
static MUST_CHECK cpio_read_entry(const uint8_t *archive, size_t bytes, uint64_t at,
                                  struct entry *out)
{
    uint32_t field[FIELD_COUNT];

    if (at > bytes || bytes - at < HEADER_BYTES || memcmp(archive + at, "070701", 6) != 0)
        return ERR_FORMAT;
    enum err err = cpio_read_fields(archive + at, field);
    if (err != OK)
        return err;

    uint32_t name_bytes = field[FIELD_NAMESIZE];
    uint64_t name_at = at + HEADER_BYTES;
    if (name_bytes == 0 || name_bytes > NAMESIZE_MAX || name_bytes > bytes - name_at ||
        archive[name_at + name_bytes - 1] != 0 || archive[name_at] == 0)
        return ERR_FORMAT;
    const char *name = (const char *)archive + name_at;

    uint64_t data = align4(name_at + name_bytes);
    uint32_t data_bytes = field[FIELD_FILESIZE];
    if (data > bytes || data_bytes > bytes - data)
        return ERR_FORMAT;

    bool is_trailer = names_equal(name, trailer);
    if (!is_trailer && ((field[FIELD_MODE] & MODE_TYPE) != MODE_REGULAR ||
                        data % CPIO_DATA_ALIGN != 0 || !name_allowed(name)))
        return ERR_FORMAT;
    *out = (struct entry){
        .name = name,
        .data = data,
        .data_bytes = data_bytes,
        .next = align4(data + data_bytes),
        .is_trailer = is_trailer,
    };
    return OK;
}

MUST_CHECK cpio_next(const void *archive, size_t bytes, uint64_t *cursor, struct cpio_file *out)
{
    struct entry entry;

    enum err err = cpio_read_entry(archive, bytes, *cursor, &entry);
    if (err != OK)
        return err;
    if (entry.is_trailer)
        return ERR_NOT_FOUND;
    *out = (struct cpio_file){.name = entry.name, .offset = entry.data, .bytes = entry.data_bytes};
    *cursor = entry.next;
    return OK;
}

MUST_CHECK cpio_find(const void *archive, size_t bytes, const char *name, struct cpio_file *out)
{
    uint64_t cursor = 0;
    struct cpio_file file;

    for (;;) {
        enum err err = cpio_next(archive, bytes, &cursor, &file);
        if (err != OK)
            return err;
        if (names_equal(file.name, name)) {
            *out = file;
            return OK;
        }
    }
}

/* Behind the trailer all bytes must be zero. */
static MUST_CHECK cpio_check_end(const uint8_t *archive, size_t bytes, uint64_t at)
{
    struct entry entry;

    enum err err = cpio_read_entry(archive, bytes, at, &entry);
    if (err != OK)
        return err;
    if (entry.data_bytes != 0)
        return ERR_FORMAT;
    for (uint64_t i = entry.next; i < bytes; i++) {
        if (archive[i] != 0)
            return ERR_FORMAT;
    }
    return OK;
}

MUST_CHECK cpio_check(const void *archive, size_t bytes, unsigned *file_count)
{
    uint64_t cursor = 0;
    unsigned count = 0;

    for (;;) {
        struct cpio_file file, first;
        enum err err = cpio_next(archive, bytes, &cursor, &file);
        if (err == ERR_NOT_FOUND)
            break;
        if (err != OK)
            return err;
        err = cpio_find(archive, bytes, file.name, &first);
        if (err != OK)
            return err;
        if (first.name != file.name)
            return ERR_EXISTS;
        if (++count > CPIO_FILES_MAX)
            return ERR_RANGE;
    }
    enum err err = cpio_check_end(archive, bytes, cursor);
    if (err != OK)
        return err;
    *file_count = count;
    return OK;
}
