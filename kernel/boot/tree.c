/* SPDX-License-Identifier: BSD-2-Clause */
#include <kernel/boot/tree.h>

#include <string.h>

#define IRQ_S_EXTERNAL 9u

uint64_t tree_cells(const fdt32_t *cell, int count)
{
    uint64_t value = 0;

    for (int i = 0; i < count; i++)
        value = value << 32 | fdt32_ld(cell + i);
    return value;
}

MUST_CHECK tree_number(const void *fdt, int node, const char *name, uint64_t *value)
{
    int bytes;
    const fdt32_t *cell = fdt_getprop(fdt, node, name, &bytes);

    if (cell == NULL)
        return ERR_NOT_FOUND;
    if (bytes != 4 && bytes != 8)
        return ERR_FORMAT;
    *value = tree_cells(cell, bytes / 4);
    return OK;
}

bool tree_text_is(const void *fdt, int node, const char *name, const char *text)
{
    int bytes;
    const char *value = fdt_getprop(fdt, node, name, &bytes);

    return value != NULL && bytes == (int)strlen(text) + 1 &&
           memcmp(value, text, (size_t)bytes) == 0;
}

bool tree_is_disabled(const void *fdt, int node)
{
    return fdt_getprop(fdt, node, "status", NULL) != NULL &&
           !tree_text_is(fdt, node, "status", "okay") && !tree_text_is(fdt, node, "status", "ok");
}

bool tree_is_hart(const void *fdt, int node)
{
    return tree_text_is(fdt, node, "device_type", "cpu") && !tree_is_disabled(fdt, node);
}

uint32_t tree_hart_controller(const void *fdt, int hart)
{
    int child;

    fdt_for_each_subnode(child, fdt, hart)
    {
        if (fdt_node_check_compatible(fdt, child, "riscv,cpu-intc") == 0)
            return fdt_get_phandle(fdt, child);
    }
    return 0;
}

bool tree_is_plic(const void *fdt, int node)
{
    return fdt_node_check_compatible(fdt, node, "riscv,plic0") == 0 ||
           fdt_node_check_compatible(fdt, node, "sifive,plic-1.0.0") == 0;
}

/* interrupts-extended: a pair (hart's controller, its interrupt) for each context. */
MUST_CHECK tree_plic_context(const void *fdt, int plic, uint32_t controller, uint32_t *context)
{
    int bytes;
    const fdt32_t *cell = fdt_getprop(fdt, plic, "interrupts-extended", &bytes);

    if (cell == NULL || bytes % 8 != 0)
        return ERR_FORMAT;
    for (int i = 0; controller != 0 && i < bytes / 8; i++) {
        if (fdt32_ld(cell + 2 * i) == controller && fdt32_ld(cell + 2 * i + 1) == IRQ_S_EXTERNAL) {
            *context = (uint32_t)i;
            return OK;
        }
    }
    return ERR_NOT_FOUND;
}
