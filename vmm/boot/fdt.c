/* SPDX-License-Identifier: BSD-2-Clause */
/* Nodes and properties are those of QEMU's `virt`, which guests support. */
#include <vmm/boot/fdt.h>

#include <libfdt.h>
#include <stdio.h>
#include <string.h>

#include <vmm/boot/fdt_util.h>
#include <vmm/boot/isa.h>

/* Boot loaders add nodes in place, so there is free room in the blob, as firmware leaves it. */
#define ROOM_BYTES 4096u

/*
 * Makes a different seed for each boot, with the finaliser of SplitMix64.  The finaliser only
 * makes the seeds differ; their secrecy is that of the configured seed.
 */
static void seed_of_boot(const struct machine *machine, uint8_t seed[GUEST_SEED_BYTES])
{
    for (uint32_t at = 0; at < GUEST_SEED_BYTES; at += 8) {
        uint64_t word;
        memcpy(&word, machine->config.rng_seed + at, sizeof word);
        word += machine->state->boot_count * UINT64_C(0x9e3779b97f4a7c15);
        word = (word ^ word >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        word = (word ^ word >> 27) * UINT64_C(0x94d049bb133111eb);
        word ^= word >> 31;
        memcpy(seed + at, &word, sizeof word);
    }
}

/* The node of the device for text, for stdout-path and the alias. */
static int property_text(const struct machine *machine, void *fdt, const char *name)
{
    const struct dev_ctx *dev = machine->text_dev;
    char path[80];

    if (!dev)
        return 0;
    snprintf(path, sizeof path, "/soc/%s@%llx", dev->model->node, (unsigned long long)dev->gpa);
    return fdt_util_string(fdt, name, path);
}

static int node_chosen(const struct machine *machine, const struct image_plan *plan, void *fdt)
{
    const struct board_config *config = &machine->config;
    uint8_t seed[GUEST_SEED_BYTES];
    int err = fdt_begin_node(fdt, "chosen");

    seed_of_boot(machine, seed);
    if (!err && config->bootargs[0] != '\0')
        err = fdt_util_string(fdt, "bootargs", config->bootargs);
    err = err ? err : property_text(machine, fdt, "stdout-path");
    err = err ? err : fdt_property(fdt, "rng-seed", seed, sizeof seed);
    if (!err && config->initrd_bytes) {
        err = fdt_property_u64(fdt, "linux,initrd-start", plan->initrd_gpa);
        err = err ? err : fdt_property_u64(fdt, "linux,initrd-end", plan->initrd_end_gpa);
    }
    return err ? err : fdt_end_node(fdt);
}

static int node_memory(const struct machine *machine, void *fdt)
{
    const struct guestmem *ram = &machine->config.ram;
    int err = fdt_util_begin(fdt, "memory", ram->gpa);
    err = err ? err : fdt_util_string(fdt, "device_type", "memory");
    err = err ? err : fdt_util_reg(fdt, ram->gpa, ram->bytes);
    return err ? err : fdt_end_node(fdt);
}

static int node_cpu_intc(uint32_t hart, void *fdt)
{
    int err = fdt_begin_node(fdt, "interrupt-controller");
    err = err ? err : fdt_property_u32(fdt, "#interrupt-cells", 1);
    err = err ? err : fdt_property_u32(fdt, "#address-cells", 0);
    err = err ? err : fdt_property(fdt, "interrupt-controller", NULL, 0);
    err = err ? err : fdt_util_string(fdt, "compatible", "riscv,cpu-intc");
    err = err ? err : fdt_property_u32(fdt, "phandle", DEV_PHANDLE_CPU_INTC + hart);
    return err ? err : fdt_end_node(fdt);
}

static int node_cpu(const struct machine *machine, uint32_t hart, void *fdt)
{
    char text[ISA_STRING_BYTES];
    uint64_t isa = machine->config.isa_extensions;
    int err = fdt_util_begin(fdt, "cpu", hart);

    err = err ? err : fdt_util_string(fdt, "device_type", "cpu");
    err = err ? err : fdt_property_u32(fdt, "reg", hart);
    err = err ? err : fdt_util_string(fdt, "status", "okay");
    err = err ? err : fdt_util_string(fdt, "compatible", "riscv");
    isa_string(isa, text, sizeof text);
    err = err ? err : fdt_util_string(fdt, "riscv,isa", text);
    err = err ? err : fdt_util_string(fdt, "riscv,isa-base", "rv64i");
    int list_bytes = (int)isa_list(isa, text, sizeof text);
    err = err ? err : fdt_property(fdt, "riscv,isa-extensions", text, list_bytes);
    err = err ? err : fdt_util_string(fdt, "mmu-type", isa_mmu_type(machine->config.satp_mode));
    err = err ? err : fdt_property_u32(fdt, "phandle", DEV_PHANDLE_CPU + hart);
    err = err ? err : node_cpu_intc(hart, fdt);
    return err ? err : fdt_end_node(fdt);
}

static int node_cpu_map(const struct machine *machine, void *fdt)
{
    char name[16];
    int err = fdt_begin_node(fdt, "cpu-map");
    err = err ? err : fdt_begin_node(fdt, "cluster0");
    for (uint32_t hart = 0; !err && hart < machine->config.hart_count; hart++) {
        snprintf(name, sizeof name, "core%u", hart);
        err = fdt_begin_node(fdt, name);
        err = err ? err : fdt_property_u32(fdt, "cpu", DEV_PHANDLE_CPU + hart);
        err = err ? err : fdt_end_node(fdt);
    }
    err = err ? err : fdt_end_node(fdt);
    return err ? err : fdt_end_node(fdt);
}

static int node_cpus(const struct machine *machine, void *fdt)
{
    int err = fdt_begin_node(fdt, "cpus");
    err = err ? err : fdt_property_u32(fdt, "#address-cells", 1);
    err = err ? err : fdt_property_u32(fdt, "#size-cells", 0);
    err = err ? err
              : fdt_property_u32(fdt, "timebase-frequency", (uint32_t)machine->config.timebase_hz);
    for (uint32_t hart = 0; !err && hart < machine->config.hart_count; hart++)
        err = node_cpu(machine, hart, fdt);
    err = err ? err : node_cpu_map(machine, fdt);
    return err ? err : fdt_end_node(fdt);
}

static int node_device(const struct dev_ctx *dev, void *fdt)
{
    const struct dev_model *model = dev->model;

    if (!model->node)
        return 0;
    int err = fdt_util_begin(fdt, model->node, dev->gpa);
    err = err ? err : fdt_util_strings(fdt, "compatible", model->compatible, DEV_COMPATIBLES_MAX);
    err = err ? err
              : fdt_util_reg(fdt, dev->gpa,
                             model->node_bytes ? model->node_bytes : model->region_bytes);
    if (!err && dev->irq)
        err = fdt_util_irq(fdt, dev->irq);
    if (!err && model->fdt_properties)
        err = model->fdt_properties(dev, fdt);
    return err ? err : fdt_end_node(fdt);
}

static int node_soc(const struct machine *machine, void *fdt)
{
    int err = fdt_begin_node(fdt, "soc");
    err = err ? err : fdt_property_u32(fdt, "#address-cells", 2);
    err = err ? err : fdt_property_u32(fdt, "#size-cells", 2);
    err = err ? err : fdt_util_string(fdt, "compatible", "simple-bus");
    err = err ? err : fdt_property(fdt, "ranges", NULL, 0);
    for (uint32_t i = 0; !err && i < machine->config.device_count; i++)
        err = node_device(&machine->dev[i], fdt);
    return err ? err : fdt_end_node(fdt);
}

static int node_aliases(const struct machine *machine, void *fdt)
{
    int err = fdt_begin_node(fdt, "aliases");
    err = err ? err : property_text(machine, fdt, "serial0");
    return err ? err : fdt_end_node(fdt);
}

static int node_root(const struct machine *machine, const struct image_plan *plan, void *fdt)
{
    int err = fdt_begin_node(fdt, "");
    err = err ? err : fdt_property_u32(fdt, "#address-cells", 2);
    err = err ? err : fdt_property_u32(fdt, "#size-cells", 2);
    err = err ? err : fdt_util_string(fdt, "compatible", "riscv-virtio");
    err = err ? err : fdt_util_string(fdt, "model", "riscv-virtio,qemu");
    err = err ? err : node_aliases(machine, fdt);
    err = err ? err : node_chosen(machine, plan, fdt);
    err = err ? err : node_memory(machine, fdt);
    err = err ? err : node_cpus(machine, fdt);
    err = err ? err : node_soc(machine, fdt);
    for (uint32_t i = 0; !err && i < machine->config.device_count; i++)
        if (machine->dev[i].model->fdt_root)
            err = machine->dev[i].model->fdt_root(&machine->dev[i], fdt);
    return err ? err : fdt_end_node(fdt);
}

enum err fdt_build(const struct machine *machine, const struct image_plan *plan, uint8_t *blob,
                   uint64_t size_bytes)
{
    int size = size_bytes > 0x7fffffff ? 0x7fffffff : (int)size_bytes;
    int err = fdt_create(blob, size);

    err = err ? err : fdt_finish_reservemap(blob);
    err = err ? err : node_root(machine, plan, blob);
    err = err ? err : fdt_finish(blob);
    if (err == -FDT_ERR_NOSPACE || (!err && fdt_totalsize(blob) + ROOM_BYTES > (uint32_t)size))
        return ERR_NO_MEMORY;
    if (!err)
        fdt_set_totalsize(blob, fdt_totalsize(blob) + ROOM_BYTES);
    return err ? ERR_FORMAT : OK;
}
