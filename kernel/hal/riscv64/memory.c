/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses, page-table entries, and the fences of both stages. */
#include <base/zero.h>
#include <kernel/hal/riscv64/cpu.h>
#include <kernel/hal/riscv64/csr.h>
#include <kernel/hal/riscv64/hyp.h>
#include <kernel/hal/riscv64/image.h>
#include <kernel/hal/riscv64/pte.h>

void *hal_phys_to_virt(hpa_t address)
{
    return (void *)(uintptr_t)(address.raw + DIRECT_BASE);
}

hpa_t hal_virt_to_phys(const void *pointer)
{
    uint64_t address = (uint64_t)(uintptr_t)pointer;

    if (address >= KERNEL_BASE)
        return hpa(address - KERNEL_BASE + cpu_this()->image_start);
    return hpa(address - DIRECT_BASE);
}

/* Memory that is zero already is not written (base/zero.h); in memory that was used, the test finds
 * a byte that is not 0 early.  CBO.ZERO without the test executes a sixth of the instructions, but
 * takes longer: its page in docs/adr/ has the figures. */
void hal_memory_zero(void *at, uint64_t bytes)
{
    uint64_t block = cpu_this()->zero_block_bytes;

    if (((uintptr_t)at | bytes) % 64 == 0 && zero_is_all(at, bytes))
        return;
    if (block == 0 || ((uintptr_t)at | bytes) % (8 * block) != 0 ||
        !cpu_zero_blocks(at, (char *)at + bytes, block))
        __builtin_memset(at, 0, bytes);
}

void hal_pte_write(uint64_t *entry, uint64_t value)
{
    *(volatile uint64_t *)entry = value;
}

void hal_vspace_init(hpa_t root)
{
    uint64_t *table = hal_phys_to_virt(root);

    const uint64_t *kernel = kernel_tables[TABLE_ROOT];

    for (unsigned i = TABLE_ENTRIES / 2; i < TABLE_ENTRIES; i += 4) {
        table[i] = kernel[i];
        table[i + 1] = kernel[i + 1];
        table[i + 2] = kernel[i + 2];
        table[i + 3] = kernel[i + 3];
    }
}

static uint64_t space_atp(uint16_t id, hpa_t root)
{
    return ATP_MODE_SV39 | (uint64_t)id << ATP_ID_SHIFT | root.raw >> PAGE_BITS;
}

void hal_vspace_load(uint16_t id, hpa_t root)
{
    CSR_WRITE(CSR_SATP, space_atp(id, root));
}

void hal_gspace_load(uint16_t id, hpa_t root)
{
    CSR_WRITE(CSR_HGATP, space_atp(id, root));
}

void hal_vspace_unload(void)
{
    CSR_WRITE(CSR_SATP, cpu_this()->kernel_satp);
}

void hal_gspace_unload(void)
{
    CSR_WRITE(CSR_HGATP, 0);
}

void hal_vspace_fence_page(uint16_t id, uint64_t address)
{
    uint64_t asid = id;
    __asm__ volatile("sfence.vma %0, %1" : : "r"(address), "r"(asid) : "memory");
}

void hal_vspace_fence_all(uint16_t id)
{
    uint64_t asid = id;
    __asm__ volatile("sfence.vma zero, %0" : : "r"(asid) : "memory");
}

void hal_gspace_fence_page(uint16_t id, uint64_t address)
{
    cpu_hfence_gvma(address >> 2, id);
}

void hal_gspace_fence_all(uint16_t id)
{
    cpu_hfence_gvma_vmid(id);
}

uint32_t hal_vspace_id_count(void)
{
    return cpu_this()->asid_count;
}

uint32_t hal_gspace_id_count(void)
{
    return cpu_this()->vmid_count;
}

void hal_guest_fence_i(void)
{
    __asm__ volatile("fence.i" : : : "memory");
}

/* The number of pages that a range touches.  0 bytes, and so 0 pages, stand for everything. */
static uint64_t fence_pages(uint64_t address, uint64_t bytes)
{
    uint64_t in_page = address % PAGE_BYTES;

    return bytes == 0 ? 0 : (in_page + bytes + PAGE_BYTES - 1) / PAGE_BYTES;
}

void hal_guest_fence_vvma(uint64_t address, uint64_t bytes)
{
    uint64_t pages = fence_pages(address, bytes);

    if (pages == 0)
        cpu_hfence_vvma_all();
    for (uint64_t i = 0; i < pages; i++)
        cpu_hfence_vvma(address + i * PAGE_BYTES);
}

void hal_guest_fence_vvma_asid(uint64_t address, uint64_t bytes, uint64_t asid)
{
    uint64_t pages = fence_pages(address, bytes);

    if (pages == 0)
        cpu_hfence_vvma_asid(asid);
    for (uint64_t i = 0; i < pages; i++)
        cpu_hfence_vvma_both(address + i * PAGE_BYTES, asid);
}
