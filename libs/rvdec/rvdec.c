/* SPDX-License-Identifier: BSD-2-Clause */
/* The 32-bit instructions, one function for each major opcode. */
#include "rvdec_internal.h"

enum opcode {
    OPCODE_LOAD = 0x03,
    OPCODE_LOAD_FP = 0x07,
    OPCODE_MISC_MEM = 0x0f,
    OPCODE_STORE = 0x23,
    OPCODE_STORE_FP = 0x27,
    OPCODE_AMO = 0x2f,
};

static int32_t sign_extend_12(uint32_t imm)
{
    return (int32_t)imm - ((imm & 0x800u) != 0u ? 0x1000 : 0);
}

static int32_t offset_of_load(uint32_t insn)
{
    return sign_extend_12(rvdec_bits(insn, 31, 20));
}

static int32_t offset_of_store(uint32_t insn)
{
    return sign_extend_12((rvdec_bits(insn, 31, 25) << 5) | rvdec_bits(insn, 11, 7));
}

static enum err decode_load(uint32_t insn, struct rvdec_insn *out)
{
    uint32_t funct3 = rvdec_bits(insn, 14, 12);

    if (funct3 == 7u)
        return ERR_FORMAT;
    *out = (struct rvdec_insn){
        .class = RVDEC_LOAD,
        .width_bytes = (uint8_t)(1u << (funct3 & 3u)),
        .length_bytes = 4,
        .rd = rvdec_reg(insn, 7),
        .rs1 = rvdec_reg(insn, 15),
        .offset = offset_of_load(insn),
        .is_sign_extended = funct3 < 3u,
    };
    return OK;
}

static enum err decode_store(uint32_t insn, struct rvdec_insn *out)
{
    uint32_t funct3 = rvdec_bits(insn, 14, 12);

    if (funct3 > 3u)
        return ERR_FORMAT;
    *out = (struct rvdec_insn){
        .class = RVDEC_STORE,
        .width_bytes = (uint8_t)(1u << funct3),
        .length_bytes = 4,
        .rs1 = rvdec_reg(insn, 15),
        .rs2 = rvdec_reg(insn, 20),
        .offset = offset_of_store(insn),
    };
    return OK;
}

/*
 * The unit-stride forms (mop 0) have a sub-operation in the place of rs2.  In whole-register
 * and mask forms most other fields have only one legal value.
 */
static bool is_vector_unit_stride(uint32_t insn, bool is_store)
{
    uint32_t nf = rvdec_bits(insn, 31, 29);
    uint32_t vm = rvdec_bits(insn, 25, 25);
    uint32_t width = rvdec_bits(insn, 14, 12);

    switch (rvdec_bits(insn, 24, 20)) {
    case 0x00: /* plain and segment */
        return true;
    case 0x08: /* whole registers: 1, 2, 4 or 8; stores have byte elements only */
        return vm == 1u && (nf & (nf + 1u)) == 0u && (!is_store || width == 0u);
    case 0x0b: /* mask */
        return vm == 1u && nf == 0u && width == 0u;
    case 0x10: /* fault-only-first */
        return !is_store;
    default:
        return false;
    }
}

/* The width field has named 1, 2, 4 or 8 bytes already; mew (bit 28) is reserved. */
static enum err decode_vector(uint32_t insn, bool is_store, struct rvdec_insn *out)
{
    if (rvdec_bits(insn, 28, 28) != 0u)
        return ERR_FORMAT;
    if (rvdec_bits(insn, 27, 26) == 0u && !is_vector_unit_stride(insn, is_store))
        return ERR_FORMAT;
    *out = (struct rvdec_insn){
        .class = is_store ? RVDEC_VECTOR_STORE : RVDEC_VECTOR_LOAD,
        .length_bytes = 4,
        .rs1 = rvdec_reg(insn, 15),
    };
    return OK;
}

/* Widths 1 to 4 of the floating-point opcodes are scalar, all others vector. */
static bool is_scalar_fp(uint32_t insn)
{
    uint32_t funct3 = rvdec_bits(insn, 14, 12);

    return funct3 >= 1u && funct3 <= 4u;
}

static enum err decode_load_fp(uint32_t insn, struct rvdec_insn *out)
{
    if (!is_scalar_fp(insn))
        return decode_vector(insn, false, out);
    *out = (struct rvdec_insn){
        .class = RVDEC_LOAD,
        .width_bytes = (uint8_t)(1u << rvdec_bits(insn, 14, 12)),
        .length_bytes = 4,
        .rd = rvdec_reg(insn, 7),
        .rs1 = rvdec_reg(insn, 15),
        .offset = offset_of_load(insn),
        .is_fp = true,
    };
    return OK;
}

