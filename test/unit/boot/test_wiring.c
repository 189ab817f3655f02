/* SPDX-License-Identifier: BSD-2-Clause */
#include <kernel/boot/wiring.h>
#include <stdlib.h>

#include "tree.h"

static uint64_t chosen(const void *tree, uint64_t boot_hart)
{
    uint64_t hart = UINT64_MAX;

    ck_assert_int_eq(wiring_hart_choose(tree, fdt_totalsize(tree), boot_hart, &hart), OK);
    return hart;
}

static int node_at(const void *tree, const char *path)
{
    int node = fdt_path_offset(tree, path);

    ck_assert_msg(node >= 0, "%s", path);
    return node;
}

/* With one PLIC for all harts, the boot hart is chosen. */
START_TEST(test_wiring_hart_choose_one_plic_keeps_the_boot_hart)
{
    static const char *const names[] = { "virt-256m", "virt-8g-smp4", "virt-aclint" };

    for (unsigned i = 0; i < 3; i++) {
        void *tree = tree_load(names[i]);
        uint64_t hart_count = i == 1 ? 4 : 1;
        for (uint64_t hart = 0; hart < hart_count; hart++)
            ck_assert_uint_eq(chosen(tree, hart), hart);
        free(tree);
    }
}
END_TEST

/* QEMU wires the UART to the first node's PLIC, which harts 0 and 1 have, and all of virtio to the
 * second's: the console decides. */
START_TEST(test_wiring_hart_choose_numa_goes_where_the_console_is)
{
    void *tree = tree_load("virt-numa");

    ck_assert_uint_eq(chosen(tree, 0), 0);
    ck_assert_uint_eq(chosen(tree, 1), 1);
    ck_assert_uint_lt(chosen(tree, 2), 2);
    ck_assert_uint_lt(chosen(tree, 3), 2);
    free(tree);
}
END_TEST

/* Without a valid stdout-path, the PLIC of the most devices decides. */
START_TEST(test_wiring_hart_choose_no_console_goes_where_most_devices_are)
{
    void *tree = tree_load("virt-numa");

    fdt_setprop_string(tree, node_at(tree, "/chosen"), "stdout-path", "/soc/nothing:9600");
    ck_assert_uint_ge(chosen(tree, 0), 2);
    ck_assert_uint_eq(chosen(tree, 3), 3);
    ck_assert_int_eq(fdt_delprop(tree, node_at(tree, "/chosen"), "stdout-path"), 0);
    ck_assert_uint_ge(chosen(tree, 1), 2);
    ck_assert_uint_eq(chosen(tree, 2), 2);
    free(tree);
}
END_TEST

/* The console's path may be an alias, and may end in line settings. */
START_TEST(test_wiring_hart_choose_alias_with_options_is_followed)
{
    void *tree = tree_load("virt-numa");
    int aliases = fdt_path_offset(tree, "/aliases");

    if (aliases < 0)
        aliases = fdt_add_subnode(tree, 0, "aliases");
    fdt_setprop_string(tree, aliases, "serial7", "/soc/serial@10000000");
    fdt_setprop_string(tree, node_at(tree, "/chosen"), "stdout-path", "serial7:115200n8");
    ck_assert_uint_lt(chosen(tree, 3), 2);
    free(tree);
}
END_TEST

/* A device without an interrupt-parent has that of the nearest node above; one with
 * interrupts-extended has that one's. */
