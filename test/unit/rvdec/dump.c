/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads instructions from standard input, four bytes each, little-endian, and prints
 * what rvdec makes of every one on a line of its own, in the words binutils.py uses.
 * An instruction that is no memory access gives "-".
 */
#include <stdio.h>
#include <stdlib.h>

#include <rvdec/rvdec.h>

static const char *const class_names[] = {
    [RVDEC_LOAD] = "load",
    [RVDEC_STORE] = "store",
    [RVDEC_LR] = "lr",
    [RVDEC_SC] = "sc",
    [RVDEC_AMO] = "amo",
    [RVDEC_CBO] = "cbo",
    [RVDEC_VECTOR_LOAD] = "vload",
    [RVDEC_VECTOR_STORE] = "vstore",
};

static const char *const amo_names[] = {
    [RVDEC_AMO_NONE] = "-",    [RVDEC_AMO_SWAP] = "swap", [RVDEC_AMO_ADD] = "add",
    [RVDEC_AMO_XOR] = "xor",   [RVDEC_AMO_AND] = "and",   [RVDEC_AMO_OR] = "or",
    [RVDEC_AMO_MIN] = "min",   [RVDEC_AMO_MAX] = "max",   [RVDEC_AMO_MINU] = "minu",
    [RVDEC_AMO_MAXU] = "maxu", [RVDEC_AMO_CAS] = "cas",
};

static const char *const cbo_names[] = {
    [RVDEC_CBO_NONE] = "-",      [RVDEC_CBO_INVAL] = "inval", [RVDEC_CBO_CLEAN] = "clean",
    [RVDEC_CBO_FLUSH] = "flush", [RVDEC_CBO_ZERO] = "zero",
};

static void print_decoded(uint32_t word)
{
    struct rvdec_insn insn;
    enum err err = rvdec_decode(word, &insn);

    if (err == ERR_FORMAT) {
        puts("-");
        return;
    }
    if (err != OK) {
        fprintf(stderr, "0x%08x: error %d is not one the header names\n", word, (int)err);
        exit(1);
    }
    if (insn.misalign_bytes != 0u || insn.is_transformed) {
        fprintf(stderr, "0x%08x: fields of transformed instructions are set\n", word);
        exit(1);
    }
    printf("%s len=%u w=%u %s %s rd=%u rs1=%u rs2=%u off=%d amo=%s cbo=%s%s%s\n",
           class_names[insn.class], insn.length_bytes, insn.width_bytes, insn.is_fp ? "f" : "x",
           insn.is_sign_extended ? "s" : "u", insn.rd, insn.rs1, insn.rs2, (int)insn.offset,
           amo_names[insn.amo_op], cbo_names[insn.cbo_op], insn.is_acquire ? " aq" : "",
           insn.is_release ? " rl" : "");
}

int main(void)
{
    unsigned char b[4];

    while (fread(b, sizeof b, 1, stdin) == 1)
        print_decoded((uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 |
                      (uint32_t)b[3] << 24);
    return 0;
}
