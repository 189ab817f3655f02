/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Decodes the RV64 instructions that access memory, so that software can carry out or
 * refuse an access outside a guest's memory.
 *
 * Known: loads and stores of I, F, D, Q and Zfh; their compressed forms in C and
 * Zcb; the A extension with Zacas and Zabha; the cache-block operations of Zicbom
 * and Zicboz; vector loads and stores (only recognised as such).
 *
 * Not an access here: prefetches (hints, which never fault); HLV, HLVX and HSV
 * (virtual mode cannot run them); the shadow-stack operations of Zicfiss; and
 * every reserved encoding, also those among the loads.
 *
 * Pure and freestanding: no state; writes only the result; callable in any context.
 */
#ifndef RVDEC_RVDEC_H
#define RVDEC_RVDEC_H

#include <stdbool.h>
#include <stdint.h>

#include <base/err.h>

enum rvdec_class {
    RVDEC_LOAD,
    RVDEC_STORE,
    RVDEC_LR,
    RVDEC_SC,
    RVDEC_AMO,
    RVDEC_CBO,
    RVDEC_VECTOR_LOAD,
    RVDEC_VECTOR_STORE,
    /* Implicit: the hart walking the VS-stage page tables.  Only from htinst. */
    RVDEC_PTE_READ,
    RVDEC_PTE_WRITE,
};

enum rvdec_amo_op {
    RVDEC_AMO_NONE, /* the class is not RVDEC_AMO */
    RVDEC_AMO_SWAP,
    RVDEC_AMO_ADD,
    RVDEC_AMO_XOR,
    RVDEC_AMO_AND,
    RVDEC_AMO_OR,
    RVDEC_AMO_MIN,
    RVDEC_AMO_MAX,
    RVDEC_AMO_MINU,
    RVDEC_AMO_MAXU,
    RVDEC_AMO_CAS, /* compares with rd, or with the pair rd, rd+1 when 16 bytes wide */
};

enum rvdec_cbo_op {
    RVDEC_CBO_NONE, /* the class is not RVDEC_CBO */
    RVDEC_CBO_INVAL,
    RVDEC_CBO_CLEAN,
    RVDEC_CBO_FLUSH,
    RVDEC_CBO_ZERO,
};

/* A field that the class does not use is 0 or false. */
struct rvdec_insn {
    enum rvdec_class class;
    enum rvdec_amo_op amo_op;
    enum rvdec_cbo_op cbo_op;
    int32_t offset;         /* added to rs1; compressed offsets are scaled already */
    uint8_t width_bytes;    /* 1, 2, 4, 8, 16; 0 for CBO and vector, whose size is elsewhere */
    uint8_t length_bytes;   /* of the instruction: 2 or 4; 0 for an implicit access */
    uint8_t rd;             /* x register written, or f register when is_fp */
    uint8_t rs1;            /* x register with the base address */
    uint8_t rs2;            /* x register stored, or f register when is_fp */
    uint8_t misalign_bytes; /* transformed only: faulting address minus accessed address */
    bool is_fp;             /* rd (load) or rs2 (store) names an f register */
    bool is_sign_extended;  /* the loaded value is sign-extended; otherwise zero-extended */
    bool is_acquire;
    bool is_release;
    bool is_transformed; /* from htinst: rs1 and offset are not known */
};

/*
 * Decodes the instruction in `insn`.  Its two low bits give its length; the upper half of
 * a 16-bit instruction is ignored.
 *
 * Errors: ERR_FORMAT when `insn` is no memory access, or a reserved encoding; *out is then
 * untouched.
 *
 * Specification: volume I, "RV32/64G Instruction Set Listings", ""C" Extension for
 * Compressed Instructions", ""Zacas"", ""Zabha"", ""CMO"", "Vector Loads and Stores".
 */
MUST_CHECK rvdec_decode(uint32_t insn, struct rvdec_insn *out);

/*
 * Decodes the value of htinst after a guest-page fault or access fault.  Only values that
 * the specification defines are accepted: bits 63:32 clear, and either a transformed
 * standard instruction or one of the four pseudoinstructions for implicit accesses.  In a
 * transformed instruction bit 1 gives the length, and the field rs1 is `misalign_bytes`.
 *
 * Errors: ERR_NOT_FOUND when htinst is 0 or any other value (a custom value, a transformed
 * HLV, an encoding not defined yet): the caller must then fetch the instruction.  *out is
 * untouched.
 *
 * Specification: volume II, "Transformed Instruction or Pseudoinstruction for
 * mtinst or htinst"; for CBO, volume I, ""CMO"", "Hypervisor Extension".
 */
MUST_CHECK rvdec_decode_htinst(uint64_t htinst, struct rvdec_insn *out);

/*
 * Does the access raise a "Store/AMO" fault?  Stores, SC, AMOs and cache-block operations
 * do; all others raise a "Load" fault.
 */
static inline bool rvdec_is_store(const struct rvdec_insn *insn)
{
    switch (insn->class) {
    case RVDEC_STORE:
    case RVDEC_SC:
    case RVDEC_AMO:
    case RVDEC_CBO:
    case RVDEC_VECTOR_STORE:
    case RVDEC_PTE_WRITE:
        return true;
    case RVDEC_LOAD:
    case RVDEC_LR:
    case RVDEC_VECTOR_LOAD:
    case RVDEC_PTE_READ:
        break;
    }
    return false;
}

#endif
