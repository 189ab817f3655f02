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

/*
 * A set of extensions besides RV64IMAFDC, Zicntr, Zicsr and Zifencei, which every guest has, is a
 * mask: what isa_stateless() returns, and this bit where the kernel has it.
 */
#define ISA_SSTC         (UINT64_C(1) << 63)

#define ISA_STRING_BYTES 512u

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
 * The extensions that a machine's riscv,isa string names and that need no switching: what has
 * state of its own is offered when the kernel says so, never because the hart has it.
 */
uint64_t isa_stateless(const char *machine_isa);

/*
 * Writes "rv64imafdc_zicntr_..." with its zero byte, in the order the unprivileged
 * specification gives ("ISA Extension Naming Conventions").  Returns the length
 * without the zero byte; ISA_STRING_BYTES are always enough.
 */
size_t isa_string(uint64_t extensions, char *text, size_t size_bytes);

/*
 * Writes the names one after another, each with its zero byte, as the property
 * riscv,isa-extensions wants them.  Returns the bytes written; ISA_STRING_BYTES are always enough.
 */
size_t isa_list(uint64_t extensions, char *text, size_t size_bytes);

#endif
