/* SPDX-License-Identifier: BSD-2-Clause */
#include <kernel/boot/memory.h>
#include <stdlib.h>
#include <string.h>

#include "tree.h"

static const struct range image = { 0x80200000, 0x18000 }, dtb = { 0x8fe00000, 0x23a8 };
static struct machine machine;
static struct memory memory;
static const char *problem;
static struct boot_untyped list[BOOT_UNTYPED_MAX];

static void machine_load(const char *name)
{
    void *tree = tree_load(name);

    tree_add_firmware(tree);
    ck_assert_msg(tree_parse(tree, 0, &machine, &problem) == OK, "%s", problem);
    free(tree);
}

static void meets_nothing(struct range piece, const struct range *other, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        ck_assert_msg(piece.start + piece.bytes <= other[i].start ||
                          other[i].start + other[i].bytes <= piece.start,
                      "%#lx meets %#lx", (unsigned long)piece.start, (unsigned long)other[i].start);
}

static void ram_piece_is_free(struct range piece)
{
    ck_assert(range_set_holds(&machine.ram, piece));
    ck_assert_uint_le(piece.start + piece.bytes, MEMORY_RAM_END);
    meets_nothing(piece, &image, 1);
    meets_nothing(piece, &dtb, 1);
    meets_nothing(piece, &machine.archive, 1);
    meets_nothing(piece, machine.reserved.at, machine.reserved.count);
    meets_nothing(piece, machine.firmware.at, machine.firmware.count);
    meets_nothing(piece, &machine.plic, machine.has_plic);
}

static void device_piece_is_free(struct range piece)
{
    meets_nothing(piece, machine.ram.at, machine.ram.count);
    meets_nothing(piece, machine.reserved.at, machine.reserved.count);
    meets_nothing(piece, machine.firmware.at, machine.firmware.count);
    meets_nothing(piece, &machine.plic, machine.has_plic);
}

/* Checks the invariants of any list: alignment, order, no overlap, the place of each kind. */
static void list_is_sound(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct range piece = { list[i].address, UINT64_C(1) << list[i].size_bits };
        ck_assert_uint_ge(list[i].size_bits, 12);
        ck_assert_uint_le(list[i].size_bits, 38);
        ck_assert_uint_eq(piece.start % piece.bytes, 0);
        for (uint32_t j = 0; j < i; j++)
            meets_nothing(piece, &(struct range){ list[j].address,
                                                  UINT64_C(1) << list[j].size_bits }, 1);
        if (i > 0)
            ck_assert(list[i].kind != list[i - 1].kind || list[i].address > list[i - 1].address);
        if (list[i].kind == BOOT_UNTYPED_RAM)
            ram_piece_is_free(piece);
        else if (list[i].kind == BOOT_UNTYPED_DEVICE)
            device_piece_is_free(piece);
        else
            ck_assert(range_set_holds(&(struct range_set){ 1, { memory.archive } }, piece));
    }
}

static uint64_t kind_bytes(uint32_t count, enum boot_untyped_kind kind)
{
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < count; i++)
        bytes += list[i].kind == kind ? UINT64_C(1) << list[i].size_bits : 0;
    return bytes;
}

/* Every byte of RAM that is free is in one Untyped, and no other byte is. */
START_TEST(test_memory_untypeds_cover_all_that_is_free)
{
    static const char *const names[] = { "virt-256m", "virt-8g-smp4", "virt-numa" };
    static const uint64_t sizes[] = { UINT64_C(256) << 20, UINT64_C(8) << 30, UINT64_C(2) << 30 };
    static const uint64_t device_holes[] = { 0x610000, 0x610000, 2 * 0x610000 };
    uint64_t archive = (TREE_INITRD_BYTES + 0xfff) & ~UINT64_C(0xfff);

    machine_load(names[_i]);
    ck_assert_int_eq(memory_divide(&machine, image, dtb, &memory, &problem), OK);
    uint32_t count = memory_untypeds(&memory, list);
    list_is_sound(count);
    ck_assert_uint_eq(kind_bytes(count, BOOT_UNTYPED_RAM),
                      sizes[_i] - TREE_FIRMWARE_BYTES - 0x1000 - image.bytes - 0x3000 - archive);
    ck_assert_uint_eq(kind_bytes(count, BOOT_UNTYPED_ARCHIVE), archive);
    ck_assert_uint_eq(kind_bytes(count, BOOT_UNTYPED_DEVICE),
                      MEMORY_ADDRESS_END - sizes[_i] - device_holes[_i]);
}
END_TEST

