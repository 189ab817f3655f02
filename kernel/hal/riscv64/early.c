/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Builds the kernel's address space, before it is in force: this code runs at
 * physical addresses, and takes every address relative to its own.
 */
#include <kernel/hal/riscv64/csr.h>
#include <kernel/hal/riscv64/early.h>
#include <kernel/hal/riscv64/image.h>
#include <kernel/hal/riscv64/layout.h>
#include <kernel/hal/riscv64/pte.h>

#define GIB_BITS 30

static uint64_t table_entry(const void *table)
{
    return pte_make((uint64_t)(uintptr_t)table, PTE_V);
}

static uint64_t image_rights(const uint8_t *page)
{
    if (page < text_end)
        return PTE_R | PTE_X;
    if (page < rodata_end)
        return PTE_R;
    return page == stack_guard ? 0 : PTE_R | PTE_W;
}

uint64_t early_map(uint8_t *image)
{
    uint64_t *root = kernel_tables[0], *middle = kernel_tables[1], *leaf = kernel_tables[2];
    uint64_t *direct = root + (DIRECT_BASE >> GIB_BITS) % PTE_COUNT;

    for (uint64_t address = 0; address < DIRECT_BYTES; address += UINT64_C(1) << GIB_BITS)
        direct[address >> GIB_BITS] = pte_make(address, PTE_KERNEL_LEAF | PTE_R | PTE_W);

    root[(KERNEL_BASE >> GIB_BITS) % PTE_COUNT] = table_entry(middle);
    middle[0] = table_entry(leaf);
    for (uint8_t *page = image; page < image_end; page += 4096) {
        uint64_t rights = image_rights(page);
        if (rights != 0)
            *leaf = pte_make((uint64_t)(uintptr_t)page, PTE_KERNEL_LEAF | rights);
        leaf++;
    }
    return ATP_MODE_SV39 | (uint64_t)(uintptr_t)root >> 12;
}
