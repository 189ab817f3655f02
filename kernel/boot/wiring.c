/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Devicetree Specification, "Interrupts and Interrupt Mapping": a device's interrupt controller
 * is named by its interrupt-parent, or by that of the nearest ancestor that has one; or by the
 * first cell of its interrupts-extended.
 */
#include <kernel/boot/machine.h>
#include <kernel/boot/tree.h>
#include <kernel/boot/wiring.h>

#include <string.h>

#define PLICS_MAX      16u
#define DEPTH_MAX      16
#define PATH_BYTES_MAX      256

struct plic_seen {
    int node;
    uint32_t phandle;
    uint32_t device_count;
};

struct wiring {
    const void *fdt;
    int console; /* node; negative: unknown */
    uint32_t console_parent;
    uint32_t plic_count;
    struct plic_seen plic[PLICS_MAX];
};

/* A property's first cell; 0, which is not a phandle, if there is none. */
static uint32_t first_cell(const void *fdt, int node, const char *name)
{
    int bytes;
    const fdt32_t *cell = fdt_getprop(fdt, node, name, &bytes);

    return cell == NULL || bytes < 4 ? 0 : fdt32_ld(cell);
}

/* stdout-path is a path or an alias, and after a colon the settings of the serial line. */
static int console_find(const void *fdt)
{
    char path[PATH_BYTES_MAX];
    int bytes, chosen = fdt_path_offset(fdt, "/chosen");
    const char *value = chosen < 0 ? NULL : fdt_getprop(fdt, chosen, "stdout-path", &bytes);

    if (value == NULL || bytes <= 0 || bytes > PATH_BYTES_MAX || value[bytes - 1] != '\0')
        return -1;
    memcpy(path, value, (size_t)bytes);
    char *options = memchr(path, ':', (size_t)bytes);
    if (options != NULL)
        *options = '\0';
    return fdt_path_offset(fdt, path);
}

static void plic_note(struct wiring *w, int node)
{
    if (tree_is_plic(w->fdt, node) && !tree_is_disabled(w->fdt, node) && w->plic_count < PLICS_MAX)
        w->plic[w->plic_count++] = (struct plic_seen){ .node = node,
                                                       .phandle = fdt_get_phandle(w->fdt, node) };
}

static void device_count(struct wiring *w, int node, uint32_t inherited)
{
    uint32_t parent = first_cell(w->fdt, node, "interrupts-extended");

    if (parent == 0 && fdt_getprop(w->fdt, node, "interrupts", NULL) == NULL)
        return;
    if (parent == 0)
        parent = inherited;
    if (node == w->console)
        w->console_parent = parent;
    for (uint32_t i = 0; i < w->plic_count; i++) {
        if (parent != 0 && w->plic[i].phandle == parent && !tree_is_disabled(w->fdt, node))
            w->plic[i].device_count++;
    }
}

/* Call plic_note() or device_count() for each node, the latter with its inherited controller. */
static void nodes_walk(struct wiring *w, bool is_counting)
{
    uint32_t in_force[DEPTH_MAX] = { 0 };
    int depth = 0;

    for (int node = fdt_next_node(w->fdt, -1, &depth); node >= 0 && depth >= 0;
         node = fdt_next_node(w->fdt, node, &depth)) {
        if (depth >= DEPTH_MAX)
            continue;
        uint32_t own = first_cell(w->fdt, node, "interrupt-parent");
        in_force[depth] = own != 0 || depth == 0 ? own : in_force[depth - 1];
        if (is_counting)
            device_count(w, node, in_force[depth]);
        else
            plic_note(w, node);
    }
}

static const struct plic_seen *plic_choose(const struct wiring *w)
{
    const struct plic_seen *most = NULL;

    for (uint32_t i = 0; i < w->plic_count; i++) {
        const struct plic_seen *plic = &w->plic[i];
        if (w->console_parent != 0 && plic->phandle == w->console_parent)
            return plic;
        if (most == NULL || plic->device_count > most->device_count)
            most = plic;
    }
    return most;
}

MUST_CHECK wiring_hart_choose(const void *dtb, uint64_t bytes, uint64_t boot_hart, uint64_t *hart)
{
    struct wiring w = { .fdt = dtb };

    if (bytes > MACHINE_DTB_BYTES_MAX || fdt_check_full(dtb, bytes) != 0)
        return ERR_FORMAT;
    w.console = console_find(dtb);
    nodes_walk(&w, false);
    nodes_walk(&w, true);

    const struct plic_seen *plic = plic_choose(&w);
    int cpus = fdt_path_offset(dtb, "/cpus"), cpu;
    uint64_t id, first = boot_hart;
    *hart = boot_hart;
    if (plic == NULL || cpus < 0)
        return OK;
    fdt_for_each_subnode(cpu, dtb, cpus)
    {
        uint32_t intc = tree_hart_controller(dtb, cpu), context;
        if (!tree_is_hart(dtb, cpu) || tree_number(dtb, cpu, "reg", &id) != OK ||
            tree_plic_context(dtb, plic->node, intc, &context) != OK)
            continue;
        if (id == boot_hart)
            return OK;
        if (first == boot_hart)
            first = id;
    }
    *hart = first;
    return OK;
}
