/* SPDX-License-Identifier: BSD-2-Clause */
/* Routines of hyp.S and fp.S: single instructions of the H, F and D extensions. */
#ifndef HAL_RISCV64_HYP_H
#define HAL_RISCV64_HYP_H

#include <stdbool.h>
#include <stdint.h>

struct fp_state;

/* HFENCE.GVMA of everything; of a VMID; of one page of it (address in units of 4 bytes). */
void cpu_hfence_gvma_all(void);
void cpu_hfence_gvma_vmid(uint64_t vmid);
void cpu_hfence_gvma(uint64_t address_by_4, uint64_t vmid);

/* HFENCE.VVMA for hgatp's VMID: of everything; of an ASID; of a page; of a page of an ASID. */
void cpu_hfence_vvma_all(void);
void cpu_hfence_vvma_asid(uint64_t asid);
void cpu_hfence_vvma(uint64_t address);
void cpu_hfence_vvma_both(uint64_t address, uint64_t asid);

/* Save and load the F and D registers; sstatus.FS must be on. */
void cpu_fp_save(struct fp_state *state);
void cpu_fp_load(const struct fp_state *state);

/* CBO.ZERO from start to end, a multiple of 8 blocks; false: the hart has no CBO.ZERO. */
bool cpu_zero_blocks(void *start, void *end, uint64_t block_bytes);

/* The result of an instruction that may trap: `ok` is 0 if it trapped. */
struct probe {
    uint64_t value;
    uint64_t ok;
};
struct probe cpu_probe_hstatus(void);
struct probe cpu_probe_hstateen0(void);
struct probe cpu_probe_stimecmp(void);
struct probe cpu_probe_vsiselect(void);
struct probe cpu_probe_hvictl(void);
/* Zero the CSRs that have no VS copy and that the kernel does not use, as far as the hart has them:
 * firmware may have left any value in them. */
void cpu_clear_optional(void);
/* HLVX.HU at a guest virtual address, with the privilege in hstatus.SPVP. */
struct probe cpu_fetch_guest_half(uint64_t address);

#endif
