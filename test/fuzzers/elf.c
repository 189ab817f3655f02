/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs of the boot archive.  Oracle: a file that elf_open() accepts keeps every promise of
 * elf.h, by a second reading of the program headers: no segment writable and executable, no page
 * in two segments, file bytes inside the image, the entry in code.
 */
#include "fuzz.h"

#include <elf/elf.h>

#define HEADER_BYTES 64u
#define ROW_BYTES    56u

static uint64_t get(const uint8_t *at, unsigned bytes)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < bytes; i++)
        value |= (uint64_t)at[i] << (8 * i);
    return value;
}

/* The i-th program header that is loaded and not empty, or NULL. */
static const uint8_t *load_row(const uint8_t *image, unsigned i)
{
    const uint8_t *row = image + get(image + 32, 8);

    for (uint64_t count = get(image + 56, 2); count > 0; count--, row += ROW_BYTES)
        if (get(row, 4) == 1 && get(row + 40, 8) != 0 && i-- == 0)
            return row;
    return NULL;
}

static void check_segment(const uint8_t *image, size_t size, unsigned i,
                          const struct elf_segment *segment)
{
    const uint8_t *row = load_row(image, i);
    uint64_t flags = row ? get(row + 4, 4) & 7 : 0;
    __uint128_t file_end = (__uint128_t)segment->file_offset + segment->file_bytes;
    __uint128_t end = (__uint128_t)segment->address + segment->memory_bytes;

    FUZZ_CHECK(row != NULL);
    FUZZ_CHECK(segment->file_offset == get(row + 8, 8) && segment->address == get(row + 16, 8));
    FUZZ_CHECK(segment->file_bytes == get(row + 32, 8));
    FUZZ_CHECK(segment->memory_bytes == get(row + 40, 8) && segment->memory_bytes > 0);
    FUZZ_CHECK(segment->file_bytes <= segment->memory_bytes && file_end <= size);
    FUZZ_CHECK(segment->memory_bytes <= ELF_SEGMENT_BYTES);
    FUZZ_CHECK(segment->address >= ELF_ADDRESS_LOW && end <= ELF_ADDRESS_HIGH);
    FUZZ_CHECK(segment->address % ELF_PAGE_BYTES == segment->file_offset % ELF_PAGE_BYTES);
    FUZZ_CHECK(flags & 4 && (flags & 3) != 3);
    FUZZ_CHECK(segment->rights ==
               (ELF_READ | (flags & 2 ? ELF_WRITE : 0) | (flags & 1 ? ELF_EXEC : 0)));
}

static bool shares_page(const struct elf_segment *a, const struct elf_segment *b)
{
    uint64_t a_first = a->address / ELF_PAGE_BYTES, b_first = b->address / ELF_PAGE_BYTES;
    uint64_t a_last = (a->address + a->memory_bytes - 1) / ELF_PAGE_BYTES;
    uint64_t b_last = (b->address + b->memory_bytes - 1) / ELF_PAGE_BYTES;

    return a_first <= b_last && b_first <= a_last;
}

/* The range and its exit lie in the file bytes of one segment of code. */
static void check_recovery(const struct elf *elf)
{
    const struct elf_recovery *r = &elf->recovery;
    bool is_in_code = r->bytes == 0;

    for (unsigned i = 0; i < elf->segment_count && !is_in_code; i++) {
        const struct elf_segment *s = &elf->segment[i];
        __uint128_t end = (__uint128_t)s->address + s->file_bytes;
        is_in_code = (s->rights & ELF_EXEC) && r->start >= s->address &&
                     (__uint128_t)r->start + r->bytes <= end && r->exit >= s->address &&
                     r->exit < end;
    }
    FUZZ_CHECK(is_in_code);
    FUZZ_CHECK(((r->start | r->bytes | r->exit) & 1) == 0);
    FUZZ_CHECK(r->bytes == 0 || r->exit < r->start || r->exit - r->start >= r->bytes);
}

static void check_accepted(const uint8_t *image, size_t size, const struct elf *elf)
{
    struct elf_segment segment[ELF_SEGMENT_MAX], none;
    bool is_in_code = false;

    FUZZ_CHECK(size >= HEADER_BYTES && memcmp(image,
                                              "\x7f"
                                              "ELF\2\1\1",
                                              7) == 0);
    FUZZ_CHECK(get(image + 16, 2) == 2 && get(image + 18, 2) == 243);
    FUZZ_CHECK(elf->entry == get(image + 24, 8) && elf->entry % 2 == 0);
    FUZZ_CHECK(elf->segment_count >= 1 && elf->segment_count <= ELF_SEGMENT_MAX);
    FUZZ_CHECK(load_row(image, elf->segment_count) == NULL);
    FUZZ_CHECK(elf_segment(elf, elf->segment_count, &none) == ERR_RANGE);
    for (unsigned i = 0; i < elf->segment_count; i++) {
        FUZZ_CHECK(elf_segment(elf, i, &segment[i]) == OK);
        check_segment(image, size, i, &segment[i]);
        for (unsigned k = 0; k < i; k++)
            FUZZ_CHECK(!shares_page(&segment[i], &segment[k]) &&
                       segment[k].address < segment[i].address);
        is_in_code |= (segment[i].rights & ELF_EXEC) && elf->entry >= segment[i].address &&
                      elf->entry - segment[i].address < segment[i].file_bytes;
    }
    FUZZ_CHECK(is_in_code);
    check_recovery(elf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct elf elf, untouched;

    memset(&elf, 0x5a, sizeof elf);
    untouched = elf;
    if (elf_open(data, size, &elf) == OK)
        check_accepted(data, size, &elf);
    else
        FUZZ_CHECK(memcmp(&elf, &untouched, sizeof elf) == 0);
    return 0;
}