START_TEST(test_wiring_hart_choose_inherited_and_extended_parents_count)
{
    void *tree = tree_load("virt-numa");
    int uart = node_at(tree, "/soc/serial@10000000");
    uint32_t second = fdt_get_phandle(tree, node_at(tree, "/soc/plic@c600000"));
    uint32_t first = fdt_get_phandle(tree, node_at(tree, "/soc/plic@c000000"));

    ck_assert_int_eq(fdt_delprop(tree, uart, "interrupt-parent"), 0);
    fdt_setprop_u32(tree, 0, "interrupt-parent", first);
    ck_assert_uint_eq(chosen(tree, 0), 0);
    fdt_setprop_u32(tree, node_at(tree, "/soc"), "interrupt-parent", second);
    ck_assert_uint_ge(chosen(tree, 0), 2);
    fdt_setprop_u32(tree, 0, "interrupt-parent", second);
    ck_assert_int_eq(fdt_delprop(tree, node_at(tree, "/soc"), "interrupt-parent"), 0);
    ck_assert_uint_ge(chosen(tree, 1), 2);

    uart = node_at(tree, "/soc/serial@10000000");
    fdt_setprop_u32(tree, uart, "interrupts-extended", first);
    fdt_appendprop_u32(tree, node_at(tree, "/soc/serial@10000000"), "interrupts-extended", 10);
    ck_assert_uint_lt(chosen(tree, 3), 2);
    free(tree);
}
END_TEST

/* Disabled harts are not chosen; if no hart is wired to the PLIC, the boot hart is chosen. */
START_TEST(test_wiring_hart_choose_disabled_harts_are_passed_over)
{
    void *tree = tree_load("virt-numa");

    fdt_setprop_string(tree, node_at(tree, "/cpus/cpu@0"), "status", "disabled");
    ck_assert_uint_eq(chosen(tree, 2), 1);
    fdt_setprop_string(tree, node_at(tree, "/cpus/cpu@1"), "status", "disabled");
    ck_assert_uint_eq(chosen(tree, 2), 2);
    free(tree);
}
END_TEST

/* No PLIC, a PLIC of one cell, an unterminated status: the boot hart is chosen. */
START_TEST(test_wiring_hart_choose_odd_trees_keep_the_boot_hart)
{
    void *tree = tree_load("virt-256m");

    fdt_setprop(tree, node_at(tree, "/cpus/cpu@0"), "status", "oka", 3);
    ck_assert_uint_eq(chosen(tree, 7), 7);
    fdt_setprop_u32(tree, node_at(tree, "/soc/plic@c000000"), "interrupts-extended", 1);
    ck_assert_uint_eq(chosen(tree, 0), 0);
    ck_assert_int_eq(fdt_del_node(tree, node_at(tree, "/soc")), 0);
    ck_assert_uint_eq(chosen(tree, 5), 5);
    ck_assert_int_eq(fdt_del_node(tree, node_at(tree, "/cpus")), 0);
    ck_assert_uint_eq(chosen(tree, 5), 5);
    free(tree);
}
END_TEST

/* A blob that is cut short, or is no device tree, is refused. */
START_TEST(test_wiring_hart_choose_damaged_is_format)
{
    void *tree = tree_load("virt-numa");
    uint64_t hart = 17;

    ck_assert_int_eq(wiring_hart_choose(tree, 100, 0, &hart), ERR_FORMAT);
    fdt_set_magic(tree, 0);
    ck_assert_int_eq(wiring_hart_choose(tree, fdt_totalsize(tree), 0, &hart), ERR_FORMAT);
    ck_assert_uint_eq(hart, 17);
    free(tree);
}
END_TEST

Suite *suite_wiring(void)
{
    Suite *suite = suite_create("wiring");
    TCase *tests = tcase_create("wiring");

    tcase_add_test(tests, test_wiring_hart_choose_one_plic_keeps_the_boot_hart);
    tcase_add_test(tests, test_wiring_hart_choose_numa_goes_where_the_console_is);
    tcase_add_test(tests, test_wiring_hart_choose_no_console_goes_where_most_devices_are);
    tcase_add_test(tests, test_wiring_hart_choose_alias_with_options_is_followed);
    tcase_add_test(tests, test_wiring_hart_choose_inherited_and_extended_parents_count);
    tcase_add_test(tests, test_wiring_hart_choose_disabled_harts_are_passed_over);
    tcase_add_test(tests, test_wiring_hart_choose_odd_trees_keep_the_boot_hart);
    tcase_add_test(tests, test_wiring_hart_choose_damaged_is_format);
    suite_add_tcase(suite, tests);
    return suite;
}
