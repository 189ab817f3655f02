/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include <vmm/boot/image.h>
#include <vmm/boot/isa.h>

#include "suites.h"

#define GPA UINT64_C(0x80000000)
#define MIB (UINT64_C(1) << 20)

static const struct pace no_pace;

static void pace_count(void *opaque)
{
    ++*(uint32_t *)opaque;
}

struct header {
    uint64_t text_offset, image_size, flags;
};

static void header_write(uint8_t *kernel, struct header header)
{
    static const uint8_t magic2[4] = {'R', 'S', 'C', 5};
    memset(kernel, 0, PAYLOAD_HEADER_BYTES);
    memcpy(kernel + 8, &header.text_offset, 8);
    memcpy(kernel + 16, &header.image_size, 8);
    memcpy(kernel + 24, &header.flags, 8);
    memcpy(kernel + 56, magic2, sizeof magic2);
}

START_TEST(test_image_plan_places_everything_without_overlap)
{
    /* Kernel 2 MiB into the RAM, tree in the last 2 MiB, initrd after the middle of the RAM. */
    uint8_t kernel[PAYLOAD_HEADER_BYTES];
    struct image_plan plan;

    header_write(kernel, (struct header){2 * MIB, 5 * MIB, 0});
    ck_assert_int_eq(image_plan(kernel, sizeof kernel, 5000, GPA, 16 * MIB, &plan), OK);
    ck_assert_uint_eq(plan.entry_gpa, GPA + 2 * MIB);
    ck_assert_uint_eq(plan.kernel_end_gpa, GPA + 7 * MIB);
    ck_assert_uint_eq(plan.dtb_gpa, GPA + 14 * MIB);
    ck_assert_uint_eq(plan.initrd_gpa, GPA + 10 * MIB);
    ck_assert_uint_eq(plan.initrd_end_gpa, plan.initrd_gpa + 5000);
    ck_assert_int_eq(image_plan(kernel, sizeof kernel, 0, GPA, 16 * MIB, &plan), OK);
    ck_assert_uint_eq(plan.initrd_gpa, plan.initrd_end_gpa);
    /* If kernel or initrd are too large for that place, the initrd ends where the tree begins. */
    ck_assert_int_eq(image_plan(kernel, sizeof kernel, 4 * MIB + 1, GPA, 16 * MIB, &plan), OK);
    ck_assert_uint_eq(plan.initrd_gpa, GPA + 10 * MIB - 4096);
    header_write(kernel, (struct header){2 * MIB, 9 * MIB, 0});
    ck_assert_int_eq(image_plan(kernel, sizeof kernel, 1, GPA, 16 * MIB, &plan), OK);
    ck_assert_uint_eq(plan.initrd_gpa, GPA + 14 * MIB - 4096);
}
END_TEST

START_TEST(test_image_plan_exact_fit_is_taken_and_one_byte_more_is_not)
{
    /* 2 + 4 MiB of kernel, 8 MiB of initrd and 2 MiB of device tree fit in exactly 16 MiB. */
    uint8_t kernel[PAYLOAD_HEADER_BYTES];
    struct image_plan plan = {0};

    header_write(kernel, (struct header){2 * MIB, 4 * MIB, 0});
    ck_assert_int_eq(image_plan(kernel, sizeof kernel, 8 * MIB, GPA, 16 * MIB, &plan), OK);
    ck_assert_uint_eq(plan.initrd_gpa, plan.kernel_end_gpa);
    ck_assert_uint_eq(plan.initrd_end_gpa, plan.dtb_gpa);
    ck_assert_int_eq(image_plan(kernel, sizeof kernel, 8 * MIB + 1, GPA, 16 * MIB, &plan),
                     ERR_NO_MEMORY);
    header_write(kernel, (struct header){2 * MIB, 4 * MIB + 1, 0});
    ck_assert_int_eq(image_plan(kernel, sizeof kernel, 8 * MIB, GPA, 16 * MIB, &plan),
                     ERR_NO_MEMORY);
}
END_TEST

