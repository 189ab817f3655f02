/* SPDX-License-Identifier: BSD-2-Clause */
#include <vmm/memory/gwalk.h>

#define SATP_MODE_SHIFT 60
#define SATP_PPN_MASK   ((UINT64_C(1) << 44) - 1)
#define SATP_BARE       0u
#define SATP_SV39       8u
#define SATP_SV57       10u

#define SSTATUS_SUM     (UINT64_C(1) << 18)
#define SSTATUS_MXR     (UINT64_C(1) << 19)

#define PTE_V           (UINT64_C(1) << 0)
#define PTE_R           (UINT64_C(1) << 1)
#define PTE_W           (UINT64_C(1) << 2)
#define PTE_X           (UINT64_C(1) << 3)
#define PTE_U           (UINT64_C(1) << 4)
#define PTE_PPN_SHIFT   10
#define PTE_PPN_MASK    ((UINT64_C(1) << 44) - 1)
#define PTE_N           (UINT64_C(1) << 63)
#define PTE_RESERVED    (PTE_N - (UINT64_C(1) << 54))

#define PAGE_SHIFT      12u
#define VPN_BITS        9u

/* The only size that Svnapot defines: 64 KiB, encoded in the low bits of the ppn. */
#define NAPOT_BITS      4u
#define NAPOT_ENCODING  8u
#define NAPOT_BYTES     (UINT64_C(1) << (PAGE_SHIFT + NAPOT_BITS))

static bool gwalk_pte_is_valid(const struct gwalk *walk, uint64_t pte, uint32_t level)
{
    if (!(pte & PTE_V) || ((pte & PTE_W) && !(pte & PTE_R)) || (pte & PTE_RESERVED))
        return false;
    if (!(pte & PTE_N))
        return true;
    uint64_t encoding = pte >> PTE_PPN_SHIFT & ((1u << NAPOT_BITS) - 1);
    return walk->has_svnapot && level == 0 && encoding == NAPOT_ENCODING;
}

static uint64_t gwalk_pte_base(uint64_t pte)
{
    return (pte >> PTE_PPN_SHIFT & PTE_PPN_MASK) << PAGE_SHIFT;
}

static bool gwalk_leaf_allows_load(uint64_t pte, uint64_t sstatus)
{
    if ((pte & PTE_U) && !(sstatus & SSTATUS_SUM))
        return false;
    return (pte & PTE_R) || ((sstatus & SSTATUS_MXR) && (pte & PTE_X));
}

/* A leaf of this level maps 1 << shift bytes, and a NAPOT leaf NAPOT_BYTES.  False: page fault. */
static bool gwalk_leaf_translate(const struct gwalk *walk, uint64_t pte, uint32_t shift,
                                 uint64_t gva, uint64_t *gpa)
{
    uint64_t base = gwalk_pte_base(pte), inside = (UINT64_C(1) << shift) - 1;

    if (!gwalk_leaf_allows_load(pte, walk->sstatus) || (base & inside))
        return false;
    if (pte & PTE_N)
        inside = NAPOT_BYTES - 1;
    *gpa = (base & ~inside) | (gva & inside);
    return true;
}

static enum err gwalk_page_fault(enum gwalk_cause *cause)
{
    *cause = GWALK_LOAD_PAGE_FAULT;
    return ERR_RANGE;
}

static enum err gwalk_translate(const struct gwalk *walk, const struct guestmem *ram, uint64_t gva,
                                uint64_t *gpa, enum gwalk_cause *cause)
{
    uint64_t mode = walk->satp >> SATP_MODE_SHIFT;

    if (mode == SATP_BARE) {
        *gpa = gva;
        return OK;
    }
    if (mode < SATP_SV39 || mode > SATP_SV57)
        return gwalk_page_fault(cause);
    uint32_t levels = (uint32_t)(mode - SATP_SV39) + 3;
    uint32_t va_bits = PAGE_SHIFT + VPN_BITS * levels;
    if ((uint64_t)((int64_t)(gva << (64 - va_bits)) >> (64 - va_bits)) != gva)
        return gwalk_page_fault(cause);

    uint64_t table = (walk->satp & SATP_PPN_MASK) << PAGE_SHIFT;
    for (uint32_t level = levels; level-- > 0;) {
        uint32_t shift = PAGE_SHIFT + VPN_BITS * level;
        uint64_t index = gva >> shift & ((1u << VPN_BITS) - 1), pte;
        if (guestmem_read_u64(ram, table + 8 * index, &pte)) {
            *cause = GWALK_LOAD_ACCESS_FAULT;
            return ERR_RANGE;
        }
        if (!gwalk_pte_is_valid(walk, pte, level))
            return gwalk_page_fault(cause);
        if (pte & (PTE_R | PTE_X))
            return gwalk_leaf_translate(walk, pte, shift, gva, gpa) ? OK : gwalk_page_fault(cause);
        table = gwalk_pte_base(pte);
    }
    return gwalk_page_fault(cause);
}

enum err gwalk_read_u64(const struct gwalk *walk, const struct guestmem *ram, uint64_t gva,
                        uint64_t *value, enum gwalk_cause *cause, uint64_t *tval)
{
    uint64_t result = 0;

    for (uint32_t i = 0; i < 8; i++) {
        uint64_t gpa;
        uint8_t *byte;
        *tval = gva + i;
        enum err err = gwalk_translate(walk, ram, gva + i, &gpa, cause);
        if (err)
            return err;
        if (guestmem_at(ram, gpa, 1, &byte)) {
            *cause = GWALK_LOAD_ACCESS_FAULT;
            return ERR_RANGE;
        }
        result |= (uint64_t)__atomic_load_n(byte, __ATOMIC_RELAXED) << (8 * i);
    }
    *value = result;
    return OK;
}
