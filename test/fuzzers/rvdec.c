/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The MMIO decoder.  Oracle: a second reading of each instruction, from a table of masks
 * and values; a compressed one is first expanded to the 32-bit instruction that the
 * specification names as its equal.  Then the transformed instruction, which the hart would
 * put in htinst, has to decode to the same access.
 */
#include "fuzz.h"

#include <rvdec/rvdec.h>

enum form {
    FORM_I, /* immediate in 31:20 */
    FORM_S, /* immediate in 31:25 and 11:7 */
    FORM_A, /* no immediate */
    FORM_V,
};

struct row {
    uint32_t mask, match;
    enum rvdec_class class;
    enum form form;
    uint8_t width;
    bool is_fp, is_signed;
    uint8_t op; /* of an AMO or cache-block operation */
};

#define MASK_OP  0x0000707fu /* opcode and funct3 */
#define MASK_AMO 0xf800707fu
#define MASK_LR  0xf9f0707fu
#define MASK_CBO 0xfff07fffu

static const struct row table[] = {
    {MASK_OP, 0x00000003, RVDEC_LOAD, FORM_I, 1, false, true, 0},
    {MASK_OP, 0x00001003, RVDEC_LOAD, FORM_I, 2, false, true, 0},
    {MASK_OP, 0x00002003, RVDEC_LOAD, FORM_I, 4, false, true, 0},
    {MASK_OP, 0x00003003, RVDEC_LOAD, FORM_I, 8, false, false, 0},
    {MASK_OP, 0x00004003, RVDEC_LOAD, FORM_I, 1, false, false, 0},
    {MASK_OP, 0x00005003, RVDEC_LOAD, FORM_I, 2, false, false, 0},
    {MASK_OP, 0x00006003, RVDEC_LOAD, FORM_I, 4, false, false, 0},
    {MASK_OP, 0x00000023, RVDEC_STORE, FORM_S, 1, false, false, 0},
    {MASK_OP, 0x00001023, RVDEC_STORE, FORM_S, 2, false, false, 0},
    {MASK_OP, 0x00002023, RVDEC_STORE, FORM_S, 4, false, false, 0},
    {MASK_OP, 0x00003023, RVDEC_STORE, FORM_S, 8, false, false, 0},
    {MASK_OP, 0x00001007, RVDEC_LOAD, FORM_I, 2, true, false, 0},
    {MASK_OP, 0x00002007, RVDEC_LOAD, FORM_I, 4, true, false, 0},
    {MASK_OP, 0x00003007, RVDEC_LOAD, FORM_I, 8, true, false, 0},
    {MASK_OP, 0x00004007, RVDEC_LOAD, FORM_I, 16, true, false, 0},
    {MASK_OP, 0x00001027, RVDEC_STORE, FORM_S, 2, true, false, 0},
    {MASK_OP, 0x00002027, RVDEC_STORE, FORM_S, 4, true, false, 0},
    {MASK_OP, 0x00003027, RVDEC_STORE, FORM_S, 8, true, false, 0},
    {MASK_OP, 0x00004027, RVDEC_STORE, FORM_S, 16, true, false, 0},
    {MASK_LR, 0x1000202f, RVDEC_LR, FORM_A, 4, false, true, 0},
    {MASK_LR, 0x1000302f, RVDEC_LR, FORM_A, 8, false, false, 0},
    {MASK_AMO, 0x1800202f, RVDEC_SC, FORM_A, 4, false, false, 0},
    {MASK_AMO, 0x1800302f, RVDEC_SC, FORM_A, 8, false, false, 0},
    {MASK_CBO, 0x0000200f, RVDEC_CBO, FORM_A, 0, false, false, RVDEC_CBO_INVAL},
    {MASK_CBO, 0x0010200f, RVDEC_CBO, FORM_A, 0, false, false, RVDEC_CBO_CLEAN},
    {MASK_CBO, 0x0020200f, RVDEC_CBO, FORM_A, 0, false, false, RVDEC_CBO_FLUSH},
    {MASK_CBO, 0x0040200f, RVDEC_CBO, FORM_A, 0, false, false, RVDEC_CBO_ZERO},
};

