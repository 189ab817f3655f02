/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The eight places for virtio-MMIO devices of QEMU's `virt`, without a device.  Kernels that do
 * not read the device tree probe these places when they start, and would not survive an access
 * fault.  A place reads as an empty place of QEMU: magic, version 1 (QEMU's default is the legacy
 * interface), device id 0, vendor "QEMU", all else 0.  Stores do nothing.
 *
 * Specification: Virtual I/O Device (VIRTIO), "MMIO Device Register Layout": a device id of 0 is no
 * device, and a driver must ignore it.
 */
#include <vmm/board/dev.h>

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
    offset &= DEV_SLOT_BYTES - 1;
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
const struct dev_model virtio_slots_model = {
    .name = "virtio-slots",
    .presence = DEV_BY_DEFAULT,
    .gpa = DEV_SLOT_GPA,
    .region_bytes = REGION_BYTES,
    .place_count = DEV_SLOTS,
    .place_step_bytes = DEV_SLOT_BYTES,
    .widths = DEV_WIDTH_1 | DEV_WIDTH_2 | DEV_WIDTH_4 | DEV_WIDTH_8,
    .read = virtio_slots_read,
    .write = virtio_slots_write,
};
