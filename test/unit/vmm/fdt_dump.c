/* SPDX-License-Identifier: BSD-2-Clause */
/* Writes a machine's device tree: fdt_dump HARTS MACHINE_ISA SATP_MODE HAS_INITRD FILE [DEVICE].
 * DEVICE is +NAME for a machine of one hart with one more device, -NAME for one without.
 * MACHINE_ISA is the riscv,isa of the machine below; with sstc in it the kernel has that too. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libfdt.h>
#include <vmm/boot/image.h>
#include <vmm/boot/isa.h>

#include <test/fakes/vmm_fake.h>

static struct vmm_fake *machine_make(uint32_t hart_count, const char *device)
{
    switch (device[0]) {
    case '+':
        return fake_new_with(device + 1);
    case '-':
        return fake_new_without(device + 1);
    default:
        return fake_new(hart_count);
    }
}

int main(int argc, char **argv)
{
    if (argc != 6 && argc != 7)
        return 2;
    struct vmm_fake *fake = machine_make((uint32_t)atoi(argv[1]), argc == 7 ? argv[6] : "");
    fake->machine.config.isa_extensions =
        isa_stateless(argv[2]) | (strstr(argv[2], "_sstc") ? ISA_SSTC : 0);
    fake->machine.config.satp_mode = (uint32_t)atoi(argv[3]);
    if (atoi(argv[4]) == 0)
        fake->machine.config.initrd_bytes = 0;
    if (machine_boot(&fake->machine))
        return 1;
    const uint8_t *blob = fake->ram + FAKE_RAM_BYTES - IMAGE_DTB_BYTES;
    FILE *file = fopen(argv[5], "wb");
    size_t bytes = fdt_totalsize(blob);
    if (!file || fwrite(blob, 1, bytes, file) != bytes || fclose(file))
        return 1;
    fake_free(fake);
    return 0;
}
