/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "tree.h"

static struct machine machine;
static const char *problem;

static void parses(const void *tree, uint64_t hart)
{
    problem = NULL;
    ck_assert_msg(tree_parse(tree, hart, &machine, &problem) == OK, "%s", problem);
}

/* Checks that the tree is refused with this error and a text. */
static void refuses(void *tree, uint64_t hart, enum err err)
{
    problem = NULL;
    ck_assert_int_eq(tree_parse(tree, hart, &machine, &problem), err);
    ck_assert_ptr_nonnull(problem);
    ck_assert_ptr_null(strchr(problem, '\n'));
    free(tree);
}

static int node_at(const void *tree, const char *path)
{
    int node = fdt_path_offset(tree, path);

    ck_assert_msg(node >= 0, "%s", path);
    return node;
}

START_TEST(test_machine_parse_256m_finds_all)
{
    void *tree = tree_load("virt-256m");

    parses(tree, 0);
    ck_assert_uint_eq(machine.ram.count, 1);
    ck_assert_uint_eq(machine.ram.at[0].start, 0x80000000);
    ck_assert_uint_eq(machine.ram.at[0].bytes, 0x10000000);
    ck_assert_uint_eq(machine.timebase_hz, 10000000);
    ck_assert_uint_eq(machine.hart_count, 1);
    ck_assert(machine.has_plic);
    ck_assert_uint_eq(machine.plic.start, 0xc000000);
    ck_assert_uint_eq(machine.plic.bytes, 0x600000);
    ck_assert_uint_eq(machine.plic_source_count, 95);
    ck_assert_uint_eq(machine.plic_context, 1);
    ck_assert_uint_eq(machine.test.start, 0x100000);
    ck_assert_uint_eq(machine.firmware.count, 1);
    ck_assert_uint_eq(machine.firmware.at[0].start, 0x2000000);
    ck_assert_uint_eq(machine.archive.bytes, 0);
    ck_assert_uint_eq(machine.reserved.count, 0);
    free(tree);
}
END_TEST

/* Each hart gets its own S context, wherever the tree lists it. */
START_TEST(test_machine_parse_each_boot_hart_has_its_context)
{
    void *tree = tree_load("virt-8g-smp4");

    for (uint64_t hart = 0; hart < 4; hart++) {
        parses(tree, hart);
        ck_assert_uint_eq(machine.hart_count, 4);
        ck_assert_uint_eq(machine.plic_context, 2 * hart + 1);
        ck_assert_uint_eq(range_set_bytes(&machine.ram), UINT64_C(8) << 30);
    }
    free(tree);
}
END_TEST

/* Adjacent memory of two nodes is one range; each hart uses its node's PLIC, and the
 * other PLIC is not handed out. */
START_TEST(test_machine_parse_numa_unites_memory)
{
    void *tree = tree_load("virt-numa");

    for (uint64_t hart = 0; hart < 4; hart++) {
        uint64_t own = hart < 2 ? 0xc000000 : 0xc600000, other = hart < 2 ? 0xc600000 : 0xc000000;
        parses(tree, hart);
        ck_assert_uint_eq(machine.ram.count, 1);
        ck_assert_uint_eq(machine.ram.at[0].bytes, UINT64_C(2) << 30);
        ck_assert_uint_eq(machine.plic.start, own);
        ck_assert_uint_eq(machine.plic_context, 2 * (hart % 2) + 1);
        ck_assert(range_set_holds(&machine.firmware, (struct range){ other, 0x600000 }));
    }
    free(tree);
}
END_TEST

/* The firmware's timer and IPI registers are also found by their newer compatible strings. */
START_TEST(test_machine_parse_aclint_is_firmware)
{
    void *tree = tree_load("virt-aclint");

    parses(tree, 0);
    ck_assert(range_set_holds(&machine.firmware, (struct range){ 0x2000000, 0xc000 }));
    ck_assert(range_set_holds(&machine.firmware, (struct range){ 0x2f00000, 0x4000 }));
    free(tree);
}
END_TEST