/* Taken memory comes from free RAM, and is in no Untyped afterwards. */
START_TEST(test_memory_take_is_not_handed_out)
{
    uint64_t address = 0;

    machine_load("virt-256m");
    ck_assert_int_eq(memory_divide(&machine, image, dtb, &memory, &problem), OK);
    uint64_t before = range_set_bytes(&memory.ram);
    ck_assert_int_eq(memory_take(&memory, 0xb000, &address), OK);
    struct range taken = { address, 0xb000 };
    ram_piece_is_free(taken);
    ck_assert_uint_eq(range_set_bytes(&memory.ram), before - 0xb000);
    uint32_t count = memory_untypeds(&memory, list);
    for (uint32_t i = 0; i < count; i++)
        meets_nothing((struct range){ list[i].address, UINT64_C(1) << list[i].size_bits }, &taken,
                      1);
    ck_assert_int_eq(memory_take(&memory, UINT64_C(1) << 30, &address), ERR_NO_MEMORY);
    ck_assert_uint_eq(address, taken.start);
}
END_TEST

/* An archive outside RAM, or over the kernel or the tree, is refused. */
START_TEST(test_memory_divide_bad_archive_is_out_of_range)
{
    machine_load("virt-256m");
    static const struct range bad[] = {
        { 0x70000000, 0x1000 },          { 0x8ffff000, 0x1001 },     { 0x80210000, 0x1000 },
        { 0x80100000, 0x200000 },        { 0x8fe02000, 0x1000 },     { 0, UINT64_MAX },
        { UINT64_MAX - 0x1000, 0x1000 }, { 0x80000000, 0x10000001 },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        machine.archive = bad[i];
        ck_assert_int_eq(memory_divide(&machine, image, dtb, &memory, &problem), ERR_RANGE);
    }
}
END_TEST

/* Checks for a range error whose text names the cause. */
static void divide_refuses(const char *word)
{
    problem = NULL;
    ck_assert_int_eq(memory_divide(&machine, image, dtb, &memory, &problem), ERR_RANGE);
    ck_assert_ptr_nonnull(problem);
    ck_assert_msg(strstr(problem, word) != NULL, "%s", problem);
}

/* An image or tree that the described RAM does not cover to the last byte is refused. */
START_TEST(test_memory_divide_uncovered_image_or_tree_is_refused)
{
    static const struct range ram[] = {
        { 0x81000000, 0xf000000 },       { 0x80200001, 0xfdfffff },
        { 0x80000000, 0x200000 },        { 0x80000000, 0x217fff },
        { 0x80000000, 0xfe00000 },       { 0x80000000, 0xfe023a7 },
    };
    for (size_t i = 0; i < sizeof ram / sizeof ram[0]; i++) {
        machine_load("virt-256m");
        machine.archive = (struct range){ 0 };
        machine.ram = (struct range_set){ 1, { ram[i] } };
        divide_refuses(i < 4 ? "kernel's image" : "device tree");
    }
    machine.ram = (struct range_set){ 1, { { 0x80200000, 0xfc023a8 } } };
    ck_assert_int_eq(memory_divide(&machine, image, dtb, &memory, &problem), OK);
    list_is_sound(memory_untypeds(&memory, list));
}
END_TEST

/* Registers beyond the kernel's mapping, or over the kernel's image or tree, are refused. */
START_TEST(test_memory_divide_registers_out_of_reach_are_refused)
{
    machine_load("virt-256m");
    machine.plic = (struct range){ MEMORY_RAM_END - 0x600000, 0x600000 };
    machine.test = (struct range){ MEMORY_RAM_END - 4, 4 };
    ck_assert_int_eq(memory_divide(&machine, image, dtb, &memory, &problem), OK);
    machine.plic.start += 0x1000;
    divide_refuses("254 GiB");
    machine_load("virt-256m");
    machine.test = (struct range){ MEMORY_RAM_END, 0x1000 };
    divide_refuses("254 GiB");
    machine_load("virt-256m");
    machine.plic = (struct range){ image.start - 0x5ff000, 0x600000 };
    divide_refuses("PLIC");
    machine.plic = (struct range){ dtb.start, 0x600000 };
    divide_refuses("PLIC");
}
END_TEST

/* An archive that overlaps registers is refused: its pages would hand the registers out. */
START_TEST(test_memory_divide_archive_over_registers_is_refused)
{
    machine_load("virt-256m");
    machine.plic = (struct range){ machine.archive.start & ~UINT64_C(0xfff), 0x600000 };
    divide_refuses("archive");
    machine_load("virt-256m");
    ck_assert_int_eq(range_set_add(&machine.firmware,
                                   (struct range){ range_end(machine.archive) - 1, 1 }), OK);
    divide_refuses("archive");
}
END_TEST

