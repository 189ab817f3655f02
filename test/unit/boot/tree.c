/* SPDX-License-Identifier: BSD-2-Clause */
#include "tree.h"

#include <stdio.h>
#include <stdlib.h>

#define TREE_BYTES_MAX 32768

void *tree_load(const char *name)
{
    static char file[TREE_BYTES_MAX];
    char path[4096];

    snprintf(path, sizeof path, "%s/%s.dtb", TREES, name);
    FILE *in = fopen(path, "rb");
    ck_assert_msg(in != NULL, "no %s", path);
    size_t bytes = fread(file, 1, sizeof file, in);
    fclose(in);
    ck_assert_uint_gt(bytes, 0);

    void *tree = malloc(TREE_BYTES_MAX);
    ck_assert_int_eq(fdt_open_into(file, tree, TREE_BYTES_MAX), 0);
    return tree;
}

void tree_add_firmware(void *tree)
{
    int parent = fdt_add_subnode(tree, 0, "reserved-memory");
    ck_assert_int_ge(parent, 0);
    ck_assert_int_eq(fdt_setprop_u32(tree, parent, "#address-cells", 2), 0);
    ck_assert_int_eq(fdt_setprop_u32(tree, parent, "#size-cells", 2), 0);
    int node = fdt_add_subnode(tree, parent, "mmode_resv0@80000000");
    ck_assert_int_eq(fdt_setprop_u64(tree, node, "reg", TREE_FIRMWARE_START), 0);
    ck_assert_int_eq(fdt_appendprop_u64(tree, node, "reg", TREE_FIRMWARE_BYTES), 0);
    ck_assert_int_eq(fdt_add_mem_rsv(tree, 0x8f000000, 0x1000), 0);

    int chosen = fdt_path_offset(tree, "/chosen");
    ck_assert_int_eq(fdt_setprop_u64(tree, chosen, "linux,initrd-start", TREE_INITRD_START), 0);
    chosen = fdt_path_offset(tree, "/chosen");
    ck_assert_int_eq(
        fdt_setprop_u32(tree, chosen, "linux,initrd-end", TREE_INITRD_START + TREE_INITRD_BYTES),
        0);
}

enum err tree_parse(const void *tree, uint64_t hart, struct machine *out, const char **problem)
{
    return machine_parse(tree, fdt_totalsize(tree), hart, out, problem);
}
