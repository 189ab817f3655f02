/* SPDX-License-Identifier: BSD-2-Clause */
/* libs/payload: the places of segments, and each reason for which a file is refused. */
#include <stdlib.h>
#include <string.h>

#include <payload/payload.h>
#include <test/unit/run.h>

#define RAM        UINT64_C(0x80000000)
#define MIB        (UINT64_C(1) << 20)
#define EHDR       64u
#define PHDR       56u
#define FILE_BYTES 0x2000u

static uint8_t file[FILE_BYTES];

static void put(size_t at, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        file[at + i] = (uint8_t)(value >> (8 * i));
}

static void put_segment(unsigned i, uint32_t type, uint64_t offset, uint64_t paddr, uint64_t filesz,
                        uint64_t memsz)
{
    size_t at = EHDR + i * PHDR;
    put(at, type, 4);
    put(at + 8, offset, 8);
    put(at + 16, ~paddr, 8); /* the link address is ignored */
    put(at + 24, paddr, 8);
    put(at + 32, filesz, 8);
    put(at + 40, memsz, 8);
}

/* Data first, then code below it: the headers need not ascend. */
static void put_elf(void)
{
    memset(file, 0, sizeof file);
    memcpy(file, "\177ELF\2\1\1", 7);
    put(16, 2, 2);
    put(18, 243, 2);
    put(24, RAM + 4 * MIB, 8); /* e_entry */
    put(32, EHDR, 8);
    put(54, PHDR, 2);
    put(56, 3, 2);
    put_segment(0, 1, 0x1800, RAM + 4 * MIB, 0x100, 0x4000);
    put_segment(1, 1, 0x1000, RAM + 2 * MIB, 0x800, 0x800);
    put_segment(2, 0x70000003, 0x1800, 0, 0x40, 0);
}

static void put_image(uint64_t text_offset, uint64_t image_size, uint64_t flags)
{
    memset(file, 0, sizeof file);
    put(8, text_offset, 8);
    put(16, image_size, 8);
    put(24, flags, 8);
    memcpy(file + 56, "RSC\5", 4);
}

/* A copy of exactly that size, so that the sanitizer sees a read beyond it. */
static enum err open_bytes(uint64_t bytes, struct payload *out)
{
    uint8_t *copy = malloc(bytes ? bytes : 1);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, file, bytes);
    enum err err = payload_open(copy, bytes, RAM, out);
    free(copy);
    return err;
}

static void refuse(uint64_t bytes, enum err expected)
{
    struct payload out, before;
    memset(&out, 0xa5, sizeof out);
    before = out;
    ck_assert_int_eq(open_bytes(bytes, &out), expected);
    ck_assert_mem_eq(&out, &before, sizeof out);
}

START_TEST(test_open_image_lies_behind_the_firmware_whatever_its_text_offset)
{
    /* One segment at QEMU's place, as large as the header says, that starts at its first byte. */
    static const uint64_t text_offset[] = {0,          2 * MIB,         4 * MIB,   0x40200000,
                                           0x80200000, UINT64_MAX - 99, 0x80000, 1};
    for (size_t i = 0; i < sizeof text_offset / sizeof text_offset[0]; i++) {
        struct payload p;
        put_image(text_offset[i], 6 * MIB, 0);
        ck_assert_int_eq(open_bytes(FILE_BYTES, &p), OK);
        ck_assert_int_eq(p.kind, PAYLOAD_IMAGE);
        ck_assert_uint_eq(p.entry_gpa, RAM + 2 * MIB);
        ck_assert_uint_eq(p.end_gpa, RAM + 8 * MIB);
        ck_assert_uint_eq(p.segment_count, 1);
        ck_assert_uint_eq(p.segment[0].file_bytes, FILE_BYTES);
        ck_assert_uint_eq(p.segment[0].memory_bytes, 6 * MIB);
    }
}
END_TEST

START_TEST(test_open_image_smaller_than_its_file_is_loaded_whole)
{
    /* image_size 0, and bytes appended behind image_size: the file is loaded to its last byte. */
    static const uint64_t image_size[] = {0, 1, FILE_BYTES - 1, FILE_BYTES};
    for (size_t i = 0; i < sizeof image_size / sizeof image_size[0]; i++) {
        struct payload p;
        put_image(2 * MIB, image_size[i], 0);
        ck_assert_int_eq(open_bytes(FILE_BYTES, &p), OK);
        ck_assert_uint_eq(p.segment[0].file_bytes, FILE_BYTES);
        ck_assert_uint_eq(p.segment[0].memory_bytes, FILE_BYTES);
        ck_assert_uint_eq(p.end_gpa, RAM + 2 * MIB + FILE_BYTES);
    }
}
END_TEST