/* Timers and interrupt controllers of other vendors, disabled or not, are not handed out. */
START_TEST(test_machine_parse_other_vendors_controllers_are_firmware)
{
    static const char *const names[] = {
        "thead,c900-aclint-mtimer", "thead,c900-aclint-mswi", "starfive,jh7110-clint",
        "andestech,plmt0", "andestech,plicsw", "riscv,aplic", "riscv,imsics", "riscv,plic0",
    };
    for (size_t i = 0; i < 2 * sizeof names / sizeof names[0]; i++) {
        void *tree = tree_load("virt-256m");
        int node = fdt_add_subnode(tree, node_at(tree, "/soc"), "other@7000000");
        fdt_setprop(tree, node, "compatible", names[i / 2], (int)strlen(names[i / 2]) + 1);
        fdt_setprop_u64(tree, node, "reg", 0x7000000);
        fdt_appendprop_u64(tree, node, "reg", 0x9000);
        if (i % 2 == 1 || i / 2 == 7)
            fdt_setprop_string(tree, node, "status", "disabled");
        parses(tree, 0);
        ck_assert_msg(range_set_holds(&machine.firmware, (struct range){ 0x7000000, 0x9000 }),
                      "%s", names[i / 2]);
        free(tree);
    }
}
END_TEST

/* An impossible size or divisor is refused, or counts as absent. */
START_TEST(test_machine_parse_odd_numbers_are_not_used)
{
    static const uint64_t blocks[] = { UINT64_C(1) << 61, 8192, 96, 4096, 64 };
    void *tree = tree_load("virt-256m");

    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        fdt_setprop_u64(tree, node_at(tree, "/cpus/cpu@0"), "riscv,cboz-block-size", blocks[i]);
        parses(tree, 0);
        ck_assert_uint_eq(machine.zero_block_bytes, i < 3 ? 0 : blocks[i]);
    }
    fdt_setprop_u64(tree, node_at(tree, "/cpus"), "timebase-frequency", 1000);
    parses(tree, 0);
    free(tree);
    for (size_t i = 0; i < 2; i++) {
        tree = tree_load("virt-256m");
        fdt_setprop_u64(tree, node_at(tree, "/cpus"), "timebase-frequency",
                        i == 0 ? 999 : UINT64_C(1) << 32);
        refuses(tree, 0, ERR_RANGE);
    }
}
END_TEST

/* Reservations of either kind, and an initrd in cells of either width, are seen. */
START_TEST(test_machine_parse_firmware_additions_are_seen)
{
    void *tree = tree_load("virt-256m");

    tree_add_firmware(tree);
    parses(tree, 0);
    ck_assert_uint_eq(machine.reserved.count, 2);
    ck_assert_uint_eq(machine.reserved.at[0].start, TREE_FIRMWARE_START);
    ck_assert_uint_eq(machine.reserved.at[0].bytes, TREE_FIRMWARE_BYTES);
    ck_assert_uint_eq(machine.reserved.at[1].start, 0x8f000000);
    ck_assert_uint_eq(machine.archive.start, TREE_INITRD_START);
    ck_assert_uint_eq(machine.archive.bytes, TREE_INITRD_BYTES);
    free(tree);
}
END_TEST

/* A disabled hart is not counted, and cannot be the boot hart. */
START_TEST(test_machine_parse_disabled_hart_is_not_counted)
{
    void *tree = tree_load("virt-8g-smp4");

    fdt_setprop_string(tree, node_at(tree, "/cpus/cpu@2"), "status", "disabled");
    parses(tree, 0);
    ck_assert_uint_eq(machine.hart_count, 3);
    refuses(tree, 2, ERR_NOT_FOUND);
}
END_TEST

/* A machine without PLIC or test device is accepted. */
START_TEST(test_machine_parse_without_devices_is_ok)
{
    void *tree = tree_load("virt-256m");

    ck_assert_int_eq(fdt_del_node(tree, node_at(tree, "/soc")), 0);
    parses(tree, 0);
    ck_assert(!machine.has_plic);
    ck_assert_uint_eq(machine.plic_source_count, 0);
    ck_assert_uint_eq(machine.test.bytes, 0);
    free(tree);
}
END_TEST

