/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Translates a guest virtual address as the hart would for a load from VS mode, by
 * the guest's own page tables.  Only the legacy SBI calls need it: they pass
 * pointers into the guest's virtual memory.
 *
 * Specification: privileged architecture, "Virtual Address Translation Process"
 * (Sv39, Sv48, Sv57), with sstatus.SUM and MXR of the guest; neither Svnapot nor
 * Svpbmt is offered to guests, so their bits are reserved.  A or D clear is left to
 * the hart's own walk: reading needs no more than V, R and the privilege.
 */
#ifndef VMM_CORE_GWALK_H
#define VMM_CORE_GWALK_H

#include <stdint.h>

#include <base/err.h>
#include <vmm/core/guestmem.h>

struct gwalk {
    uint64_t satp;
    uint64_t sstatus;
};

/* Exceptions that a load can end in. */
enum gwalk_cause {
    GWALK_LOAD_ACCESS_FAULT = 5,
    GWALK_LOAD_PAGE_FAULT = 13,
};

/*
 * Reads 8 bytes at the virtual address `gva`, which may be misaligned.
 * Errors: ERR_RANGE  the guest shall take exception *cause with tval = *tval
 */
MUST_CHECK gwalk_read_u64(const struct gwalk *walk, const struct guestmem *ram, uint64_t gva,
                          uint64_t *value, enum gwalk_cause *cause, uint64_t *tval);

#endif