START_TEST(test_image_plan_bad_headers_are_refused)
{
    /* Each bad header field, and sizes that overflow in any sum, are refused. */
    static const struct {
        struct header header;
        uint64_t initrd_bytes, ram_gpa, ram_bytes;
        enum err err;
    } rows[] = {
        {{0, MIB, 0}, 0, GPA, 16 * MIB, OK},
        {{0, MIB, 1}, 0, GPA, 16 * MIB, ERR_FORMAT},
        {{0, 0, 0}, 0, GPA, 16 * MIB, OK},
        {{0, PAYLOAD_HEADER_BYTES - 1, 0}, 0, GPA, 16 * MIB, OK},
        {{4096, MIB, 0}, 0, GPA, 16 * MIB, OK},
        {{0, MIB, 0}, 0, GPA + 4096, 16 * MIB, ERR_ALIGN},
        {{0, UINT64_MAX, 0}, 0, GPA, 16 * MIB, ERR_RANGE},
        {{UINT64_MAX & ~(2 * MIB - 1), 4 * MIB, 0}, 0, GPA, 16 * MIB, OK},
        {{0, GPA, 0}, 0, GPA, 16 * MIB, ERR_NO_MEMORY},
        {{0, MIB, 0}, UINT64_MAX, GPA, 16 * MIB, ERR_NO_MEMORY},
        {{0, MIB, 0}, 0, GPA, MIB, ERR_NO_MEMORY},
        {{0, MIB, 0}, 0, GPA, 0, ERR_NO_MEMORY},
        {{0, MIB, 0}, 0, GPA, UINT64_MAX, ERR_NO_MEMORY},
        {{0, MIB, 0}, 0, UINT64_MAX & ~(2 * MIB - 1), 16 * MIB, ERR_RANGE},
        {{0, MIB, 0}, 0, UINT64_MAX & ~(8 * MIB - 1), 16 * MIB, ERR_NO_MEMORY},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t kernel[PAYLOAD_HEADER_BYTES];
        struct image_plan plan;
        header_write(kernel, rows[i].header);
        ck_assert_msg(image_plan(kernel, sizeof kernel, rows[i].initrd_bytes, rows[i].ram_gpa,
                                 rows[i].ram_bytes, &plan) == rows[i].err,
                      "row %zu", i);
    }
}
END_TEST

START_TEST(test_image_plan_large_ram_keeps_tree_and_initrd_low)
{
    /* With 4 GiB of RAM, device tree and initrd lie below 3 GiB, and the RAM above stays free. */
    uint8_t kernel[PAYLOAD_HEADER_BYTES];
    struct image_plan plan;

    header_write(kernel, (struct header){2 * MIB, MIB, 0});
    ck_assert_int_eq(image_plan(kernel, sizeof kernel, 1, GPA, 4096 * MIB, &plan), OK);
    ck_assert_uint_eq(plan.dtb_gpa, GPA + 1022 * MIB);
    ck_assert_uint_eq(plan.initrd_gpa, GPA + 514 * MIB);
    ck_assert_int_eq(image_plan(kernel, sizeof kernel, 1, GPA, 1024 * MIB, &plan), OK);
    ck_assert_uint_eq(plan.dtb_gpa, GPA + 1022 * MIB);
    ck_assert_int_eq(image_plan(kernel, sizeof kernel, 1, 2 * GPA, 2048 * MIB, &plan), OK);
    ck_assert_uint_eq(plan.dtb_gpa, 2 * GPA + 2046 * MIB);
}
END_TEST

START_TEST(test_image_load_raw_binary_is_copied_to_its_place)
{
    /* A file without a header goes 2 MiB into the RAM, and the hart starts at its first byte. */
    static const uint8_t kernel[6] = {0x13, 0, 0, 0, 1, 2};
    uint8_t *host = calloc(1, 8 * MIB);
    struct guestmem ram = {GPA, 8 * MIB, host};
    struct image_plan plan;

    ck_assert_int_eq(image_plan(kernel, sizeof kernel, 3, GPA, 8 * MIB, &plan), OK);
    ck_assert_uint_eq(plan.entry_gpa, GPA + 2 * MIB);
    ck_assert_uint_eq(plan.kernel_end_gpa, GPA + 2 * MIB + sizeof kernel);
    ck_assert_int_eq(image_load(&plan, &ram, kernel, sizeof kernel, kernel, 3, &no_pace), OK);
    ck_assert_mem_eq(host + 2 * MIB, kernel, sizeof kernel);
    ck_assert_mem_eq(host + (plan.initrd_gpa - GPA), kernel, 3);
    ck_assert_int_eq(image_load(&plan, &ram, kernel, sizeof kernel - 1, kernel, 3, &no_pace),
                     ERR_RANGE);
    free(host);
}
END_TEST

