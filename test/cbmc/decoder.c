/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * proves: For every 32-bit word the MMIO decoder says what a table of masks says, in all fields,
 *         and leaves its result alone when the word is no access.
 * mutant: libs/rvdec/rvdec_compressed.c: (rvdec_bits(insn, 8, 7) << 6) | ->
 *         (rvdec_bits(insn, 8, 7) << 5) |
 * unwind: 30
 */
#include "prove.h"

#include <libs/rvdec/rvdec.c>
#include <libs/rvdec/rvdec_compressed.c>
#include <libs/rvdec/rvdec_htinst.c>
#include <test/fuzzers/rvdec.c>

int main(void)
{
    uint32_t insn = nondet_u32();
    struct rvdec_insn got = {.offset = 12345}, want;
    bool is_access = read_any(insn, &want);

    PROVE((rvdec_decode(insn, &got) == OK) == is_access);
    PROVE(!is_access || is_same(&got, &want));
    PROVE(is_access || got.offset == 12345);
    return 0;
}
