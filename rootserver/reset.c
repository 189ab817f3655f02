/* SPDX-License-Identifier: BSD-2-Clause */
#include <rootserver/reset.h>

#include <stdint.h>

#define VIRTIO_MMIO_STATUS 0x70

void reset_begin(enum system_reset method, volatile void *registers)
{
    if (method == SYSTEM_RESET_VIRTIO)
        *(volatile uint32_t *)((volatile uint8_t *)registers + VIRTIO_MMIO_STATUS) = 0;
}

bool reset_is_done(enum system_reset method, const volatile void *registers)
{
    if (method == SYSTEM_RESET_VIRTIO)
        return *(const volatile uint32_t *)((const volatile uint8_t *)registers +
                                            VIRTIO_MMIO_STATUS) == 0;
    return true;
}
