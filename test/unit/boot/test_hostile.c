/* SPDX-License-Identifier: BSD-2-Clause */
/* Damaged device trees.  ASan and UBSan find the errors that no assertion names. */
#include <kernel/boot/memory.h>
#include <stdlib.h>
#include <string.h>

#include "tree.h"

#define FLIPS 5000

static const char *const names[] = { "virt-256m", "virt-8g-smp4", "virt-numa", "virt-aclint" };

/* A tree cut short at any length is refused, and no byte after its end is read. */
START_TEST(test_machine_parse_truncated_is_refused)
{
    void *tree = tree_load(names[_i]);
    struct machine machine;

    fdt_pack(tree);
    size_t whole = fdt_totalsize(tree);
    for (size_t bytes = 0; bytes < whole; bytes += bytes < 64 ? 1 : 11) {
        const char *problem = NULL;
        void *cut = malloc(bytes);
        memcpy(cut, tree, bytes);
        ck_assert_int_eq(machine_parse(cut, bytes, 0, &machine, &problem), ERR_FORMAT);
        ck_assert_ptr_nonnull(problem);
        free(cut);
    }
    free(tree);
}
END_TEST

/* A tree whose header gives a larger size than could be read is refused. */
START_TEST(test_machine_parse_larger_than_read_is_refused)
{
    void *tree = tree_load(names[_i]);
    struct machine machine;
    const char *problem = NULL;

    ck_assert_int_eq(machine_parse(tree, fdt_totalsize(tree) - 1, 0, &machine, &problem),
                     ERR_FORMAT);
    ck_assert_int_eq(machine_parse(tree, MACHINE_DTB_BYTES_MAX + 1, 0, &machine, &problem),
                     ERR_FORMAT);
    free(tree);
}
END_TEST

/* An accepted machine's memory can be divided, or is refused with a range error. */
static void divide(const struct machine *machine)
{
    static struct boot_untyped list[BOOT_UNTYPED_MAX];
    struct range image = { 0x80200000, 0x20000 }, dtb = { 0x8fe00000, 0x2000 };
    struct memory memory;
    const char *problem = NULL;

    ck_assert_uint_gt(machine->ram.count, 0);
    ck_assert_uint_gt(machine->timebase_hz, 0);
    if (memory_divide(machine, image, dtb, &memory, &problem) != OK) {
        ck_assert_ptr_nonnull(problem);
        return;
    }
    uint32_t count = memory_untypeds(&memory, list);
    ck_assert_uint_le(count, BOOT_UNTYPED_MAX);
    for (uint32_t i = 0; i < count; i++)
        ck_assert_uint_eq(list[i].address & ((UINT64_C(1) << list[i].size_bits) - 1), 0);
}

/* Changed bytes anywhere give an error with a text, or a machine, never a wild access. */
START_TEST(test_machine_parse_flipped_bytes_never_crash)
{
    void *tree = tree_load(names[_i]);
    uint32_t accepted = 0, refused = 0;

    tree_add_firmware(tree);
    fdt_pack(tree);
    size_t bytes = fdt_totalsize(tree);
    uint8_t *copy = malloc(bytes);
    srand((unsigned)_i);
    for (int i = 0; i < FLIPS; i++) {
        struct machine machine;
        const char *problem = NULL;
        memcpy(copy, tree, bytes);
        for (int flips = rand() % 3; flips >= 0; flips--)
            copy[(size_t)rand() % bytes] = (uint8_t)rand();
        if (machine_parse(copy, bytes, 0, &machine, &problem) == OK) {
            divide(&machine);
            accepted++;
        } else {
            ck_assert_ptr_nonnull(problem);
            refused++;
        }
    }
    ck_assert_uint_gt(accepted, 0);
    ck_assert_uint_gt(refused, 0);
    free(copy);
    free(tree);
}
END_TEST

Suite *suite_hostile(void)
{
    Suite *suite = suite_create("hostile");
    TCase *all = tcase_create("hostile");

    tcase_set_timeout(all, 120);
    tcase_add_loop_test(all, test_machine_parse_truncated_is_refused, 0, 4);
    tcase_add_loop_test(all, test_machine_parse_larger_than_read_is_refused, 0, 4);
    tcase_add_loop_test(all, test_machine_parse_flipped_bytes_never_crash, 0, 4);
    suite_add_tcase(suite, all);
    return suite;
}