START_TEST(test_open_image_bad_headers_refused)
{
    /* Each bad field of a header is refused. */
    put_image(2 * MIB, FILE_BYTES, 1);
    refuse(FILE_BYTES, ERR_FORMAT);
    put_image(2 * MIB, FILE_BYTES, 0);
    ck_assert_int_eq(payload_open(file, FILE_BYTES, RAM + 4096, &(struct payload){0}), ERR_ALIGN);
    put_image(2 * MIB, UINT64_MAX, 0);
    refuse(FILE_BYTES, ERR_RANGE);
}
END_TEST

START_TEST(test_open_elf_segments_go_to_physical_addresses)
{
    /* p_paddr is the load address, the lowest address is the entry, and notes are not loaded. */
    struct payload p;
    put_elf();
    ck_assert_int_eq(open_bytes(FILE_BYTES, &p), OK);
    ck_assert_int_eq(p.kind, PAYLOAD_ELF);
    ck_assert_uint_eq(p.entry_gpa, RAM + 2 * MIB);
    ck_assert_uint_eq(p.end_gpa, RAM + 4 * MIB + 0x4000);
    ck_assert_uint_eq(p.segment_count, 2);
    ck_assert_uint_eq(p.segment[0].gpa, RAM + 4 * MIB);
    ck_assert_uint_eq(p.segment[0].file_offset, 0x1800);
    ck_assert_uint_eq(p.segment[0].file_bytes, 0x100);
    ck_assert_uint_eq(p.segment[0].memory_bytes, 0x4000);
    put(16, 3, 2); /* position-independent, and placed by its headers all the same */
    ck_assert_int_eq(open_bytes(FILE_BYTES, &p), OK);
}
END_TEST

static const struct {
    size_t at;
    unsigned bytes;
    uint64_t value;
    enum err err;
} elf_row[] = {
    {4, 1, 1, ERR_NOT_SUPPORTED},    /* 32 bits */
    {5, 1, 2, ERR_NOT_SUPPORTED},    /* big-endian */
    {6, 1, 0, ERR_NOT_SUPPORTED},    /* no version */
    {16, 2, 1, ERR_NOT_SUPPORTED},   /* an object file */
    {18, 2, 183, ERR_NOT_SUPPORTED}, /* AArch64 */
    {54, 2, 32, ERR_FORMAT},         /* e_phentsize */
    {56, 2, 0, ERR_FORMAT},
    {56, 2, 0xffff, ERR_FORMAT},
    {32, 8, FILE_BYTES - 3 * PHDR + 1, ERR_FORMAT},
    {32, 8, UINT64_MAX, ERR_FORMAT},
    {EHDR + 8, 8, FILE_BYTES, ERR_FORMAT}, /* file bytes behind the file's end */
    {EHDR + 8, 8, UINT64_MAX, ERR_FORMAT},
    {EHDR + 32, 8, UINT64_MAX, ERR_FORMAT},
    {EHDR + 40, 8, 0xff, ERR_FORMAT}, /* less memory than file */
    {EHDR + 24, 8, RAM - 1, ERR_RANGE},
    {EHDR + 24, 8, UINT64_MAX - 0x3ffe, ERR_RANGE},
    {EHDR + 40, 8, UINT64_MAX, ERR_RANGE},
    {EHDR + 24, 8, RAM + 2 * MIB + 0x7ff, ERR_EXISTS}, /* in the last byte of the other */
    {EHDR + 24, 8, RAM + 2 * MIB - 1, ERR_EXISTS},
    {EHDR + PHDR + 24, 8, RAM + 2 * MIB + 1, ERR_FORMAT}, /* an odd entry */
    {EHDR + PHDR + 32, 8, 0, ERR_FORMAT},                 /* nothing in the file at the entry */
    {EHDR + PHDR + 8, 8, 0, ERR_FORMAT},                  /* the ELF header at the entry */
};

START_TEST(test_open_elf_bad_fields_refused)
{
    /* Each bad field in an otherwise good file is refused. */
    put_elf();
    put(elf_row[_i].at, elf_row[_i].value, elf_row[_i].bytes);
    refuse(FILE_BYTES, elf_row[_i].err);
}
END_TEST

START_TEST(test_open_elf_nothing_or_too_much_to_load_refused)
{
    /* A file without segments, or with one more than there is room for, is refused. */
    put_elf();
    put(EHDR, 4, 4);
    put(EHDR + PHDR, 4, 4);
    refuse(FILE_BYTES, ERR_FORMAT);
    put(56, PAYLOAD_SEGMENTS_MAX + 1, 2);
    for (unsigned i = 0; i <= PAYLOAD_SEGMENTS_MAX; i++)
        put_segment(i, 1, 0x1800, RAM + i * 4096, 16, 4096);
    refuse(FILE_BYTES, ERR_NOT_SUPPORTED);
    put(56, PAYLOAD_SEGMENTS_MAX, 2);
    ck_assert_int_eq(open_bytes(FILE_BYTES, &(struct payload){0}), OK);
}
END_TEST

