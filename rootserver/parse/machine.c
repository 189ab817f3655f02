/* SPDX-License-Identifier: BSD-2-Clause */
#include <rootserver/parse/machine.h>

#include <string.h>

#include <libfdt.h>

#define DEPTH_MAX 8

static uint64_t machine_cells_read(const uint8_t *at, int count)
{
    uint64_t value = 0;

    for (int i = 0; i < count * 4; i++)
        value = value << 8 | at[i];
    return value;
}

/* Translates an address to the parent bus (specification, "ranges"); false: the bus does not map
 * the range. */
static bool machine_address_translate(const void *fdt, int bus, uint64_t *address, uint64_t bytes)
{
    int length, parent = fdt_parent_offset(fdt, bus);
    const uint8_t *ranges = fdt_getprop(fdt, bus, "ranges", &length);

    if (ranges == NULL || parent < 0)
        return false;
    if (length == 0)
        return true; /* an empty "ranges": both buses use the same addresses */
    int child_cells = fdt_address_cells(fdt, bus), size_cells = fdt_size_cells(fdt, bus);
    int parent_cells = fdt_address_cells(fdt, parent);
    int entry = (child_cells + parent_cells + size_cells) * 4;
    if (child_cells < 1 || child_cells > 2 || parent_cells < 1 || parent_cells > 2 ||
        size_cells < 1 || size_cells > 2)
        return false;
    for (int at = 0; at + entry <= length; at += entry) {
        uint64_t child = machine_cells_read(ranges + at, child_cells);
        uint64_t up = machine_cells_read(ranges + at + child_cells * 4, parent_cells);
        uint64_t size =
            machine_cells_read(ranges + at + (child_cells + parent_cells) * 4, size_cells);
        if (*address >= child && bytes <= size && *address - child <= size - bytes) {
            *address = *address - child + up;
            return true;
        }
    }
    return false;
}

static bool machine_device_range(const void *fdt, int node, struct machine_device *out)
{
    int length, parent = fdt_parent_offset(fdt, node);
    const uint8_t *reg = fdt_getprop(fdt, node, "reg", &length);

    if (parent < 0 || reg == NULL)
        return false;
    int address_cells = fdt_address_cells(fdt, parent), size_cells = fdt_size_cells(fdt, parent);
    if (address_cells < 1 || address_cells > 2 || size_cells < 1 || size_cells > 2 ||
        length < (address_cells + size_cells) * 4)
        return false;
    out->address = machine_cells_read(reg, address_cells);
    out->bytes = machine_cells_read(reg + address_cells * 4, size_cells);
    for (int depth = 0; parent > 0; depth++) {
        if (depth == DEPTH_MAX ||
            !machine_address_translate(fdt, parent, &out->address, out->bytes))
            return false;
        parent = fdt_parent_offset(fdt, parent);
    }
    return out->bytes > 0 && out->address + out->bytes - 1 >= out->address;
}

MUST_CHECK machine_device_number(const void *blob, const struct machine_device *device,
                                 const char *property, uint32_t *out)
{
    int length;
    const uint8_t *value = fdt_getprop(blob, device->node, property, &length);

    if (value == NULL || length != 4)
        return ERR_NOT_FOUND;
    *out = (uint32_t)machine_cells_read(value, 1);
    return OK;
}

static void machine_irq_add(struct machine_device *out, uint32_t irq)
{
    if (irq != 0 && out->irq_count < MACHINE_IRQS_MAX)
        out->irq[out->irq_count++] = irq;
}

/* #interrupt-cells of a node; 0: the node has none that can be used. */
static int machine_irq_cells(const void *fdt, int controller)
{
    int length;
    const uint8_t *value =
        controller < 0 ? NULL : fdt_getprop(fdt, controller, "#interrupt-cells", &length);

    if (value == NULL || length != 4)
        return 0;
    uint64_t cells = machine_cells_read(value, 1);
    return cells >= 1 && cells <= 4 ? (int)cells : 0;
}

/* The interrupt parent: the property of the node itself or of the nearest node above. */
static int machine_irq_parent(const void *fdt, int node)
{
    for (int depth = 0; node >= 0 && depth <= DEPTH_MAX; depth++) {
        int length;
        const uint8_t *value = fdt_getprop(fdt, node, "interrupt-parent", &length);
        if (value != NULL && length == 4)
            return fdt_node_offset_by_phandle(fdt, (uint32_t)machine_cells_read(value, 1));
        node = node > 0 ? fdt_parent_offset(fdt, node) : -1;
    }
    return -1;
}

/* Reads the interrupts ("interrupts-extended", "interrupts"): a PLIC's or an APLIC's source number
 * is the first cell of its specifier. */
