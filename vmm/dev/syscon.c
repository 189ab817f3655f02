/* SPDX-License-Identifier: BSD-2-Clause */
#include <vmm/dev/syscon.h>

#include <libfdt.h>

#include <vmm/boot/fdt_util.h>

#define REGION_BYTES 0x1000u

/* No state: the guest's request goes to the state of the machine. */
struct syscon_state {
    uint32_t reserved;
};

static void syscon_reset(const struct dev_ctx *dev)
{
    (void)dev;
}

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

/*
 * test@100000 {
 *     compatible = "sifive,test1", "sifive,test0", "syscon";
 * };
 * The nodes `poweroff` and `reboot` of the root refer to it (boot/fdt.c).
 */
static int syscon_fdt_node(const struct dev_ctx *dev, void *fdt)
{
    static const char compatible[] = "sifive,test1\0sifive,test0\0syscon";
    int err = fdt_util_begin(fdt, "test", dev->gpa);
    err = err ? err : fdt_property(fdt, "compatible", compatible, sizeof compatible);
    err = err ? err : fdt_util_reg(fdt, dev->gpa, REGION_BYTES);
    err = err ? err : fdt_property_u32(fdt, "phandle", DEV_PHANDLE_TEST);
    return err ? err : fdt_end_node(fdt);
}

const struct dev_model syscon_model = {
    .name = "syscon",
    .state_version = 1,
    .state_bytes = sizeof(struct syscon_state),
    .region_bytes = REGION_BYTES,
    .widths = DEV_WIDTH_2 | DEV_WIDTH_4,
    .reset = syscon_reset,
    .read = syscon_read,
    .write = syscon_write,
    .fdt_node = syscon_fdt_node,
};