START_TEST(test_image_load_appended_bytes_are_copied)
{
    /* Bytes after image_size, such as an appended device tree or RAM disk, are loaded too. */
    uint8_t kernel[200], *host = calloc(1, 16 * MIB);
    struct guestmem ram = {GPA, 16 * MIB, host};
    struct image_plan plan;

    memset(kernel, 0x5a, sizeof kernel);
    for (uint64_t image_size = 0; image_size < sizeof kernel; image_size += 100) {
        header_write(kernel, (struct header){0x40200000, image_size, 0});
        ck_assert_int_eq(image_plan(kernel, sizeof kernel, 0, GPA, 16 * MIB, &plan), OK);
        memset(host, 0, 4 * MIB);
        ck_assert_int_eq(image_load(&plan, &ram, kernel, sizeof kernel, NULL, 0, &no_pace), OK);
        ck_assert_mem_eq(host + 2 * MIB, kernel, sizeof kernel);
        ck_assert_uint_eq(plan.kernel_end_gpa, GPA + 2 * MIB + sizeof kernel);
    }
    free(host);
}
END_TEST

START_TEST(test_image_load_any_length_from_anywhere_is_copied_whole)
{
    /* Loading copies every byte and no other, for any alignment of the file in memory. */
    static const uint8_t kernel[6] = {0x13, 0, 0, 0, 1, 2};
    uint8_t *host = calloc(1, 8 * MIB), *file = malloc(300), *expected = calloc(1, 400);
    struct guestmem ram = {GPA, 8 * MIB, host};
    struct image_plan plan;

    for (uint32_t i = 0; i < 300; i++)
        file[i] = (uint8_t)(i * 7 + 1);
    for (uint32_t at = 0; at < 9; at++)
        for (uint32_t bytes = 1; bytes < 280; bytes++) {
            ck_assert_int_eq(image_plan(kernel, sizeof kernel, bytes, GPA, 8 * MIB, &plan), OK);
            memset(host + (plan.initrd_gpa - GPA), 0, 400);
            ck_assert_int_eq(image_load(&plan, &ram, kernel, sizeof kernel, file + at, bytes,
                                        &no_pace),
                             OK);
            memset(expected, 0, 400);
            memcpy(expected, file + at, bytes);
            ck_assert_mem_eq(host + (plan.initrd_gpa - GPA), expected, 400);
        }
    free(expected);
    free(file);
    free(host);
}
END_TEST

START_TEST(test_image_load_steps_after_each_piece_of_a_large_copy)
{
    /* While gigabytes are copied, the VMM gets a turn after each PACE_BYTES; every byte arrives. */
    static const uint8_t kernel[6] = {0x13, 0, 0, 0, 1, 2};
    uint64_t bytes = 3 * PACE_BYTES + 1;
    uint8_t *host = calloc(1, 64 * MIB), *file = malloc(bytes);
    struct guestmem ram = {GPA, 64 * MIB, host};
    uint32_t steps = 0;
    const struct pace pace = {&steps, pace_count};
    struct image_plan plan;

    for (uint64_t i = 0; i < bytes; i++)
        file[i] = (uint8_t)(i * 7 + i / 4096);
    ck_assert_int_eq(image_plan(kernel, sizeof kernel, bytes, GPA, 64 * MIB, &plan), OK);
    ck_assert_int_eq(image_load(&plan, &ram, kernel, sizeof kernel, file, bytes, &pace), OK);
    ck_assert_uint_eq(steps, 4 + 1); /* the initrd's pieces, and the kernel */
    ck_assert_int_eq(memcmp(host + (plan.initrd_gpa - GPA), file, bytes), 0);
    free(file);
    free(host);
}
END_TEST

START_TEST(test_image_plan_no_image_is_refused)
{
    /* A short file, or one without the magic number, that does not begin with an instruction. */
    uint8_t kernel[PAYLOAD_HEADER_BYTES];
    struct image_plan plan;

    header_write(kernel, (struct header){0, MIB, 0});
    ck_assert_int_eq(image_plan(kernel, sizeof kernel - 1, 0, GPA, 16 * MIB, &plan), ERR_FORMAT);
    ck_assert_int_eq(image_plan(kernel, 0, 0, GPA, 16 * MIB, &plan), ERR_FORMAT);
    kernel[59] = 4;
    ck_assert_int_eq(image_plan(kernel, sizeof kernel, 0, GPA, 16 * MIB, &plan), ERR_FORMAT);
}
END_TEST