static const struct {
    uint32_t funct5;
    enum rvdec_amo_op op;
} amo[] = {
    {0, RVDEC_AMO_ADD},   {1, RVDEC_AMO_SWAP},  {4, RVDEC_AMO_XOR},  {5, RVDEC_AMO_CAS},
    {8, RVDEC_AMO_OR},    {12, RVDEC_AMO_AND},  {16, RVDEC_AMO_MIN}, {20, RVDEC_AMO_MAX},
    {24, RVDEC_AMO_MINU}, {28, RVDEC_AMO_MAXU},
};

static unsigned field(uint32_t insn, unsigned from, unsigned bits)
{
    return insn >> from & ((1u << bits) - 1);
}

/* ---- The second reading: 32 bits ---------------------------------------------------- */

static bool read_amo(uint32_t insn, struct rvdec_insn *out)
{
    unsigned funct3 = field(insn, 12, 3), funct5 = field(insn, 27, 5);

    if (field(insn, 0, 7) != 0x2f)
        return false;
    for (unsigned i = 0; i < sizeof amo / sizeof amo[0]; i++) {
        if (amo[i].funct5 != funct5)
            continue;
        bool is_pair = funct3 == 4;
        if (funct3 > 4 || (is_pair && (amo[i].op != RVDEC_AMO_CAS || (insn & 0x00100080))))
            return false;
        static const uint8_t width[5] = {1, 2, 4, 8, 16};
        *out = (struct rvdec_insn){.class = RVDEC_AMO,
                                   .amo_op = amo[i].op,
                                   .width_bytes = width[funct3],
                                   .is_sign_extended = funct3 <= 2};
        return true;
    }
    return false;
}

/* Volume I, "Vector Loads and Stores": reserved where a fixed field holds anything else. */
static bool read_vector(uint32_t insn, struct rvdec_insn *out)
{
    unsigned opcode = field(insn, 0, 7), width = field(insn, 12, 3), mop = field(insn, 26, 2);
    unsigned lumop = field(insn, 20, 5), nf = field(insn, 29, 3) + 1;
    bool is_store = opcode == 0x27, is_unmasked = insn & 1u << 25;

    if ((opcode != 0x07 && !is_store) || (width != 0 && width < 5) || (insn & 1u << 28))
        return false;
    bool is_whole = lumop == 8 && is_unmasked && (nf == 1 || nf == 2 || nf == 4 || nf == 8) &&
                    (!is_store || width == 0);
    bool is_mask = lumop == 11 && is_unmasked && nf == 1 && width == 0;
    bool is_first_only = lumop == 16 && !is_store;
    if (mop == 0 && !(lumop == 0 || is_whole || is_mask || is_first_only))
        return false;
    *out = (struct rvdec_insn){.class = is_store ? RVDEC_VECTOR_STORE : RVDEC_VECTOR_LOAD};
    return true;
}

static bool read_row(uint32_t insn, struct rvdec_insn *out, enum form *form)
{
    for (unsigned i = 0; i < sizeof table / sizeof table[0]; i++) {
        const struct row *row = &table[i];
        if ((insn & row->mask) != row->match)
            continue;
        *form = row->form;
        *out = (struct rvdec_insn){.class = row->class,
                                   .width_bytes = row->width,
                                   .is_fp = row->is_fp,
                                   .is_sign_extended = row->is_signed};
        if (row->class == RVDEC_CBO)
            out->cbo_op = (enum rvdec_cbo_op)row->op;
        return true;
    }
    *form = FORM_V;
    if (read_vector(insn, out))
        return true;
    *form = FORM_A;
    return read_amo(insn, out);
}