START_TEST(test_machine_parse_missing_parts_are_not_found)
{
    void *tree = tree_load("virt-256m");
    ck_assert_int_eq(fdt_del_node(tree, node_at(tree, "/memory@80000000")), 0);
    refuses(tree, 0, ERR_NOT_FOUND);

    tree = tree_load("virt-256m");
    fdt_delprop(tree, node_at(tree, "/cpus"), "timebase-frequency");
    refuses(tree, 0, ERR_NOT_FOUND);

    tree = tree_load("virt-256m");
    fdt_setprop_u32(tree, node_at(tree, "/cpus"), "timebase-frequency", 0);
    refuses(tree, 0, ERR_NOT_FOUND);

    refuses(tree_load("virt-256m"), 1, ERR_NOT_FOUND);
    refuses(tree_load("virt-256m"), UINT64_MAX, ERR_NOT_FOUND);
}
END_TEST

START_TEST(test_machine_parse_odd_properties_are_format_errors)
{
    void *tree = tree_load("virt-256m");
    fdt_setprop_u32(tree, node_at(tree, "/memory@80000000"), "reg", 1);
    refuses(tree, 0, ERR_FORMAT);

    tree = tree_load("virt-256m");
    fdt_setprop_u32(tree, node_at(tree, "/"), "#address-cells", 3);
    refuses(tree, 0, ERR_FORMAT);

    tree = tree_load("virt-256m");
    fdt_setprop_u32(tree, node_at(tree, "/soc/plic@c000000"), "riscv,ndev", 1024);
    refuses(tree, 0, ERR_FORMAT);

    tree = tree_load("virt-256m");
    fdt_setprop_u32(tree, node_at(tree, "/soc/plic@c000000"), "interrupts-extended", 1);
    refuses(tree, 0, ERR_FORMAT);

    tree = tree_load("virt-256m");
    fdt_setprop(tree, node_at(tree, "/soc/plic@c000000"), "interrupts-extended", NULL, 0);
    refuses(tree, 0, ERR_NOT_FOUND);

    tree = tree_load("virt-256m");
    tree_add_firmware(tree);
    fdt_setprop_u64(tree, node_at(tree, "/chosen"), "linux,initrd-end", TREE_INITRD_START - 1);
    refuses(tree, 0, ERR_FORMAT);

    tree = tree_load("virt-256m");
    fdt_setprop_string(tree, node_at(tree, "/cpus/cpu@0"), "reg", "abc4567");
    refuses(tree, 0, ERR_NOT_FOUND);

    tree = tree_load("virt-256m");
    fdt_setprop_string(tree, node_at(tree, "/cpus/cpu@0"), "reg", "abc");
    fdt_appendprop_string(tree, node_at(tree, "/cpus/cpu@0"), "reg", "d");
    refuses(tree, 0, ERR_FORMAT);
}
END_TEST

/* Registers at odd addresses, or half a register, are refused: the kernel's access would trap. */
START_TEST(test_machine_parse_odd_registers_are_format_errors)
{
    static const struct { const char *path; uint64_t start, bytes; } odd[] = {
        { "/soc/plic@c000000", 0xc000004, 0x600000 },
        { "/soc/test@100000", 0x100002, 0x1000 },
        { "/soc/test@100000", 0x100000, 3 },
    };
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        void *tree = tree_load("virt-256m");
        fdt_setprop_u64(tree, node_at(tree, odd[i].path), "reg", odd[i].start);
        fdt_appendprop_u64(tree, node_at(tree, odd[i].path), "reg", odd[i].bytes);
        refuses(tree, 0, ERR_FORMAT);
    }
}
END_TEST

/* A context whose registers lie after the PLIC's end is refused: the kernel would write there. */
START_TEST(test_machine_parse_plic_context_outside_is_refused)
{
    void *tree = tree_load("virt-8g-smp4");
    int plic = node_at(tree, "/soc/plic@c000000");

    fdt_setprop_u64(tree, plic, "reg", 0xc000000);
    fdt_appendprop_u64(tree, plic, "reg", 0x201000);
    refuses(tree, 0, ERR_FORMAT);
}
END_TEST

