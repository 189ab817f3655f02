/* SPDX-License-Identifier: BSD-2-Clause */
#include <vmm/boot/fdt_util.h>

#include <libfdt.h>
#include <stdio.h>
#include <string.h>

#include <vmm/board/dev.h>

#define CELLS_MAX     64u
#define STRINGS_BYTES 256u

int fdt_util_begin(void *fdt, const char *name, uint64_t gpa)
{
    char full[64];
    snprintf(full, sizeof full, "%s@%llx", name, (unsigned long long)gpa);
    return fdt_begin_node(fdt, full);
}

int fdt_util_cells(void *fdt, const char *name, const uint32_t *cells, uint32_t count)
{
    fdt32_t big_endian[CELLS_MAX];

    if (count > CELLS_MAX)
        return -FDT_ERR_NOSPACE;
    for (uint32_t i = 0; i < count; i++)
        big_endian[i] = cpu_to_fdt32(cells[i]);
    return fdt_property(fdt, name, big_endian, (int)(count * sizeof *big_endian));
}

int fdt_util_string(void *fdt, const char *name, const char *text)
{
    return fdt_property(fdt, name, text, (int)strlen(text) + 1);
}

int fdt_util_strings(void *fdt, const char *name, const char *const *text, uint32_t most)
{
    char list[STRINGS_BYTES];
    size_t used = 0;

    for (uint32_t i = 0; i < most && text[i]; i++) {
        size_t bytes = strlen(text[i]) + 1;
        if (bytes > sizeof list - used)
            return -FDT_ERR_NOSPACE;
        memcpy(list + used, text[i], bytes);
        used += bytes;
    }
    return fdt_property(fdt, name, list, (int)used);
}

int fdt_util_reg(void *fdt, uint64_t gpa, uint64_t bytes)
{
    uint32_t cells[] = {(uint32_t)(gpa >> 32), (uint32_t)gpa, (uint32_t)(bytes >> 32),
                        (uint32_t)bytes};
    return fdt_util_cells(fdt, "reg", cells, 4);
}

int fdt_util_irq(void *fdt, uint32_t source)
{
    int err = fdt_property_u32(fdt, "interrupts", source);
    return err ? err : fdt_property_u32(fdt, "interrupt-parent", DEV_PHANDLE_IRQCHIP);
}
