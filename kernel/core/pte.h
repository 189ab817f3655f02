/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Page-table entries of Sv39 and Sv39x4 (privileged specification, "Sv39:
 * Addressing and Memory Protection"):
 *
 *   63     54 53          10 9 8 7 6 5 4 3 2 1 0
 *   +--------+--------------+---+-+-+-+-+-+-+-+-+
 *   |   0    |      PPN     |RSW|D|A|G|U|X|W|R|V|
 *   +--------+--------------+---+-+-+-+-+-+-+-+-+
 *
 * A and D are always set: no hart has to set them or to fault because they are clear.
 * G-stage leaves have U too: that stage checks each access as a U-mode access.
 */
#ifndef KERNEL_CORE_PTE_H
#define KERNEL_CORE_PTE_H

#include <abi/calls.h>
#include <kernel/hal/types.h>

#define PTE_V UINT64_C(0x01)
#define PTE_R UINT64_C(0x02)
#define PTE_W UINT64_C(0x04)
#define PTE_X UINT64_C(0x08)
#define PTE_U UINT64_C(0x10)
#define PTE_A UINT64_C(0x40)
#define PTE_D UINT64_C(0x80)

#define PTE_PPN_SHIFT 10u
#define PTE_PPN_MASK  UINT64_C(0x003ffffffffffc00)

#define TABLE_ENTRIES 512u
#define TABLE_BITS    9u

static inline uint64_t pte_make(hpa_t page, uint64_t bits)
{
    return (page.raw >> PAGE_BITS) << PTE_PPN_SHIFT | bits;
}

static inline uint64_t pte_table(hpa_t table)
{
    return pte_make(table, PTE_V);
}

static inline uint64_t pte_leaf(hpa_t page, uint8_t rights)
{
    uint64_t pte = pte_make(page, PTE_V | PTE_U | PTE_A | PTE_D);

    if ((rights & RIGHT_READ) != 0)
        pte |= PTE_R;
    if ((rights & RIGHT_WRITE) != 0)
        pte |= PTE_W;
    if ((rights & RIGHT_EXEC) != 0)
        pte |= PTE_X;
    return pte;
}

static inline bool pte_is_leaf(uint64_t pte)
{
    return (pte & PTE_V) != 0 && (pte & (PTE_R | PTE_W | PTE_X)) != 0;
}

static inline bool pte_is_table(uint64_t pte)
{
    return (pte & PTE_V) != 0 && (pte & (PTE_R | PTE_W | PTE_X)) == 0;
}

static inline hpa_t pte_address(uint64_t pte)
{
    return hpa((pte & PTE_PPN_MASK) >> PTE_PPN_SHIFT << PAGE_BITS);
}

#endif