START_TEST(test_open_raw_goes_behind_the_firmware)
{
    /* 2 MiB into the RAM, where QEMU's firmware would jump to; a single instruction is enough. */
    struct payload p;
    memset(file, 0x13, sizeof file);
    for (uint64_t bytes = 2; bytes <= 70; bytes++) {
        ck_assert_int_eq(open_bytes(bytes, &p), OK);
        ck_assert_int_eq(p.kind, PAYLOAD_RAW);
        ck_assert_uint_eq(p.entry_gpa, RAM + 2 * MIB);
        ck_assert_uint_eq(p.end_gpa, RAM + 2 * MIB + bytes);
        ck_assert_uint_eq(p.segment[0].file_bytes, bytes);
    }
}
END_TEST

START_TEST(test_open_what_cannot_run_refused)
{
    /* Nothing, a byte, zeros, ones, a program for EFI, an ELF file cut off. */
    memset(file, 0x13, sizeof file);
    refuse(0, ERR_FORMAT);
    refuse(1, ERR_FORMAT);
    memcpy(file, "MZ", 2);
    refuse(FILE_BYTES, ERR_FORMAT);
    memset(file, 0, 2);
    refuse(FILE_BYTES, ERR_FORMAT);
    memset(file, 0xff, 2);
    refuse(FILE_BYTES, ERR_FORMAT);
    put_elf();
    refuse(4, ERR_FORMAT);
    refuse(EHDR - 1, ERR_FORMAT);
    refuse(EHDR + 3 * PHDR - 1, ERR_FORMAT);
}
END_TEST

static void check_promises(const struct payload *p, uint64_t bytes)
{
    bool is_entry_inside = false;
    ck_assert(p->segment_count >= 1 && p->segment_count <= PAYLOAD_SEGMENTS_MAX);
    for (uint32_t i = 0; i < p->segment_count; i++) {
        const struct payload_segment *s = &p->segment[i];
        ck_assert(payload_has(bytes, s->file_offset, s->file_bytes));
        ck_assert(s->file_bytes <= s->memory_bytes && s->memory_bytes != 0);
        ck_assert(s->gpa >= RAM && s->gpa + s->memory_bytes > s->gpa);
        ck_assert(s->gpa + s->memory_bytes <= p->end_gpa);
        is_entry_inside |= p->entry_gpa >= s->gpa && p->entry_gpa - s->gpa < s->file_bytes;
        for (uint32_t k = 0; k < i; k++)
            ck_assert(s->gpa + s->memory_bytes <= p->segment[k].gpa ||
                      p->segment[k].gpa + p->segment[k].memory_bytes <= s->gpa);
    }
    ck_assert(is_entry_inside && p->entry_gpa % 2 == 0);
}

START_TEST(test_open_random_edits_keep_what_is_promised)
{
    /* Segments that are accepted from a damaged file obey the list in payload.h. */
    unsigned taken = 0;
    srand(1);
    for (unsigned round = 0; round < 20000; round++) {
        struct payload p;
        put_elf();
        for (int edits = rand() % 4; edits >= 0; edits--) {
            size_t at = (size_t)rand() % (EHDR + 2 * PHDR);
            file[at] = (uint8_t)(rand() % 2 ? 1 << rand() % 8 : rand());
        }
        uint64_t bytes = round % 4 ? FILE_BYTES : (uint64_t)rand() % FILE_BYTES;
        if (open_bytes(bytes, &p) != OK)
            continue;
        check_promises(&p, bytes);
        taken++;
    }
    ck_assert_uint_gt(taken, 1000);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("payload");
    TCase *tc = tcase_create("payload");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, test_open_image_lies_behind_the_firmware_whatever_its_text_offset);
    tcase_add_test(tc, test_open_image_smaller_than_its_file_is_loaded_whole);
    tcase_add_test(tc, test_open_image_bad_headers_refused);
    tcase_add_test(tc, test_open_elf_segments_go_to_physical_addresses);
    tcase_add_loop_test(tc, test_open_elf_bad_fields_refused, 0,
                        sizeof elf_row / sizeof elf_row[0]);
    tcase_add_test(tc, test_open_elf_nothing_or_too_much_to_load_refused);
    tcase_add_test(tc, test_open_raw_goes_behind_the_firmware);
    tcase_add_test(tc, test_open_what_cannot_run_refused);
    tcase_add_test(tc, test_open_random_edits_keep_what_is_promised);
    suite_add_tcase(suite, tc);
    return run_suites(srunner_create(suite));
}
