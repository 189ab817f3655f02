/* SPDX-License-Identifier: BSD-2-Clause */
/* SiFive's test finisher, as on QEMU's `virt`: one register for power-off, reboot and failure. */
#include <libfdt.h>

#include <vmm/board/dev.h>
#include <vmm/boot/fdt_util.h>

#define REGION_BYTES    0x1000u

#define SYSCON_FAIL     0x3333u /* | exit code << 16 */
#define SYSCON_POWEROFF 0x5555u
#define SYSCON_REBOOT   0x7777u

static uint64_t syscon_read(const struct dev_ctx *dev, uint64_t offset, uint32_t width)
{
    (void)dev, (void)offset, (void)width;
    return 0;
}

static void syscon_write(const struct dev_ctx *dev, uint64_t offset, uint32_t width, uint64_t value)
{
    const struct dev_host *host = dev->host;
    (void)width;

    if (offset != 0)
        return;
    switch (value & 0xffff) {
    case SYSCON_FAIL:
        host->power(host->opaque, DEV_POWER_FAILED, (uint32_t)(value >> 16) & 0xffff);
        break;
    case SYSCON_POWEROFF:
        host->power(host->opaque, DEV_POWER_OFF, 0);
        break;
    case SYSCON_REBOOT:
        host->power(host->opaque, DEV_POWER_REBOOT, 0);
        break;
    default:
        break;
    }
}

static int syscon_fdt_properties(const struct dev_ctx *dev, void *fdt)
{
    (void)dev;
    return fdt_property_u32(fdt, "phandle", DEV_PHANDLE_TEST);
}

static int syscon_fdt_user(void *fdt, const char *name, const char *compatible, uint32_t value)
{
    int err = fdt_begin_node(fdt, name);
    err = err ? err : fdt_util_string(fdt, "compatible", compatible);
    err = err ? err : fdt_property_u32(fdt, "regmap", DEV_PHANDLE_TEST);
    err = err ? err : fdt_property_u32(fdt, "offset", 0);
    err = err ? err : fdt_property_u32(fdt, "value", value);
    return err ? err : fdt_end_node(fdt);
}

/* poweroff { compatible = "syscon-poweroff"; regmap = <&test>; offset = <0>; value = ...; }; */
static int syscon_fdt_root(const struct dev_ctx *dev, void *fdt)
{
    (void)dev;
    int err = syscon_fdt_user(fdt, "poweroff", "syscon-poweroff", SYSCON_POWEROFF);
    return err ? err : syscon_fdt_user(fdt, "reboot", "syscon-reboot", SYSCON_REBOOT);
}

const struct dev_model syscon_model = {
    .name = "syscon",
    .presence = DEV_BY_DEFAULT,
    .gpa = 0x100000,
    .region_bytes = REGION_BYTES,
    .widths = DEV_WIDTH_2 | DEV_WIDTH_4,
    .read = syscon_read,
    .write = syscon_write,
    .node = "test",
    .compatible = {"sifive,test1", "sifive,test0", "syscon"},
    .fdt_properties = syscon_fdt_properties,
    .fdt_root = syscon_fdt_root,
};
