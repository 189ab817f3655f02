/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Decodes htinst.  A transformed instruction differs from the trapped one in three ways:
 * bit 1 is clear if the trapped one had 16 bits; basic loads and stores have no immediate;
 * the field rs1 holds the misaligned part.  So the value is decoded as an instruction, and
 * then the fields that are not known are cleared.
 */
#include "rvdec_internal.h"

enum {
    PSEUDO_READ_32 = 0x2000,
    PSEUDO_WRITE_32 = 0x2020,
    PSEUDO_READ_64 = 0x3000,
    PSEUDO_WRITE_64 = 0x3020,
};

static enum err decode_pseudo(uint32_t value, struct rvdec_insn *out)
{
    switch (value) {
    case PSEUDO_READ_32:
        *out = (struct rvdec_insn){.class = RVDEC_PTE_READ, .width_bytes = 4};
        return OK;
    case PSEUDO_WRITE_32:
        *out = (struct rvdec_insn){.class = RVDEC_PTE_WRITE, .width_bytes = 4};
        return OK;
    case PSEUDO_READ_64:
        *out = (struct rvdec_insn){.class = RVDEC_PTE_READ, .width_bytes = 8};
        return OK;
    case PSEUDO_WRITE_64:
        *out = (struct rvdec_insn){.class = RVDEC_PTE_WRITE, .width_bytes = 8};
        return OK;
    default:
        return ERR_NOT_FOUND;
    }
}

enum err rvdec_decode_htinst(uint64_t htinst, struct rvdec_insn *out)
{
    uint32_t value = (uint32_t)htinst;
    struct rvdec_insn insn;

    if ((htinst >> 32) != 0u)
        return ERR_NOT_FOUND;
    if ((value & 1u) == 0u)
        return decode_pseudo(value, out);
    if (rvdec_decode(value | 2u, &insn) != OK)
        return ERR_NOT_FOUND;
    /* Vector accesses have no standard transformation. */
    if (insn.class == RVDEC_VECTOR_LOAD || insn.class == RVDEC_VECTOR_STORE)
        return ERR_NOT_FOUND;
    insn.length_bytes = (value & 2u) != 0u ? 4 : 2;
    insn.misalign_bytes = insn.rs1;
    insn.rs1 = 0;
    insn.offset = 0;
    insn.is_transformed = true;
    *out = insn;
    return OK;
}