/* RAM that the kernel cannot reach is handed out neither as RAM nor as device memory. */
START_TEST(test_memory_divide_unreachable_ram_is_left_out)
{
    machine_load("virt-256m");
    ck_assert_int_eq(range_set_add(&machine.ram, (struct range){MEMORY_RAM_END - 0x2000, 0x10000}),
                     OK);
    ck_assert_int_eq(memory_divide(&machine, image, dtb, &memory, &problem), OK);
    uint32_t count = memory_untypeds(&memory, list);
    list_is_sound(count);
    ck_assert(!range_set_holds(&memory.device, (struct range){ MEMORY_RAM_END, 0x1000 }));
    ck_assert(range_set_holds(&memory.ram, (struct range){ MEMORY_RAM_END - 0x2000, 0x2000 }));
}
END_TEST

/* Registers that a tree places in RAM are not handed out, neither firmware's nor the PLIC's. */
START_TEST(test_memory_divide_registers_in_ram_are_not_handed_out)
{
    machine_load("virt-256m");
    machine.firmware = (struct range_set){ 1, { { 0x84000100, 0x10000 } } };
    machine.plic = (struct range){ 0x86000000, 0x600000 };
    machine.has_plic = true;
    ck_assert_int_eq(memory_divide(&machine, image, dtb, &memory, &problem), OK);
    uint32_t count = memory_untypeds(&memory, list);
    ck_assert_uint_gt(count, 0);
    list_is_sound(count);
}
END_TEST

/* RAM that is described to parts of pages is used in whole pages only. */
START_TEST(test_memory_divide_partial_pages_are_not_used)
{
    machine_load("virt-256m");
    machine.ram = (struct range_set){ 2, { { 0x80000000, 0x10000000 }, { 0xa0000800, 0x1000 } } };
    ck_assert_int_eq(memory_divide(&machine, image, dtb, &memory, &problem), OK);
    list_is_sound(memory_untypeds(&memory, list));
    ck_assert(!range_set_holds(&memory.ram, (struct range){ 0xa0000800, 1 }));
    ck_assert(!range_set_holds(&memory.device, (struct range){ 0xa0001000, 0x800 }));
}
END_TEST

/* If there are more pieces than places, the smallest pieces are dropped, and only those. */
START_TEST(test_memory_untypeds_too_many_lets_the_smallest_go)
{
    memset(&memory, 0, sizeof memory);
    for (uint64_t i = 0; i < RANGE_MAX; i++) {
        struct range ram = { (i << 24) + 0x1000, 0xf000 };
        ck_assert_int_eq(range_set_add(&memory.ram, ram), OK);
    }
    uint32_t count = memory_untypeds(&memory, list);
    ck_assert_uint_eq(count, BOOT_UNTYPED_MAX);
    uint32_t per_bits[64] = { 0 };
    for (uint32_t i = 0; i < count; i++)
        per_bits[list[i].size_bits]++;
    ck_assert_uint_eq(per_bits[15], RANGE_MAX);
    ck_assert_uint_eq(per_bits[14], RANGE_MAX);
    ck_assert_uint_eq(per_bits[13], RANGE_MAX);
    ck_assert_uint_eq(per_bits[12], BOOT_UNTYPED_MAX - 3 * RANGE_MAX);
    for (uint32_t i = 1; i < count; i++)
        ck_assert_uint_gt(list[i].address, list[i - 1].address);
}
END_TEST

/* More holes than a set has places is an error; no memory is lost silently. */
START_TEST(test_memory_divide_too_fragmented_is_no_memory)
{
    machine_load("virt-8g-smp4");
    machine.reserved = (struct range_set){ 0 };
    for (uint64_t i = 0; i < RANGE_MAX; i++) {
        struct range hole = { 0x90000000 + i * 0x4000, 0x1000 };
        ck_assert_int_eq(range_set_add(&machine.reserved, hole), OK);
    }
    ck_assert_int_eq(memory_divide(&machine, image, dtb, &memory, &problem), ERR_NO_MEMORY);
}
END_TEST

Suite *suite_memory(void)
{
    Suite *suite = suite_create("memory");
    TCase *all = tcase_create("memory");

    tcase_add_loop_test(all, test_memory_untypeds_cover_all_that_is_free, 0, 3);
    tcase_add_test(all, test_memory_take_is_not_handed_out);
    tcase_add_test(all, test_memory_divide_bad_archive_is_out_of_range);
    tcase_add_test(all, test_memory_divide_uncovered_image_or_tree_is_refused);
    tcase_add_test(all, test_memory_divide_registers_out_of_reach_are_refused);
    tcase_add_test(all, test_memory_divide_archive_over_registers_is_refused);
    tcase_add_test(all, test_memory_divide_unreachable_ram_is_left_out);
    tcase_add_test(all, test_memory_divide_registers_in_ram_are_not_handed_out);
    tcase_add_test(all, test_memory_divide_partial_pages_are_not_used);
    tcase_add_test(all, test_memory_untypeds_too_many_lets_the_smallest_go);
    tcase_add_test(all, test_memory_divide_too_fragmented_is_no_memory);
    suite_add_tcase(suite, all);
    return suite;
}