static enum err decode_store_fp(uint32_t insn, struct rvdec_insn *out)
{
    if (!is_scalar_fp(insn))
        return decode_vector(insn, true, out);
    *out = (struct rvdec_insn){
        .class = RVDEC_STORE,
        .width_bytes = (uint8_t)(1u << rvdec_bits(insn, 14, 12)),
        .length_bytes = 4,
        .rs1 = rvdec_reg(insn, 15),
        .rs2 = rvdec_reg(insn, 20),
        .offset = offset_of_store(insn),
        .is_fp = true,
    };
    return OK;
}

/* LR and SC exist as words and doublewords; LR has no second source. */
static bool is_lr_sc_width(uint32_t funct3)
{
    return funct3 == 2u || funct3 == 3u;
}

static enum err classify_amo(uint32_t funct5, struct rvdec_insn *out)
{
    static const uint8_t op_of_funct5[32] = {
        [0x00] = RVDEC_AMO_ADD,  [0x01] = RVDEC_AMO_SWAP, [0x04] = RVDEC_AMO_XOR,
        [0x05] = RVDEC_AMO_CAS,  [0x08] = RVDEC_AMO_OR,   [0x0c] = RVDEC_AMO_AND,
        [0x10] = RVDEC_AMO_MIN,  [0x14] = RVDEC_AMO_MAX,  [0x18] = RVDEC_AMO_MINU,
        [0x1c] = RVDEC_AMO_MAXU,
    };

    if (op_of_funct5[funct5] == RVDEC_AMO_NONE)
        return ERR_FORMAT;
    out->class = RVDEC_AMO;
    out->amo_op = (enum rvdec_amo_op)op_of_funct5[funct5];
    /* Only compare-and-swap is 16 bytes wide, and its register pairs start even. */
    if (out->width_bytes == 16u &&
        (out->amo_op != RVDEC_AMO_CAS || ((out->rd | out->rs2) & 1u) != 0u))
        return ERR_FORMAT;
    return OK;
}

static enum err decode_amo(uint32_t insn, struct rvdec_insn *out)
{
    uint32_t funct3 = rvdec_bits(insn, 14, 12);
    uint32_t funct5 = rvdec_bits(insn, 31, 27);
    struct rvdec_insn amo = {
        .width_bytes = (uint8_t)(1u << (funct3 & 7u)),
        .length_bytes = 4,
        .rd = rvdec_reg(insn, 7),
        .rs1 = rvdec_reg(insn, 15),
        .rs2 = rvdec_reg(insn, 20),
        .is_sign_extended = funct3 < 3u,
        .is_acquire = rvdec_bits(insn, 26, 26) != 0u,
        .is_release = rvdec_bits(insn, 25, 25) != 0u,
    };

    if (funct3 > 4u)
        return ERR_FORMAT;
    if (funct5 == 0x02u) {
        if (!is_lr_sc_width(funct3) || amo.rs2 != 0u)
            return ERR_FORMAT;
        amo.class = RVDEC_LR;
    } else if (funct5 == 0x03u) {
        if (!is_lr_sc_width(funct3))
            return ERR_FORMAT;
        amo.class = RVDEC_SC;
        amo.is_sign_extended = false; /* rd gets a status, not a loaded value */
    } else if (classify_amo(funct5, &amo) != OK) {
        return ERR_FORMAT;
    }
    *out = amo;
    return OK;
}

static enum err decode_misc_mem(uint32_t insn, struct rvdec_insn *out)
{
    static const uint8_t op_of_imm[5] = {
        RVDEC_CBO_INVAL, RVDEC_CBO_CLEAN, RVDEC_CBO_FLUSH, RVDEC_CBO_NONE, RVDEC_CBO_ZERO,
    };
    uint32_t imm = rvdec_bits(insn, 31, 20);

    if (rvdec_bits(insn, 14, 12) != 2u || rvdec_reg(insn, 7) != 0u || imm >= 5u ||
        op_of_imm[imm] == RVDEC_CBO_NONE)
        return ERR_FORMAT;
    *out = (struct rvdec_insn){
        .class = RVDEC_CBO,
        .cbo_op = (enum rvdec_cbo_op)op_of_imm[imm],
        .length_bytes = 4,
        .rs1 = rvdec_reg(insn, 15),
    };
    return OK;
}

enum err rvdec_decode(uint32_t insn, struct rvdec_insn *out)
{
    if ((insn & 3u) != 3u)
        return rvdec_decode_compressed(insn, out);
    switch (rvdec_bits(insn, 6, 0)) {
    case OPCODE_LOAD:
        return decode_load(insn, out);
    case OPCODE_LOAD_FP:
        return decode_load_fp(insn, out);
    case OPCODE_MISC_MEM:
        return decode_misc_mem(insn, out);
    case OPCODE_STORE:
        return decode_store(insn, out);
    case OPCODE_STORE_FP:
        return decode_store_fp(insn, out);
    case OPCODE_AMO:
        return decode_amo(insn, out);
    default:
        return ERR_FORMAT;
    }
}
