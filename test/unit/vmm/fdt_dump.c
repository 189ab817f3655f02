/* SPDX-License-Identifier: BSD-2-Clause */
/* Writes the device tree of a machine: fdt_dump HARTS MACHINE_ISA SATP_MODE HAS_INITRD FILE.
 * MACHINE_ISA is the riscv,isa of the machine below; with sstc in it the kernel has that too. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libfdt.h>
#include <vmm/boot/fdt.h>
#include <vmm/boot/isa.h>

#include <test/fakes/vmm_fake.h>

int main(int argc, char **argv)
{
    if (argc != 6)
        return 2;
    struct vmm_fake *fake = fake_new((uint32_t)atoi(argv[1]));
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
