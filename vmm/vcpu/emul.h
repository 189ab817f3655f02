/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Carries out a guest's load or store outside its RAM on the bus of the guest's devices,
 * or returns the trap that the architecture defines for the access.
 *
 * The vCPU is not changed here: the result is plain data.  The caller makes the exit's
 * outcome (<vmm/state/outcome.h>) from the result and commits it with the device state.
 *
 * The accesses that the guest's device regions support (the physical memory attributes of
 * its machine), and those that end in an access fault:
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
#ifndef VMM_VCPU_EMUL_H
#define VMM_VCPU_EMUL_H

#include <stdbool.h>
#include <stdint.h>

#include <base/err.h>

/* scause of the guest-page faults that this code takes. */
enum {
    EMUL_FAULT_FETCH = 20,
    EMUL_FAULT_LOAD = 21,
    EMUL_FAULT_STORE = 23,
};

/* scause of the traps that this code returns. */
enum {
    EMUL_TRAP_FETCH_ACCESS = 1,
    EMUL_TRAP_LOAD_ACCESS = 5,
    EMUL_TRAP_STORE_ACCESS = 7,
};

/* The fault, from the exit's record. */
struct emul_fault {
    uint64_t cause;     /* EMUL_FAULT_... */
    uint64_t gva;       /* stval: the guest's virtual address of the part that faulted */
    uint64_t gpa;       /* guest physical address of the same */
    uint64_t htinst;    /* the hart's value */
    uint32_t insn;      /* the instruction, for when htinst does not describe the access */
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
 * The devices. read() or write() is called at most once for an access, with an aligned
 * address and width_bytes 1, 2, 4 or 8. A written value has no bits above its width; those
 * of a read value are ignored.
 *
 * These errors are caused by the guest and become an access fault: ERR_NOT_FOUND (no device
 * at the address), ERR_RANGE (the access reaches beyond the device), ERR_ALIGN,
 * ERR_NOT_SUPPORTED (a width that the device lacks), ERR_INVALID_ARG. Any other error is a
 * failure of ours; a function that returns one has changed nothing.
 */
struct emul_bus {
    void *ctx;
    enum err (*read)(void *ctx, uint64_t gpa, unsigned width_bytes, uint64_t *value);
    enum err (*write)(void *ctx, uint64_t gpa, unsigned width_bytes, uint64_t value);
};

enum emul_kind {
    EMUL_ADVANCE, /* done: write the register, if there is one, and advance pc */
    EMUL_TRAP,    /* inject (cause, tval) at the unchanged pc */
};

/* Fields that the kind does not use are 0. */
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
 * Carries out on `bus` the access that caused `fault`. A load into x0 reads the device
 * too. On success *out is the outcome. On an error *out is untouched, and nothing was
 * done:
 *
 * ERR_INVALID_ARG   fault->cause is none of EMUL_FAULT_...
 * ERR_AGAIN         the fetched instruction is not the one that faulted (another
 *                   vCPU has overwritten it), or the bus returned ERR_AGAIN: let the
 *                   guest execute its instruction again
 * any other         an error of read_fp or of the bus, passed on
 *
 * If the instruction is not known, or is no access that rvdec decodes, the outcome is an
 * access fault.
 */
MUST_CHECK emul_access(const struct emul_fault *fault, const struct emul_regs *regs,
                       const struct emul_bus *bus, struct emul_outcome *out);

#endif
