/* SPDX-License-Identifier: BSD-2-Clause */
/* libs/elf: accepted files, and each reason for which a file is refused. */
#include <stdlib.h>
#include <string.h>

#include <elf/elf.h>
#include <test/unit/run.h>

#define EHDR       64
#define PHDR       56
#define FILE_BYTES 0x3000

static uint8_t image[FILE_BYTES];

static void put(size_t at, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        image[at + i] = (uint8_t)(value >> (8 * i));
}

static void put_segment(unsigned i, uint32_t type, uint32_t flags, uint64_t offset, uint64_t vaddr,
                        uint64_t filesz, uint64_t memsz)
{
    size_t at = EHDR + i * PHDR;
    put(at, type, 4);
    put(at + 4, flags, 4);
    put(at + 8, offset, 8);
    put(at + 16, vaddr, 8);
    put(at + 24, vaddr, 8);
    put(at + 32, filesz, 8);
    put(at + 40, memsz, 8);
    put(at + 48, 0x1000, 8);
}

/* A good program: code (r-x) at 0x10000, data (rw-) at 0x12800, a stack note. */
static void setup(void)
{
    memset(image, 0, sizeof image);
    memcpy(image, "\177ELF\2\1\1", 7);
    put(16, 2, 2);
    put(18, 243, 2);
    put(20, 1, 4);
    put(24, 0x10100, 8);
    put(32, EHDR, 8);
    put(52, EHDR, 2);
    put(54, PHDR, 2);
    put(56, 3, 2);
    put_segment(0, 1, 5, 0, 0x10000, 0x1200, 0x1200);
    put_segment(1, 1, 6, 0x1800, 0x12800, 0x100, 0x4000);
    put_segment(2, 0x6474e551, 6, 0, 0, 0, 0);
}

static enum err open_bytes(size_t bytes, struct elf *elf)
{
    /* A copy of exactly that size, so that the sanitizer sees a read beyond it. */
    uint8_t *copy = malloc(bytes ? bytes : 1);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, image, bytes);
    enum err err = elf_open(copy, bytes, elf);
    free(copy);
    return err;
}

static void refuse(enum err expected)
{
    struct elf elf, before;
    memset(&elf, 0xa5, sizeof elf);
    before = elf;
    ck_assert_int_eq(open_bytes(FILE_BYTES, &elf), expected);
    ck_assert_mem_eq(&elf, &before, sizeof elf);
}

START_TEST(test_open_good_program_lists_segments)
{
    /* A good file yields its PT_LOAD segments, in order, with rights and page ranges. */
    struct elf elf;
    struct elf_segment s;
    ck_assert_int_eq(open_bytes(FILE_BYTES, &elf), OK);
    ck_assert_uint_eq(elf.entry, 0x10100);
    ck_assert_uint_eq(elf.segment_count, 2);
    ck_assert_int_eq(elf_segment(&elf, 0, &s), OK);
    ck_assert_uint_eq(s.rights, ELF_READ | ELF_EXEC);
    ck_assert_uint_eq(elf_segment_page(&s), 0x10000);
    ck_assert_uint_eq(elf_segment_pages(&s), 2);
    ck_assert_int_eq(elf_segment(&elf, 1, &s), OK);
    ck_assert_uint_eq(s.rights, ELF_READ | ELF_WRITE);
    ck_assert_uint_eq(s.file_offset, 0x1800);
    ck_assert_uint_eq(elf_segment_page(&s), 0x12000);
    ck_assert_uint_eq(elf_segment_pages(&s), 5);
    ck_assert_int_eq(elf_segment(&elf, 2, &s), ERR_RANGE);
}
END_TEST

START_TEST(test_open_any_truncation_refused_or_whole)
{
    /* For a file cut at any length, no byte beyond it is read, and no segment lies outside. */
    for (size_t bytes = 0; bytes < FILE_BYTES; bytes += bytes < 256 ? 1 : 37) {
        struct elf elf;
        enum err err = open_bytes(bytes, &elf);
        if (bytes < 0x1900)
            ck_assert_int_eq(err, ERR_FORMAT);
        else
            ck_assert_int_eq(err, OK);
    }
}
END_TEST