START_TEST(test_image_load_other_ram_is_refused)
{
    /* A plan that was made for other memory copies nothing. */
    uint8_t kernel[PAYLOAD_HEADER_BYTES], host[64] = {0};
    struct guestmem small = {GPA, sizeof host, host};
    struct image_plan plan;

    header_write(kernel, (struct header){0, MIB, 0});
    ck_assert_int_eq(image_plan(kernel, sizeof kernel, 8, GPA, 16 * MIB, &plan), OK);
    ck_assert_int_eq(image_load(&plan, &small, kernel, sizeof kernel, kernel, 8, &no_pace),
                     ERR_RANGE);
    for (size_t i = 0; i < sizeof host; i++)
        ck_assert_uint_eq(host[i], 0);
}
END_TEST

START_TEST(test_isa_string_is_short_and_canonical)
{
    /* The string and the list name the same extensions, in the order of the specification. */
    static const char list[] = "i\0m\0a\0f\0d\0c\0zicntr\0zicsr\0zifencei\0sstc";
    char text[128];

    ck_assert_uint_eq(isa_string(0, text, sizeof text), strlen("rv64imafdc_zicntr_zicsr_zifencei"));
    ck_assert_str_eq(text, "rv64imafdc_zicntr_zicsr_zifencei");
    isa_string(isa_stateless("_zbs_svnapot_ziccrse_zba") | ISA_SSTC, text, sizeof text);
    ck_assert_str_eq(text, "rv64imafdc_ziccrse_zicntr_zicsr_zifencei_zba_zbs_sstc_svnapot");
    ck_assert_uint_eq(isa_list(ISA_SSTC, text, sizeof text), sizeof list);
    ck_assert_mem_eq(text, list, sizeof list);
}
END_TEST

START_TEST(test_isa_stateless_takes_whole_names_of_stateless_extensions)
{
    /* Parts of names, extensions with state, and those that need a bit of henvcfg are left out. */
    char text[ISA_STRING_BYTES];

    ck_assert_uint_eq(isa_stateless(""), 0);
    ck_assert_uint_eq(isa_stateless("rv64imafdcv"), 0);
    isa_string(isa_stateless("rv64i_zba_zawrs_zfa"), text, sizeof text);
    ck_assert_str_eq(text, "rv64imafdc_zicntr_zicsr_zifencei_zawrs_zfa_zba");
    ck_assert_uint_eq(isa_stateless("rv64i_zb_zbax_xzba_sstc_zicbom_zicntr_svpbmt_zvbb"), 0);
    ck_assert_uint_eq(isa_stateless("zba"), 0);
    ck_assert_uint_eq(isa_stateless("_zbs_"), isa_stateless("_zbs"));
    ck_assert_uint_ne(isa_stateless("_zbs_"), 0);
    ck_assert_uint_eq(isa_stateless("rv64i_svnapot_sstc"), ISA_SVNAPOT);
}
END_TEST

START_TEST(test_isa_string_of_everything_fits)
{
    /* With every bit of the mask set, both forms stay within the sizes in the header. */
    static char text[ISA_STRING_BYTES * 2];

    size_t length = isa_string(UINT64_MAX, text, sizeof text);
    ck_assert_uint_lt(length, ISA_STRING_BYTES);
    ck_assert_uint_le(isa_list(UINT64_MAX, text, sizeof text), ISA_STRING_BYTES);
}
END_TEST

TCase *image_tcase(void)
{
    TCase *tcase = tcase_create("image");
    tcase_add_test(tcase, test_image_plan_places_everything_without_overlap);
    tcase_add_test(tcase, test_image_plan_exact_fit_is_taken_and_one_byte_more_is_not);
    tcase_add_test(tcase, test_image_plan_bad_headers_are_refused);
    tcase_add_test(tcase, test_image_plan_large_ram_keeps_tree_and_initrd_low);
    tcase_add_test(tcase, test_image_load_raw_binary_is_copied_to_its_place);
    tcase_add_test(tcase, test_image_load_appended_bytes_are_copied);
    tcase_add_test(tcase, test_image_load_any_length_from_anywhere_is_copied_whole);
    tcase_add_test(tcase, test_image_load_steps_after_each_piece_of_a_large_copy);
    tcase_add_test(tcase, test_image_plan_no_image_is_refused);
    tcase_add_test(tcase, test_image_load_other_ram_is_refused);
    tcase_add_test(tcase, test_isa_string_is_short_and_canonical);
    tcase_add_test(tcase, test_isa_stateless_takes_whole_names_of_stateless_extensions);
    tcase_add_test(tcase, test_isa_string_of_everything_fits);
    return tcase;
}