static bool second_reading(uint32_t insn, struct rvdec_insn *out)
{
    enum form form;

    if (!read_row(insn, out, &form))
        return false;
    out->length_bytes = 4;
    out->rs1 = (uint8_t)field(insn, 15, 5);
    if (form == FORM_I)
        out->offset = (int32_t)insn >> 20;
    if (form == FORM_S)
        out->offset = (int32_t)(insn & 0xfe000000) >> 20 | (int32_t)field(insn, 7, 5);
    bool is_atomic = form == FORM_A && out->class != RVDEC_CBO;
    if (form == FORM_I || is_atomic)
        out->rd = (uint8_t)field(insn, 7, 5);
    if (form == FORM_S || (is_atomic && out->class != RVDEC_LR))
        out->rs2 = (uint8_t)field(insn, 20, 5);
    out->is_acquire = is_atomic && (insn & 1u << 26);
    out->is_release = is_atomic && (insn & 1u << 25);
    return true;
}

/* ---- 16 bits: to the instruction it stands for --------------------------------------- */

static uint32_t make_load(uint32_t op, unsigned rd, unsigned rs1, unsigned offset)
{
    return op | rd << 7 | rs1 << 15 | offset << 20;
}

static uint32_t make_store(uint32_t op, unsigned rs2, unsigned rs1, unsigned offset)
{
    return op | (offset & 31) << 7 | rs1 << 15 | rs2 << 20 | offset >> 5 << 25;
}

/* Offsets as the tables of the chapter "C" write them: uimm[5:3|7:6] and so on. */
static unsigned offset_4(uint32_t c)
{
    return field(c, 10, 3) << 3 | field(c, 6, 1) << 2 | field(c, 5, 1) << 6;
}

static unsigned offset_8(uint32_t c)
{
    return field(c, 10, 3) << 3 | field(c, 5, 2) << 6;
}

static uint32_t expand_zcb(uint32_t c, unsigned rd, unsigned rs1)
{
    unsigned byte = field(c, 6, 1) | field(c, 5, 1) << 1, half = field(c, 5, 1) << 1;

    switch (field(c, 10, 3)) {
    case 0:
        return make_load(0x4003, rd, rs1, byte);
    case 1:
        return make_load(field(c, 6, 1) ? 0x1003 : 0x5003, rd, rs1, half);
    case 2:
        return make_store(0x0023, rd, rs1, byte);
    case 3:
        return field(c, 6, 1) ? 0 : make_store(0x1023, rd, rs1, half);
    default:
        return 0;
    }
}

static uint32_t expand_quadrant_0(uint32_t c)
{
    unsigned rd = 8 + field(c, 2, 3), rs1 = 8 + field(c, 7, 3);

    switch (field(c, 13, 3)) {
    case 1:
        return make_load(0x3007, rd, rs1, offset_8(c));
    case 2:
        return make_load(0x2003, rd, rs1, offset_4(c));
    case 3:
        return make_load(0x3003, rd, rs1, offset_8(c));
    case 4:
        return expand_zcb(c, rd, rs1);
    case 5:
        return make_store(0x3027, rd, rs1, offset_8(c));
    case 6:
        return make_store(0x2023, rd, rs1, offset_4(c));
    case 7:
        return make_store(0x3023, rd, rs1, offset_8(c));
    default:
        return 0;
    }
}

static uint32_t expand_quadrant_2(uint32_t c)
{
    unsigned rd = field(c, 7, 5), rs2 = field(c, 2, 5), high = field(c, 12, 1) << 5;
    unsigned load_8 = high | field(c, 5, 2) << 3 | field(c, 2, 3) << 6;
    unsigned load_4 = high | field(c, 4, 3) << 2 | field(c, 2, 2) << 6;
    unsigned store_8 = field(c, 10, 3) << 3 | field(c, 7, 3) << 6;
    unsigned store_4 = field(c, 9, 4) << 2 | field(c, 7, 2) << 6;

    switch (field(c, 13, 3)) {
    case 1:
        return make_load(0x3007, rd, 2, load_8);
    case 2:
        return rd ? make_load(0x2003, rd, 2, load_4) : 0;
    case 3:
        return rd ? make_load(0x3003, rd, 2, load_8) : 0;
    case 5:
        return make_store(0x3027, rs2, 2, store_8);
    case 6:
        return make_store(0x2023, rs2, 2, store_4);
    case 7:
        return make_store(0x3023, rs2, 2, store_8);
    default:
        return 0;
    }
}