START_TEST(test_open_random_edits_accept_only_what_can_be_mapped)
{
    /* For any bytes, an accepted file keeps every promise of elf.h. */
    srand(1);
    for (unsigned round = 0; round < 40000; round++) {
        struct elf elf;
        setup();
        for (int n = rand() % 4; n >= 0; n--)
            image[rand() % (EHDR + 3 * PHDR)] = (uint8_t)(rand() % 3 ? rand() : rand() % 2 * 0xff);
        if (elf_open(image, FILE_BYTES, &elf) != OK)
            continue;
        uint64_t next = ELF_ADDRESS_LOW;
        ck_assert_uint_ge(elf.segment_count, 1);
        for (unsigned i = 0; i < elf.segment_count; i++) {
            struct elf_segment *s = &elf.segment[i];
            ck_assert_uint_ge(elf_segment_page(s), next);
            next = elf_segment_page(s) + elf_segment_pages(s) * ELF_PAGE_BYTES;
            ck_assert_uint_le(next, ELF_ADDRESS_HIGH);
            ck_assert_uint_le(s->file_bytes, s->memory_bytes);
            ck_assert_uint_le(s->file_offset, FILE_BYTES);
            ck_assert_uint_le(s->file_bytes, FILE_BYTES - s->file_offset);
            ck_assert_uint_ne(s->rights & (ELF_WRITE | ELF_EXEC), ELF_WRITE | ELF_EXEC);
        }
    }
}
END_TEST

struct edit {
    size_t at;
    uint64_t value;
    unsigned bytes;
    enum err expected;
};

#define P(i, field) (EHDR + (i)*PHDR + (field))
static const struct edit edits[] = {
    {0, 0x7e, 1, ERR_FORMAT},                     /* magic */
    {4, 1, 1, ERR_NOT_SUPPORTED},                 /* 32 bits */
    {5, 2, 1, ERR_NOT_SUPPORTED},                 /* big-endian */
    {18, 62, 2, ERR_NOT_SUPPORTED},               /* another machine */
    {16, 3, 2, ERR_NOT_SUPPORTED},                /* ET_DYN */
    {54, 55, 2, ERR_FORMAT},                      /* phentsize */
    {56, 0, 2, ERR_FORMAT},                       /* no program headers */
    {56, 0xffff, 2, ERR_FORMAT},                  /* program headers beyond the end */
    {32, UINT64_MAX, 8, ERR_FORMAT},              /* phoff wraps */
    {24, 0x10101, 8, ERR_ALIGN},                  /* odd entry */
    {24, 0x12800, 8, ERR_FORMAT},                 /* entry in data */
    {24, 0x20000, 8, ERR_FORMAT},                 /* entry nowhere */
    {P(2, 0), 3, 4, ERR_NOT_SUPPORTED},           /* PT_INTERP */
    {P(2, 0), 2, 4, ERR_NOT_SUPPORTED},           /* PT_DYNAMIC */
    {P(1, 4), 7, 4, ERR_NO_RIGHT},                /* W+X */
    {P(1, 4), 2, 4, ERR_NO_RIGHT},                /* not readable */
    {P(1, 8), UINT64_MAX - 0x7ff, 8, ERR_FORMAT}, /* offset beyond the end, wrapping */
    {P(1, 8), 0x1900, 8, ERR_ALIGN},              /* offset and address disagree */
    {P(1, 16), 0x11800, 8, ERR_EXISTS},           /* shares a page with the code */
    {P(1, 16), 0x8800, 8, ERR_EXISTS},            /* below the one before */
    {P(1, 16), UINT64_MAX - 0x7ff, 8, ERR_RANGE}, /* wraps */
    {P(1, 16), ELF_ADDRESS_HIGH - 0x800, 8, ERR_RANGE},
    {P(0, 16), 0, 8, ERR_RANGE},     /* the null page */
    {P(1, 40), 0xff, 8, ERR_FORMAT}, /* memory smaller than file */
    {P(1, 40), ELF_SEGMENT_BYTES + 1, 8, ERR_RANGE},
    {P(1, 40), UINT64_MAX, 8, ERR_RANGE},
    {P(1, 32), FILE_BYTES, 8, ERR_FORMAT}, /* file bytes beyond the end */
};

START_TEST(test_open_bad_field_refused)
{
    /* Each defect is refused with its own error, and the result is untouched. */
    const struct edit *e = &edits[_i];
    put(e->at, e->value, e->bytes);
    refuse(e->expected);
}
END_TEST

