/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The 16-bit instructions of C and Zcb, as RV64 with D has them.  Quadrant 0 has a
 * base register and two three-bit register fields, quadrant 2 the stack pointer and
 * one full register field; quadrant 1 accesses no memory.  In quadrants 0 and 2 the two
 * low bits of funct3 give kind and width of the access; the top bit is set for a store.
 */
#include "rvdec_internal.h"

enum {
    REG_SP = 2,
};

/* x8..x15 and f8..f15, the registers a three-bit field can name. */
static uint8_t short_reg(uint32_t insn, unsigned lo)
{
    return (uint8_t)(8u + rvdec_bits(insn, lo + 2u, lo));
}

static int32_t offset_word(uint32_t insn)
{
    return (int32_t)((rvdec_bits(insn, 5, 5) << 6) | (rvdec_bits(insn, 12, 10) << 3) |
                     (rvdec_bits(insn, 6, 6) << 2));
}

static int32_t offset_double(uint32_t insn)
{
    return (int32_t)((rvdec_bits(insn, 6, 5) << 6) | (rvdec_bits(insn, 12, 10) << 3));
}

static int32_t offset_word_load_sp(uint32_t insn)
{
    return (int32_t)((rvdec_bits(insn, 3, 2) << 6) | (rvdec_bits(insn, 12, 12) << 5) |
                     (rvdec_bits(insn, 6, 4) << 2));
}

static int32_t offset_double_load_sp(uint32_t insn)
{
    return (int32_t)((rvdec_bits(insn, 4, 2) << 6) | (rvdec_bits(insn, 12, 12) << 5) |
                     (rvdec_bits(insn, 6, 5) << 3));
}

static int32_t offset_word_store_sp(uint32_t insn)
{
    return (int32_t)((rvdec_bits(insn, 8, 7) << 6) | (rvdec_bits(insn, 12, 9) << 2));
}

static int32_t offset_double_store_sp(uint32_t insn)
{
    return (int32_t)((rvdec_bits(insn, 9, 7) << 6) | (rvdec_bits(insn, 12, 10) << 3));
}

/* Zcb: bytes have two offset bits; halfwords have one, and a sign bit in place of the other. */
static enum err decode_zcb(uint32_t insn, struct rvdec_insn *out)
{
    uint32_t kind = rvdec_bits(insn, 12, 10);
    bool is_store = (kind & 2u) != 0u;
    bool is_half = (kind & 1u) != 0u;
    uint32_t bit6 = rvdec_bits(insn, 6, 6);
    uint32_t offset = rvdec_bits(insn, 5, 5) << 1;

    if (kind > 3u || (is_store && is_half && bit6 != 0u))
        return ERR_FORMAT;
    *out = (struct rvdec_insn){
        .class = is_store ? RVDEC_STORE : RVDEC_LOAD,
        .width_bytes = is_half ? 2 : 1,
        .length_bytes = 2,
        .rd = is_store ? 0 : short_reg(insn, 2),
        .rs1 = short_reg(insn, 7),
        .rs2 = is_store ? short_reg(insn, 2) : 0,
        .offset = (int32_t)(is_half ? offset : offset | bit6),
        .is_sign_extended = is_half && bit6 != 0u,
    };
    return OK;
}

/* The low bits of funct3, in quadrants 0 and 2: 1 double FP, 2 word, 3 doubleword. */
static void set_kind(uint32_t funct3, struct rvdec_insn *out)
{
    uint32_t kind = funct3 & 3u;

    out->class = (funct3 & 4u) != 0u ? RVDEC_STORE : RVDEC_LOAD;
    out->width_bytes = kind == 2u ? 4 : 8;
    out->length_bytes = 2;
    out->is_fp = kind == 1u;
    out->is_sign_extended = out->class == RVDEC_LOAD && kind == 2u;
}

static enum err decode_quadrant_0(uint32_t insn, struct rvdec_insn *out)
{
    uint32_t funct3 = rvdec_bits(insn, 15, 13);
    struct rvdec_insn access = {.rs1 = short_reg(insn, 7)};

    if (funct3 == 0u)
        return ERR_FORMAT;
    if (funct3 == 4u)
        return decode_zcb(insn, out);
    set_kind(funct3, &access);
    access.offset = access.width_bytes == 4u ? offset_word(insn) : offset_double(insn);
    if (access.class == RVDEC_LOAD)
        access.rd = short_reg(insn, 2);
    else
        access.rs2 = short_reg(insn, 2);
    *out = access;
    return OK;
}

static enum err decode_quadrant_2(uint32_t insn, struct rvdec_insn *out)
{
    uint32_t funct3 = rvdec_bits(insn, 15, 13);
    struct rvdec_insn access = {.rs1 = REG_SP};

    if ((funct3 & 3u) == 0u)
        return ERR_FORMAT;
    set_kind(funct3, &access);
    if (access.class == RVDEC_LOAD) {
        access.rd = rvdec_reg(insn, 7);
        access.offset =
            access.width_bytes == 4u ? offset_word_load_sp(insn) : offset_double_load_sp(insn);
        if (!access.is_fp && access.rd == 0u)
            return ERR_FORMAT; /* C.LWSP and C.LDSP into x0 are reserved */
    } else {
        access.rs2 = rvdec_reg(insn, 2);
        access.offset =
            access.width_bytes == 4u ? offset_word_store_sp(insn) : offset_double_store_sp(insn);
    }
    *out = access;
    return OK;
}

enum err rvdec_decode_compressed(uint32_t insn, struct rvdec_insn *out)
{
    switch (insn & 3u) {
    case 0:
        return decode_quadrant_0(insn, out);
    case 2:
        return decode_quadrant_2(insn, out);
    default:
        return ERR_FORMAT;
    }
}