START_TEST(test_machine_parse_wrapping_memory_is_out_of_range)
{
    void *tree = tree_load("virt-256m");
    int memory = node_at(tree, "/memory@80000000");

    fdt_setprop_u64(tree, memory, "reg", UINT64_MAX - 0xfff);
    fdt_appendprop_u64(tree, memory, "reg", 0x2000);
    refuses(tree, 0, ERR_RANGE);
}
END_TEST

START_TEST(test_machine_parse_too_many_ranges_is_no_memory)
{
    void *tree = tree_load("virt-256m");

    for (uint64_t i = 0; i <= RANGE_MAX; i++)
        fdt_add_mem_rsv(tree, 0x80000000 + i * 0x2000, 0x1000);
    refuses(tree, 0, ERR_NO_MEMORY);
}
END_TEST

/* A tree with a bus that translates addresses is refused. */
START_TEST(test_machine_parse_translating_bus_is_not_supported)
{
    void *tree = tree_load("virt-256m");

    fdt_setprop_u32(tree, node_at(tree, "/soc"), "ranges", 1);
    refuses(tree, 0, ERR_NOT_SUPPORTED);
}
END_TEST

START_TEST(test_machine_dtb_bytes_checks_the_header)
{
    void *tree = tree_load("virt-256m");
    uint64_t bytes = 0;

    ck_assert_int_eq(machine_dtb_bytes(tree, &bytes), OK);
    ck_assert_uint_eq(bytes, fdt_totalsize(tree));
    ck_assert_int_eq(machine_dtb_bytes((char *)tree + 4, &bytes), ERR_FORMAT);
    fdt_set_totalsize(tree, 7);
    ck_assert_int_eq(machine_dtb_bytes(tree, &bytes), ERR_FORMAT);
    fdt_set_totalsize(tree, MACHINE_DTB_BYTES_MAX + 1);
    ck_assert_int_eq(machine_dtb_bytes(tree, &bytes), ERR_RANGE);
    fdt_set_magic(tree, 0);
    ck_assert_int_eq(machine_dtb_bytes(tree, &bytes), ERR_FORMAT);
    ck_assert_int_eq(machine_dtb_bytes(NULL, &bytes), ERR_FORMAT);
    free(tree);
}
END_TEST

Suite *suite_machine(void)
{
    Suite *suite = suite_create("machine");
    TCase *all = tcase_create("machine");

    tcase_add_test(all, test_machine_parse_256m_finds_all);
    tcase_add_test(all, test_machine_parse_each_boot_hart_has_its_context);
    tcase_add_test(all, test_machine_parse_numa_unites_memory);
    tcase_add_test(all, test_machine_parse_aclint_is_firmware);
    tcase_add_test(all, test_machine_parse_other_vendors_controllers_are_firmware);
    tcase_add_test(all, test_machine_parse_odd_numbers_are_not_used);
    tcase_add_test(all, test_machine_parse_firmware_additions_are_seen);
    tcase_add_test(all, test_machine_parse_disabled_hart_is_not_counted);
    tcase_add_test(all, test_machine_parse_without_devices_is_ok);
    tcase_add_test(all, test_machine_parse_missing_parts_are_not_found);
    tcase_add_test(all, test_machine_parse_odd_properties_are_format_errors);
    tcase_add_test(all, test_machine_parse_odd_registers_are_format_errors);
    tcase_add_test(all, test_machine_parse_plic_context_outside_is_refused);
    tcase_add_test(all, test_machine_parse_wrapping_memory_is_out_of_range);
    tcase_add_test(all, test_machine_parse_too_many_ranges_is_no_memory);
    tcase_add_test(all, test_machine_parse_translating_bus_is_not_supported);
    tcase_add_test(all, test_machine_dtb_bytes_checks_the_header);
    suite_add_tcase(suite, all);
    return suite;
}
