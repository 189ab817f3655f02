/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Carries out one access of a guest that no memory answered, on the bus of the
 * guest's devices, or says which trap the architecture has for it.
 *
 * Nothing of the vCPU is changed here: the result is plain data, which the caller
 * makes the exit's outcome (<vmm/core/outcome.h>) and commits with the device state.
 *
 * What the guest's device regions support (the physical memory attributes of its
 * machine), and so what is an access fault there:
 *
 *   naturally aligned loads and stores of 1, 2, 4, 8 bytes   as each device allows
 *   misaligned ones, also those that reach in from RAM       access fault
 *   LR, SC, AMO of any width (RsrvNone, AMONone)             access fault
 *   vector and 16-byte accesses, cache-block operations      access fault
 *   page tables, instruction fetches                         access fault
 *
 * Access faults, not address-misaligned exceptions, because device registers are
 * not idempotent: software must not repeat the access in smaller pieces.
 *
 * Specification: volume II, "Physical Memory Attributes" ("Supported Access Type
 * PMAs", "Atomicity PMAs", "Misaligned Atomicity Granule PMA", "Idempotency PMAs")
 * and "Virtual Address Translation Process" for page tables; volume I, ""CMO"",
 * where the size of a cache-block operation's access is that of the block.
 */
#ifndef VMM_CORE_EMUL_H
#define VMM_CORE_EMUL_H

#include <stdbool.h>
#include <stdint.h>

#include <base/err.h>

/* scause of a guest-page fault, the three ways in. */
enum {
    EMUL_FAULT_FETCH = 20,
    EMUL_FAULT_LOAD = 21,
    EMUL_FAULT_STORE = 23,
};

/* scause of the traps that come out. */
enum {
    EMUL_TRAP_FETCH_ACCESS = 1,
    EMUL_TRAP_LOAD_ACCESS = 5,
    EMUL_TRAP_STORE_ACCESS = 7,
};

/* The exit, as its record tells it. */
struct emul_fault {
    uint64_t cause;     /* EMUL_FAULT_... */
    uint64_t gva;       /* stval: the guest's virtual address of the part that faulted */
    uint64_t gpa;       /* guest physical address of the same */
    uint64_t htinst;    /* as the hart gave it */
    uint32_t insn;      /* the instruction, where htinst does not tell */
    bool is_insn_valid; /* insn was fetched */
};

/* The guest's registers, read as they are needed, each at most once. */
struct emul_regs {
    const uint64_t *x; /* 32; x[0] is never read */
    void *ctx;
    /* f register `reg` (0 to 31), which the kernel holds; called for FP stores only. */
    enum err (*read_fp)(void *ctx, unsigned reg, uint64_t *value);
};

/*
 * The devices. Called at most once for an access, aligned, with width_bytes 1, 2, 4
 * or 8; a written value has no bits above its width, of a read one they are dropped.
 *
 * A refusal is the guest's doing and becomes an access fault: ERR_NOT_FOUND (no
 * device there), ERR_RANGE (reaches over a device's end), ERR_ALIGN,
 * ERR_NOT_SUPPORTED (a width the device lacks), ERR_INVALID_ARG. Any other error is
 * trouble of our own; nothing may have been done when it is returned.
 */
struct emul_bus {
    void *ctx;
    enum err (*read)(void *ctx, uint64_t gpa, unsigned width_bytes, uint64_t *value);
    enum err (*write)(void *ctx, uint64_t gpa, unsigned width_bytes, uint64_t value);
};

enum emul_kind {
    EMUL_ADVANCE, /* done: write the register if any, move pc on */
    EMUL_TRAP,    /* inject (cause, tval) at the unchanged pc */
};

/* Fields that the kind has no use for are 0. */
struct emul_outcome {
    uint64_t value; /* for the register: extended, or NaN-boxed, to 64 bits */
    uint64_t cause; /* EMUL_TRAP_... */
    uint64_t tval;
    enum emul_kind kind;
    uint8_t pc_delta_bytes; /* 2 or 4 */
    uint8_t reg;
    bool has_reg; /* there is a register to write; never x0 */
    bool is_fp;   /* it is an f register; writing it makes the FP state dirty */
};

/*
 * Carries out the access behind `fault` on `bus`. A load into x0 reads the device
 * all the same. With OK there is an outcome; with an error *out is untouched, and
 * nothing was done:
 *
 * ERR_INVALID_ARG   fault->cause is none of EMUL_FAULT_...
 * ERR_AGAIN         the fetched instruction is not the one that faulted (another
 *                   vCPU wrote it since), or the bus said so: let the guest execute
 *                   its instruction again
 * any other         from read_fp or from the bus, as it came
 *
 * An instruction that cannot be told, or is no access we know, is an access fault.
 */
MUST_CHECK emul_access(const struct emul_fault *fault, const struct emul_regs *regs,
                       const struct emul_bus *bus, struct emul_outcome *out);

#endif
