/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Walks the guest's page tables as the hart does for a load in VS mode.  Only the legacy
 * SBI calls need this: their pointers are guest virtual addresses.
 *
 * Specification: privileged architecture, "Virtual Address Translation Process"
 * (Sv39, Sv48, Sv57), with sstatus.SUM and MXR of the guest, and "Svnapot Extension for NAPOT
 * Translation Contiguity" if the hart has it.  The bits of Svpbmt count as reserved.  The A bit
 * is neither checked nor set.
 */
#ifndef VMM_MEMORY_GWALK_H
#define VMM_MEMORY_GWALK_H

#include <stdbool.h>
#include <stdint.h>

#include <base/err.h>
#include <vmm/memory/guestmem.h>

struct gwalk {
    uint64_t satp;
    uint64_t sstatus;
    bool has_svnapot; /* does the guest's hart have Svnapot?  If not, bit N is reserved */
};

/* The exceptions that a load can raise. */
enum gwalk_cause {
    GWALK_LOAD_ACCESS_FAULT = 5,
    GWALK_LOAD_PAGE_FAULT = 13,
};

/*
 * Reads 8 bytes at the virtual address `gva`, which may be misaligned.
 * Errors: ERR_RANGE  the guest must take exception *cause with tval = *tval
 */
MUST_CHECK gwalk_read_u64(const struct gwalk *walk, const struct guestmem *ram, uint64_t gva,
                          uint64_t *value, enum gwalk_cause *cause, uint64_t *tval);

#endif
