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

static uint32_t machine_u32_read(const void *fdt, int node, const char *name, uint32_t otherwise)
{
    int length;
    const uint8_t *value = fdt_getprop(fdt, node, name, &length);

    return value != NULL && length == 4 ? (uint32_t)machine_cells_read(value, 1) : otherwise;
}

/* The first interrupt: a PLIC's or an APLIC's source number is the first cell of its specifier. */
static uint32_t machine_device_irq(const void *fdt, int node)
{
    int length;
    const uint8_t *value = fdt_getprop(fdt, node, "interrupts", &length);

    if (value != NULL && length >= 4)
        return (uint32_t)machine_cells_read(value, 1);
    value = fdt_getprop(fdt, node, "interrupts-extended", &length);
    if (value != NULL && length >= 8)
        return (uint32_t)machine_cells_read(value + 4, 1);
    return 0;
}

static bool machine_device_read(const void *fdt, int node, struct machine_device *out)
{
    struct machine_device device = {.is_there = true};
    int length;
    const char *status = fdt_getprop(fdt, node, "status", &length);

    if (status != NULL && (length < 1 || strncmp(status, "ok", 2) != 0))
        return false;
    if (!machine_device_range(fdt, node, &device))
        return false;
    device.irq = machine_device_irq(fdt, node);
    *out = device;
    return true;
}

/* Finds the first compatible device that is enabled and has a usable range; returns the node's
 * offset, or -1. */
static int machine_device_find(const void *fdt, const char *compatible, struct machine_device *out)
{
    int node = fdt_node_offset_by_compatible(fdt, -1, compatible);

    while (node >= 0 && !machine_device_read(fdt, node, out))
        node = fdt_node_offset_by_compatible(fdt, node, compatible);
    return node >= 0 ? node : -1;
}

/* Finds the UART that firmware and kernel use: /chosen stdout-path up to a ':', else the first
 * ns16550a. */
static int machine_uart_find(const void *fdt, struct machine_device *out)
{
    int length, chosen = fdt_path_offset(fdt, "/chosen");
    const char *path = chosen < 0 ? NULL : fdt_getprop(fdt, chosen, "stdout-path", &length);

    if (path != NULL && length > 0 && path[length - 1] == 0) {
        int node = fdt_path_offset_namelen(fdt, path, (int)strcspn(path, ":"));
        if (node >= 0 && fdt_node_check_compatible(fdt, node, "ns16550a") == 0 &&
            machine_device_read(fdt, node, out))
            return node;
    }
    return machine_device_find(fdt, "ns16550a", out);
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
    int uart = machine_uart_find(blob, &m.uart);
    if (uart >= 0) {
        m.uart_reg_shift = machine_u32_read(blob, uart, "reg-shift", 0);
        m.uart_io_width = machine_u32_read(blob, uart, "reg-io-width", 1);
        if (m.uart_reg_shift > 4 || (m.uart_io_width != 1 && m.uart_io_width != 4) ||
            m.uart.irq == 0 || (UINT64_C(8) << m.uart_reg_shift) > 4096 ||
            (m.uart.address & 4095) + (UINT64_C(8) << m.uart_reg_shift) > 4096)
            m.uart.is_there = false;
    }
    (void)machine_device_find(blob, "sifive,test0", &m.finisher);
    (void)machine_device_find(blob, "google,goldfish-rtc", &m.rtc);
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