START_TEST(test_open_too_many_segments_refused)
{
    /* One segment more than fits in the list is refused, not dropped. */
    put(56, ELF_SEGMENT_MAX + 1, 2);
    for (unsigned i = 0; i <= ELF_SEGMENT_MAX; i++)
        put_segment(i, 1, 5, 0, 0x10000 + i * UINT64_C(0x2000), 0x1200, 0x1200);
    refuse(ERR_NOT_SUPPORTED);
    put(56, ELF_SEGMENT_MAX, 2);
    struct elf elf;
    ck_assert_int_eq(open_bytes(FILE_BYTES, &elf), OK);
}
END_TEST

START_TEST(test_open_no_segment_refused)
{
    /* A program without a loadable segment is refused. */
    put(P(0, 0), 0, 4);
    put(P(1, 0), 0, 4);
    refuse(ERR_FORMAT);
}
END_TEST

/* ---- the recovery note ------------------------------------------------------------- */

#define NOTE 0x1800 /* in the file: the start of the data segment */

static void put_note(size_t at, uint32_t type, const char *name, uint64_t start, uint64_t bytes,
                     uint64_t exit)
{
    put(at, strlen(name) + 1, 4);
    put(at + 4, 24, 4);
    put(at + 8, type, 4);
    memcpy(image + at + 12, name, strlen(name) + 1);
    size_t padded = (strlen(name) + 4) / 4 * 4;
    put(at + 12 + padded, start, 8);
    put(at + 20 + padded, bytes, 8);
    put(at + 28 + padded, exit, 8);
}

/* The good program with a note of another vendor and a recovery range. */
static void setup_note(void)
{
    setup();
    put_segment(2, 4, 4, NOTE, 0x12800, 48 + 44, 48 + 44);
    put_note(NOTE, 1, "Other name", 0, 0, 0);
    put_note(NOTE + 48, ELF_NOTE_RECOVERY, "Warren", 0x10200, 0x80, 0x10300);
}

START_TEST(test_open_recovery_note_is_found)
{
    /* The note is found behind another one, and only with its name, type and layout. */
    struct elf elf;

    ck_assert_int_eq(open_bytes(FILE_BYTES, &elf), OK);
    ck_assert_uint_eq(elf.recovery.start, 0x10200);
    ck_assert_uint_eq(elf.recovery.bytes, 0x80);
    ck_assert_uint_eq(elf.recovery.exit, 0x10300);
    for (unsigned i = 0; i < 3; i++) {
        static const size_t spoilt[] = {NOTE + 48 + 8, NOTE + 48 + 12, P(2, 48)};
        setup_note();
        put(spoilt[i], 8, i == 2 ? 8 : 1); /* type, name, alignment of the segment */
        ck_assert_int_eq(open_bytes(FILE_BYTES, &elf), OK);
        ck_assert_uint_eq(elf.recovery.bytes, 0);
    }
}
END_TEST

static const struct edit note_edits[] = {
    {P(2, 32), 48 + 43, 8, ERR_FORMAT},         /* the last note is cut off */
    {P(2, 32), 48 + 11, 8, ERR_FORMAT},         /* so is its header */
    {P(2, 8), UINT64_MAX, 8, ERR_FORMAT},       /* notes beyond the end of the file */
    {P(2, 32), UINT64_MAX, 8, ERR_FORMAT},
    {P(2, 32), ELF_NOTES_BYTES + 1, 8, ERR_NOT_SUPPORTED},
    {NOTE, UINT32_MAX, 4, ERR_FORMAT},          /* a name longer than the notes */
    {NOTE + 4, UINT32_MAX, 4, ERR_FORMAT},      /* a descriptor, too */
    {NOTE + 4, UINT32_MAX - 3, 4, ERR_FORMAT},
    {NOTE + 48 + 4, 23, 4, ERR_FORMAT},         /* another descriptor */
    {NOTE + 48 + 20, 0x10201, 8, ERR_ALIGN},
    {NOTE + 48 + 28, 0x81, 8, ERR_ALIGN},
    {NOTE + 48 + 36, 0x10301, 8, ERR_ALIGN},
    {NOTE + 48 + 36, 0x10200, 8, ERR_FORMAT},   /* the exit lies in the range */
    {NOTE + 48 + 36, 0x1027e, 8, ERR_FORMAT},
    {NOTE + 48 + 28, 0, 8, ERR_RANGE},          /* an empty range */
    {NOTE + 48 + 20, 0x12800, 8, ERR_RANGE},    /* a range in data */
    {NOTE + 48 + 20, 0xff00, 8, ERR_RANGE},     /* before the code */
    {NOTE + 48 + 20, 0x11200, 8, ERR_RANGE},    /* behind it */
    {NOTE + 48 + 20, 0x11190, 8, ERR_RANGE},    /* its end is behind it */
    {NOTE + 48 + 28, UINT64_MAX - 1, 8, ERR_FORMAT}, /* the end wraps to before the start */
    {NOTE + 48 + 36, 0x12800, 8, ERR_RANGE},    /* the exit in data */
    {NOTE + 48 + 36, 0x11200, 8, ERR_RANGE},
    {NOTE + 48 + 36, 0, 8, ERR_RANGE},
    {NOTE + 48 + 36, UINT64_MAX - 1, 8, ERR_RANGE},
};