static void machine_device_irqs(const void *fdt, int node, struct machine_device *out)
{
    int length;
    const uint8_t *value = fdt_getprop(fdt, node, "interrupts-extended", &length);

    if (value != NULL) {
        for (int at = 0; at + 8 <= length;) {
            uint32_t phandle = (uint32_t)machine_cells_read(value + at, 1);
            int cells = machine_irq_cells(fdt, fdt_node_offset_by_phandle(fdt, phandle));
            if (cells == 0 || at + 4 + cells * 4 > length)
                return;
            machine_irq_add(out, (uint32_t)machine_cells_read(value + at + 4, 1));
            at += 4 + cells * 4;
        }
        return;
    }
    value = fdt_getprop(fdt, node, "interrupts", &length);
    int cells = machine_irq_cells(fdt, machine_irq_parent(fdt, node));
    for (int at = 0; value != NULL && cells > 0 && at + cells * 4 <= length; at += cells * 4)
        machine_irq_add(out, (uint32_t)machine_cells_read(value + at, 1));
}

static bool machine_device_read(const void *fdt, int node, struct machine_device *out)
{
    struct machine_device device = {.is_there = true, .node = node};
    int length;
    const char *status = fdt_getprop(fdt, node, "status", &length);

    if (status != NULL && (length < 1 || strncmp(status, "ok", 2) != 0))
        return false;
    if (!machine_device_range(fdt, node, &device))
        return false;
    machine_device_irqs(fdt, node, &device);
    *out = device;
    return true;
}

static bool machine_node_fits(const void *fdt, int node, const struct machine_match *match)
{
    for (unsigned i = 0; i < match->count; i++) {
        if (fdt_node_check_compatible(fdt, node, match->compatible[i]) == 0)
            return true;
    }
    return false;
}

/* The node that /chosen stdout-path names, up to a ':'; -1: none. */
static int machine_stdout_node(const void *fdt)
{
    int length, chosen = fdt_path_offset(fdt, "/chosen");
    const char *path = chosen < 0 ? NULL : fdt_getprop(fdt, chosen, "stdout-path", &length);

    if (path == NULL || length <= 0 || path[length - 1] != 0)
        return -1;
    int node = fdt_path_offset_namelen(fdt, path, (int)strcspn(path, ":"));
    return node >= 0 ? node : -1;
}

MUST_CHECK machine_device_find(const void *blob, const struct machine_match *match, unsigned index,
                               struct machine_device *out)
{
    struct machine_device device;
    int first = match->prefers_stdout ? machine_stdout_node(blob) : -1;

    if (first >= 0 && machine_node_fits(blob, first, match) &&
        machine_device_read(blob, first, &device)) {
        if (index == 0) {
            *out = device;
            return OK;
        }
        index--;
    } else
        first = -1;
    for (int node = fdt_next_node(blob, -1, NULL); node >= 0;
         node = fdt_next_node(blob, node, NULL)) {
        if (node == first || !machine_node_fits(blob, node, match) ||
            !machine_device_read(blob, node, &device))
            continue;
        if (index-- > 0)
            continue;
        *out = device;
        return OK;
    }
    return ERR_NOT_FOUND;
}

/* A device that the root server itself uses. */
static void machine_own_find(const void *fdt, const char *compatible, struct machine_device *out)
{
    const struct machine_match match = {.compatible = &compatible, .count = 1};

    if (machine_device_find(fdt, &match, 0, out) != OK)
        out->is_there = false;
}

/* Reads riscv,isa of all harts; empty when they differ. */
static void machine_isa_read(const void *fdt, char isa[ISA_TEXT_BYTES])
{
    static const char cpu[] = "cpu";
    int node = fdt_node_offset_by_prop_value(fdt, -1, "device_type", cpu, sizeof cpu), length;

    for (bool is_first = true; node >= 0; is_first = false) {
        const char *text = fdt_getprop(fdt, node, "riscv,isa", &length);
        bool is_text = text != NULL && length > 0 && length <= ISA_TEXT_BYTES &&
                       memchr(text, 0, (size_t)length) == text + length - 1;
        if (!is_text || (!is_first && strcmp(text, isa) != 0)) {
            isa[0] = 0;
            return;
        }
        memcpy(isa, text, (size_t)length);
        node = fdt_node_offset_by_prop_value(fdt, node, "device_type", cpu, sizeof cpu);
    }
}

MUST_CHECK machine_parse(const void *blob, size_t bytes, struct machine_config *out)
{
    struct machine_config m;
    int length;

    if (fdt_check_full(blob, bytes) != 0)
        return ERR_FORMAT;
    memset(&m, 0, sizeof m);
    machine_own_find(blob, "sifive,test0", &m.finisher);
    machine_own_find(blob, "google,goldfish-rtc", &m.rtc);
    machine_isa_read(blob, m.isa);

    int chosen = fdt_path_offset(blob, "/chosen");
    const char *bootargs = chosen < 0 ? NULL : fdt_getprop(blob, chosen, "bootargs", &length);
    if (bootargs != NULL && length > 0 && bootargs[length - 1] == 0 &&
        trace_parse(bootargs, &m.trace, &m.trace_problem) != OK)
        m.trace.mask = 0;
    const void *seed = chosen < 0 ? NULL : fdt_getprop(blob, chosen, "rng-seed", &length);
    if (seed != NULL && length > 0) {
        m.seed_bytes = (size_t)length < sizeof m.seed ? (size_t)length : sizeof m.seed;
        memcpy(m.seed, seed, m.seed_bytes);
    }
    *out = m;
    return OK;
}