static bool read_any(uint32_t insn, struct rvdec_insn *out)
{
    uint32_t c = insn & 0xffff;

    if ((insn & 3) == 3)
        return second_reading(insn, out);
    uint32_t expanded = (c & 3) == 0   ? expand_quadrant_0(c)
                        : (c & 3) == 2 ? expand_quadrant_2(c)
                                       : 0;
    if (!expanded || !second_reading(expanded, out))
        return false;
    out->length_bytes = 2;
    return true;
}

static bool is_same(const struct rvdec_insn *a, const struct rvdec_insn *b)
{
    return a->class == b->class && a->amo_op == b->amo_op && a->cbo_op == b->cbo_op &&
           a->offset == b->offset && a->width_bytes == b->width_bytes &&
           a->length_bytes == b->length_bytes && a->rd == b->rd && a->rs1 == b->rs1 &&
           a->rs2 == b->rs2 && a->misalign_bytes == b->misalign_bytes && a->is_fp == b->is_fp &&
           a->is_sign_extended == b->is_sign_extended && a->is_acquire == b->is_acquire &&
           a->is_release == b->is_release && a->is_transformed == b->is_transformed;
}

/* ---- htinst --------------------------------------------------------------------------- */

/* Volume II: the immediate goes, rs1 becomes the address offset; a 16-bit one is expanded first. */
static uint32_t transform(uint32_t insn, const struct rvdec_insn *as, unsigned misalign)
{
    uint32_t c = insn & 0xffff, wide = insn;

    if (as->length_bytes == 2)
        wide = (c & 3) == 0 ? expand_quadrant_0(c) : expand_quadrant_2(c);
    if (as->class == RVDEC_LOAD)
        wide &= 0x00007fff;
    else if (as->class == RVDEC_STORE)
        wide &= 0x01f0707f;
    wide = (wide & ~(31u << 15)) | misalign << 15;
    return as->length_bytes == 2 ? wide & ~2u : wide;
}

static void check_transformed(uint32_t insn, const struct rvdec_insn *as, unsigned misalign)
{
    struct rvdec_insn want = *as, got;

    if (as->class == RVDEC_VECTOR_LOAD || as->class == RVDEC_VECTOR_STORE)
        return; /* there is no such form */
    want.rs1 = 0;
    want.offset = 0;
    want.misalign_bytes = (uint8_t)misalign;
    want.is_transformed = true;
    FUZZ_CHECK(rvdec_decode_htinst(transform(insn, as, misalign), &got) == OK);
    FUZZ_CHECK(is_same(&got, &want));
}

static void check_htinst(uint64_t htinst)
{
    struct rvdec_insn got, none, second;

    memset(&got, 0x5a, sizeof got);
    none = got;
    if (rvdec_decode_htinst(htinst, &got) != OK) {
        FUZZ_CHECK(memcmp(&got, &none, sizeof got) == 0);
        return;
    }
    FUZZ_CHECK(htinst >> 32 == 0);
    if (htinst & 1) {
        FUZZ_CHECK(got.is_transformed && read_any((uint32_t)htinst | 3, &second));
        FUZZ_CHECK(second.class == got.class && second.width_bytes == got.width_bytes);
    } else {
        FUZZ_CHECK((htinst & ~UINT64_C(0x1020)) == 0x2000 && got.length_bytes == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};

    while (in.left > 0) {
        uint32_t insn = fuzz_u32(&in);
        struct rvdec_insn got, want, none;

        memset(&got, 0x5a, sizeof got);
        none = got;
        bool is_access = read_any(insn, &want);
        FUZZ_CHECK((rvdec_decode(insn, &got) == OK) == is_access);
        if (is_access) {
            FUZZ_CHECK(is_same(&got, &want));
            check_transformed(insn, &got, fuzz_u8(&in) & 31);
        } else {
            FUZZ_CHECK(memcmp(&got, &none, sizeof got) == 0);
        }
        check_htinst(insn | (uint64_t)(fuzz_u8(&in) & 1) << 32);
    }
    return 0;
}
