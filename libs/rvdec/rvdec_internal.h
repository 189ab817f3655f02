/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by the files of this folder; no other code may include this. */
#ifndef RVDEC_RVDEC_INTERNAL_H
#define RVDEC_RVDEC_INTERNAL_H

#include <rvdec/rvdec.h>

/* Bits hi..lo of an instruction, moved down to bit 0. */
static inline uint32_t rvdec_bits(uint32_t insn, unsigned hi, unsigned lo)
{
    return (insn >> lo) & ((1u << (hi - lo + 1u)) - 1u);
}

static inline uint8_t rvdec_reg(uint32_t insn, unsigned lo)
{
    return (uint8_t)rvdec_bits(insn, lo + 4u, lo);
}

/* The 16-bit instruction in the low half of `insn`.  Errors: as rvdec_decode. */
MUST_CHECK rvdec_decode_compressed(uint32_t insn, struct rvdec_insn *out);

#endif
