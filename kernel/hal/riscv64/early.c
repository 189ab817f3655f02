/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Builds the kernel's address space.  This code runs at physical addresses, before
 * translation is on, and computes every address relative to its own pc.
 */
#include <kernel/hal/riscv64/csr.h>
#include <kernel/hal/riscv64/early.h>
#include <kernel/hal/riscv64/image.h>
#include <kernel/hal/riscv64/layout.h>
#include <kernel/hal/riscv64/pte.h>

#define RIGHTS_RW (PTE_R | PTE_W)

static uint64_t address_of(const void *pointer)
{
    return (uint64_t)(uintptr_t)pointer;
}

static uint64_t table_entry(enum kernel_table table)
{
    return pte_table(hpa(address_of(kernel_tables[table])));
}

/* The rights of a page in the image's 2 MiB; 0: the page is not mapped. */
static uint64_t image_rights(const uint8_t *page)
{
    if (page < text_end)
        return PTE_R | PTE_X;
    if (page < rodata_end)
        return PTE_R;
    return page == stack_guard ? 0 : RIGHTS_RW;
}

static void leaf_set(uint64_t *entry, uint64_t address, uint64_t rights)
{
    *entry = rights == 0 ? 0 : pte_make(hpa(address), PTE_KERNEL_LEAF | rights);
}

/* The image where it is linked, page by page. */
static void map_image(const uint8_t *image)
{
    uint64_t page = 0;

    for (const uint8_t *at = image; at < image_end; at += PAGE_BYTES, page++)
        leaf_set(&kernel_tables[TABLE_IMAGE][page], address_of(at), image_rights(at));
    kernel_tables[TABLE_IMAGE_GIB][0] = table_entry(TABLE_IMAGE);
    kernel_tables[TABLE_ROOT][KERNEL_BASE / GIB % TABLE_ENTRIES] = table_entry(TABLE_IMAGE_GIB);
}

/* All physical memory, writable except the image's text and constants. */
static void map_direct(const uint8_t *image)
{
    uint64_t *root = &kernel_tables[TABLE_ROOT][DIRECT_BASE / GIB % TABLE_ENTRIES];
    uint64_t *middle = kernel_tables[TABLE_DIRECT_GIB];
    uint64_t start = address_of(image), gib = start / GIB * GIB;

    for (uint64_t at = 0; at < DIRECT_BYTES; at += GIB)
        leaf_set(&root[at / GIB], at, RIGHTS_RW);
    if (gib >= DIRECT_BYTES)
        return; /* the image lies beyond this mapping: kernel_main() reports that */
    for (uint64_t i = 0; i < TABLE_ENTRIES; i++) {
        leaf_set(&middle[i], gib + i * MIB2, RIGHTS_RW);
        leaf_set(&kernel_tables[TABLE_DIRECT][i], start + i * PAGE_BYTES,
                 image_rights(image + i * PAGE_BYTES) & RIGHTS_RW);
    }
    middle[(start - gib) / MIB2] = table_entry(TABLE_DIRECT);
    root[gib / GIB] = table_entry(TABLE_DIRECT_GIB);
}

uint64_t early_map(const uint8_t *image)
{
    map_image(image);
    map_direct(image);
    return ATP_MODE_SV39 | address_of(kernel_tables[TABLE_ROOT]) >> PAGE_BITS;
}
