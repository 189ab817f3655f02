/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The extensions that a guest's device tree names: those that the kernel switches or enables
 * for a guest, and those without state of their own.  No other extension of the hart is
 * named.
 */
#ifndef VMM_BOOT_ISA_H
#define VMM_BOOT_ISA_H

#include <stddef.h>
#include <stdint.h>

/*
 * A set of extensions is a mask of the bits that isa_stateless() returns, and of ISA_SSTC if the
 * kernel offers Sstc.  RV64IMAFDC, Zicntr, Zicsr and Zifencei have no bit: every guest has them.
 */
#define ISA_SSTC         (UINT64_C(1) << 63)
#define ISA_SVNAPOT      (UINT64_C(1) << 62) /* isa_stateless() returns this bit for svnapot */

#define ISA_STRING_BYTES 512u

/* Privileged specification, "Supervisor Address Translation and Protection (satp) Register". */
enum isa_satp_mode {
    ISA_SATP_SV39 = 8,
    ISA_SATP_SV48 = 9,
    ISA_SATP_SV57 = 10,
};

/*
 * The value of a hart's property mmu-type: the largest translation mode that a guest is to use.
 * NULL when satp_mode is not in enum isa_satp_mode.  (A guest can use a larger mode that the
 * hart has: a hypervisor cannot restrict the writable values of vsatp.)
 */
const char *isa_mmu_type(uint64_t satp_mode);

/*
 * The extensions in a machine's riscv,isa string that have no state of their own.  An extension
 * with state is offered only if the kernel switches it, even when the hart has it.
 */
uint64_t isa_stateless(const char *machine_isa);

/*
 * Writes "rv64imafdc_zicntr_..." with its zero byte, in the order of the unprivileged
 * specification ("ISA Extension Naming Conventions").  Returns the length
 * without the zero byte; ISA_STRING_BYTES are always enough.
 */
size_t isa_string(uint64_t extensions, char *text, size_t size_bytes);

/*
 * Writes the names one after another, each with its zero byte: the format of the property
 * riscv,isa-extensions.  Returns the bytes written; ISA_STRING_BYTES are always enough.
 */
size_t isa_list(uint64_t extensions, char *text, size_t size_bytes);

#endif
