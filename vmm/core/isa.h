/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The instruction set offered to a guest: what the kernel switches or enables for
 * it, and what has no state of its own.  Everything else the hart may have stays
 * unnamed.
 */
#ifndef VMM_CORE_ISA_H
#define VMM_CORE_ISA_H

#include <stddef.h>
#include <stdint.h>

/* Besides RV64IMAFDC, Zicntr, Zicsr and Zifencei, which every guest has. */
enum isa_extension {
    ISA_ZBA = 1 << 0,
    ISA_ZBB = 1 << 1,
    ISA_ZBC = 1 << 2,
    ISA_ZBS = 1 << 3,
    ISA_SSTC = 1 << 4,
};

/* Privileged specification, "Supervisor Address Translation and Protection (satp) Register". */
enum isa_satp_mode {
    ISA_SATP_SV39 = 8,
    ISA_SATP_SV48 = 9,
    ISA_SATP_SV57 = 10,
};

/*
 * The value of a hart's property mmu-type: the largest translation mode that a guest is to use.
 * NULL when the number is none of enum isa_satp_mode.  (Nothing keeps a guest from a larger mode
 * that the hart has: there is no control over the writable values of vsatp.)
 */
const char *isa_mmu_type(uint64_t satp_mode);

/*
 * Those of the extensions above that a machine's riscv,isa string names and that need
 * no switching: what has state of its own is offered when the kernel says so, never
 * because the hart has it.
 */
uint32_t isa_stateless(const char *machine_isa);

/*
 * Writes "rv64imafdc_zicntr_..." with its zero byte, in the order the unprivileged
 * specification gives ("ISA Extension Naming Conventions").  Returns the length
 * without the zero byte; size_bytes >= 96 is always enough.
 */
size_t isa_string(uint32_t extensions, char *text, size_t size_bytes);

/*
 * Writes the names one after another, each with its zero byte, as the property
 * riscv,isa-extensions wants them.  Returns the bytes written; 128 is always enough.
 */
size_t isa_list(uint32_t extensions, char *text, size_t size_bytes);

#endif