START_TEST(test_open_bad_note_refused)
{
    /* Each lie in a note is refused with its own error, and the result is untouched. */
    const struct edit *e = &note_edits[_i];
    put(e->at, e->value, e->bytes);
    refuse(e->expected);
}
END_TEST

START_TEST(test_open_two_recovery_notes_refused)
{
    /* A process has one range: a second note is refused, also in a second segment. */
    put_segment(2, 4, 4, NOTE, 0x12800, 48 + 88, 48 + 88);
    put_note(NOTE + 92, ELF_NOTE_RECOVERY, "Warren", 0x10200, 0x80, 0x10300);
    refuse(ERR_EXISTS);
    setup_note();
    put(56, 4, 2);
    put_segment(3, 4, 4, NOTE, 0x12800, 48 + 44, 48 + 44);
    refuse(ERR_EXISTS);
}
END_TEST

START_TEST(test_open_random_notes_accept_only_true_ranges)
{
    /* For any bytes of the notes, an accepted range and its exit lie in the code. */
    srand(2);
    for (unsigned round = 0; round < 40000; round++) {
        struct elf elf;
        setup_note();
        for (int n = rand() % 4; n >= 0; n--)
            image[NOTE + rand() % 96] = (uint8_t)(rand() % 3 ? rand() : rand() % 2 * 0xff);
        if (elf_open(image, FILE_BYTES, &elf) != OK || elf.recovery.bytes == 0)
            continue;
        ck_assert_uint_ge(elf.recovery.start, 0x10000);
        ck_assert_uint_le(elf.recovery.start + elf.recovery.bytes, 0x11200);
        ck_assert_uint_le(elf.recovery.bytes, 0x1200);
        ck_assert(elf.recovery.exit < elf.recovery.start ||
                  elf.recovery.exit >= elf.recovery.start + elf.recovery.bytes);
        ck_assert(elf.recovery.exit >= 0x10000 && elf.recovery.exit < 0x11200);
    }
}
END_TEST

static TCase *note_cases(void)
{
    TCase *tc = tcase_create("notes");
    tcase_add_checked_fixture(tc, setup_note, NULL);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, test_open_recovery_note_is_found);
    tcase_add_loop_test(tc, test_open_bad_note_refused, 0,
                        sizeof note_edits / sizeof note_edits[0]);
    tcase_add_test(tc, test_open_two_recovery_notes_refused);
    tcase_add_test(tc, test_open_random_notes_accept_only_true_ranges);
    return tc;
}

int main(void)
{
    Suite *suite = suite_create("elf");
    TCase *tc = tcase_create("elf");
    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, test_open_good_program_lists_segments);
    tcase_add_test(tc, test_open_any_truncation_refused_or_whole);
    tcase_add_test(tc, test_open_random_edits_accept_only_what_can_be_mapped);
    tcase_add_loop_test(tc, test_open_bad_field_refused, 0, sizeof edits / sizeof edits[0]);
    tcase_add_test(tc, test_open_too_many_segments_refused);
    tcase_add_test(tc, test_open_no_segment_refused);
    suite_add_tcase(suite, tc);
    suite_add_tcase(suite, note_cases());
    return run_suites(srunner_create(suite));
}
