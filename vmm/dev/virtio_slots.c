/* SPDX-License-Identifier: BSD-2-Clause */
#include <vmm/dev/virtio_slots.h>

enum reg {
    REG_MAGIC = 0x000,
    REG_VERSION = 0x004,
    REG_DEVICE_ID = 0x008,
    REG_VENDOR_ID = 0x00c,
};

#define MAGIC          0x74726976u /* "virt" */
#define VERSION_LEGACY 1u
#define DEVICE_ID_NONE 0u
#define VENDOR_QEMU    0x554d4551u

#define REGION_BYTES   0x200u
#define STEP_BYTES     0x1000u

/* No state: no register can be changed. */
struct virtio_slots_state {
    uint32_t reserved;
};

static void virtio_slots_reset(const struct dev_ctx *dev)
{
    (void)dev;
}

static uint32_t virtio_slots_word(uint64_t offset)
{
    switch (offset) {
    case REG_MAGIC:
        return MAGIC;
    case REG_VERSION:
        return VERSION_LEGACY;
    case REG_DEVICE_ID:
        return DEVICE_ID_NONE;
    case REG_VENDOR_ID:
        return VENDOR_QEMU;
    default:
        return 0;
    }
}

/* A load of 1 or 2 bytes gives the low part of a register; one of 8 bytes gives two registers. */
static uint64_t virtio_slots_read(const struct dev_ctx *dev, uint64_t offset, uint32_t width)
{
    (void)dev;
    offset &= STEP_BYTES - 1;
    uint64_t high = width == 8 ? virtio_slots_word(offset + 4) : 0;
    return high << 32 | virtio_slots_word(offset);
}

static void virtio_slots_write(const struct dev_ctx *dev, uint64_t offset, uint32_t width,
                               uint64_t value)
{
    (void)dev, (void)offset, (void)width, (void)value;
}

/*
 * The places are not in the device tree; QEMU lists all eight.  A kernel that reads the tree would
 * create and probe a device for each node at every boot, and find none.  A kernel that does not
 * read the tree does not need the nodes.
 */
static int virtio_slots_fdt_node(const struct dev_ctx *dev, void *fdt)
{
    (void)dev, (void)fdt;
    return 0;
}

const struct dev_model virtio_slots_model = {
    .name = "virtio-slots",
    .state_version = 1,
    .state_bytes = sizeof(struct virtio_slots_state),
    .region_bytes = REGION_BYTES,
    .place_count = VIRTIO_SLOTS_COUNT,
    .place_step_bytes = STEP_BYTES,
    .widths = DEV_WIDTH_1 | DEV_WIDTH_2 | DEV_WIDTH_4 | DEV_WIDTH_8,
    .reset = virtio_slots_reset,
    .read = virtio_slots_read,
    .write = virtio_slots_write,
    .fdt_node = virtio_slots_fdt_node,
};
