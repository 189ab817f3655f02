/* SPDX-License-Identifier: BSD-2-Clause */
/* rvdec: results left alone on failure, the two lengths, and the values of htinst. */
#include <string.h>

#include <rvdec/rvdec.h>
#include <test/unit/run.h>

/* Encodings, as the assembler makes them. */
enum {
    LW_A0_M4_A1 = 0xffc5a503,    /* lw a0, -4(a1) */
    LBU_T6_2047_SP = 0x7ff14f83, /* lbu t6, 2047(sp) */
    SD_A0_M2048_A1 = 0x80a5b023, /* sd a0, -2048(a1) */
    FLD_FA0_8_A1 = 0x0085b507,   /* fld fa0, 8(a1) */
    FSW_FA2_0_A1 = 0x00c5a027,   /* fsw fa2, 0(a1) */
    LR_D_AQ = 0x1405b52f,        /* lr.d.aq a0, (a1) */
    AMOMAXU_W_AQRL = 0xe6c5a52f, /* amomaxu.w.aqrl a0, a2, (a1) */
    AMOCAS_Q = 0x28c5c52f,       /* amocas.q a0, a2, (a1) */
    CBO_FLUSH_A1 = 0x0025a00f,   /* cbo.flush (a1) */
    PREFETCH_R_A1 = 0x0015e013,  /* prefetch.r 0(a1) */
    VLE32_V = 0x0205e007,        /* vle32.v v0, (a1) */
    HLV_W = 0x6805c573,          /* hlv.w a0, (a1) */
    C_LW_A0_4_A1 = 0x41c8,       /* c.lw a0, 4(a1) */
    RS1_MASK = 0x1f << 15,
};

static struct rvdec_insn poison(void)
{
    struct rvdec_insn insn;

    memset(&insn, 0x5a, sizeof insn);
    return insn;
}

/* Field by field: padding may differ. */
static void assert_same(const struct rvdec_insn *a, const struct rvdec_insn *b)
{
    ck_assert_int_eq(a->class, b->class);
    ck_assert_int_eq(a->amo_op, b->amo_op);
    ck_assert_int_eq(a->cbo_op, b->cbo_op);
    ck_assert_int_eq(a->offset, b->offset);
    ck_assert_uint_eq(a->width_bytes, b->width_bytes);
    ck_assert_uint_eq(a->length_bytes, b->length_bytes);
    ck_assert_uint_eq(a->rd, b->rd);
    ck_assert_uint_eq(a->rs1, b->rs1);
    ck_assert_uint_eq(a->rs2, b->rs2);
    ck_assert_uint_eq(a->misalign_bytes, b->misalign_bytes);
    ck_assert_int_eq(a->is_fp, b->is_fp);
    ck_assert_int_eq(a->is_sign_extended, b->is_sign_extended);
    ck_assert_int_eq(a->is_acquire, b->is_acquire);
    ck_assert_int_eq(a->is_release, b->is_release);
    ck_assert_int_eq(a->is_transformed, b->is_transformed);
}

START_TEST(test_rvdec_decode_no_access_leaves_result_untouched)
{
    /* An instruction that is no access is an error, and the result stays unchanged. */
    static const uint32_t words[] = {0,          0x0000,        0xffffffff, 0x00000013,
                                     HLV_W,      PREFETCH_R_A1, 0x00007003, 0x00004023,
                                     0x1015a52f, 0x0035a00f,    0x4002};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        struct rvdec_insn insn = poison(), before = poison();

        ck_assert_int_eq(rvdec_decode(words[i], &insn), ERR_FORMAT);
        ck_assert_mem_eq(&insn, &before, sizeof insn);
    }
}
END_TEST

START_TEST(test_rvdec_decode_compressed_ignores_upper_half)
{
    /* A 16-bit instruction decodes the same whatever follows it in memory. */
    struct rvdec_insn alone, followed;

    ck_assert_int_eq(rvdec_decode(C_LW_A0_4_A1, &alone), OK);
    ck_assert_int_eq(rvdec_decode(0xffff0000u | C_LW_A0_4_A1, &followed), OK);
    ck_assert_uint_eq(alone.length_bytes, 2);
    ck_assert_uint_eq(alone.rd, 10);
    ck_assert_uint_eq(alone.rs1, 11);
    ck_assert_int_eq(alone.offset, 4);
    assert_same(&alone, &followed);
}
END_TEST

START_TEST(test_rvdec_decode_extreme_offsets_keep_sign)
{
    /* Offsets are signed: both ends of the range come out as written. */
    struct rvdec_insn insn;

    ck_assert_int_eq(rvdec_decode(SD_A0_M2048_A1, &insn), OK);
    ck_assert_int_eq(insn.offset, -2048);
    ck_assert_int_eq(rvdec_decode(LBU_T6_2047_SP, &insn), OK);
    ck_assert_int_eq(insn.offset, 2047);
    ck_assert(!insn.is_sign_extended);
}
END_TEST

START_TEST(test_rvdec_decode_htinst_zero_not_found)
{
    /* An htinst of zero has no information about the access. */
    struct rvdec_insn insn = poison(), before = poison();

    ck_assert_int_eq(rvdec_decode_htinst(0, &insn), ERR_NOT_FOUND);
    ck_assert_mem_eq(&insn, &before, sizeof insn);
}
END_TEST

START_TEST(test_rvdec_decode_htinst_pseudo_is_page_table_access)
{
    /* The four pseudoinstructions are the page-table walk's reads and writes. */
    static const struct {
        uint64_t htinst;
        enum rvdec_class class;
        uint8_t width_bytes;
    } rows[] = {
        {0x2000, RVDEC_PTE_READ, 4},
        {0x2020, RVDEC_PTE_WRITE, 4},
        {0x3000, RVDEC_PTE_READ, 8},
        {0x3020, RVDEC_PTE_WRITE, 8},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rvdec_insn insn;

        ck_assert_int_eq(rvdec_decode_htinst(rows[i].htinst, &insn), OK);
        ck_assert_int_eq(insn.class, rows[i].class);
        ck_assert_uint_eq(insn.width_bytes, rows[i].width_bytes);
        ck_assert_uint_eq(insn.length_bytes, 0);
        ck_assert(!insn.is_transformed);
    }
}
END_TEST

START_TEST(test_rvdec_decode_htinst_undefined_values_not_found)
{
    /* A value the specification does not define counts as zero, all low bits alike. */
    for (uint32_t value = 0; value < 0x10000; value += 2) {
        struct rvdec_insn insn;
        bool is_pseudo = value == 0x2000 || value == 0x2020 || value == 0x3000 || value == 0x3020;

        ck_assert_int_eq(rvdec_decode_htinst(value, &insn), is_pseudo ? OK : ERR_NOT_FOUND);
        ck_assert_int_eq(rvdec_decode_htinst(value | 0x10000u, &insn), ERR_NOT_FOUND);
    }
}
END_TEST

START_TEST(test_rvdec_decode_htinst_upper_half_set_not_found)
{
    /* Bits 63:32 must be zero for the lower half to mean an instruction. */
    for (unsigned bit = 32; bit < 64; bit++) {
        struct rvdec_insn insn;

        ck_assert_int_eq(rvdec_decode_htinst(1ull << bit | (LW_A0_M4_A1 & 0xfffffu), &insn),
                         ERR_NOT_FOUND);
        ck_assert_int_eq(rvdec_decode_htinst(1ull << bit | 0x3000u, &insn), ERR_NOT_FOUND);
    }
}
END_TEST

START_TEST(test_rvdec_decode_htinst_untransformable_not_found)
{
    /* Vector accesses, HLV and ADDI have no transformation that applies to a device access. */
    static const uint32_t words[] = {VLE32_V,    HLV_W,      0x00000013,
                                     0x00000011, 0x00007003, 0xffffffff};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        struct rvdec_insn insn = poison(), before = poison();

        ck_assert_int_eq(rvdec_decode_htinst(words[i], &insn), ERR_NOT_FOUND);
        ck_assert_mem_eq(&insn, &before, sizeof insn);
    }
}
END_TEST

START_TEST(test_rvdec_decode_htinst_load_gives_register_and_width)
{
    /* A transformed load has rd, width and sign of the original, and no address. */
    struct rvdec_insn insn;

    ck_assert_int_eq(rvdec_decode_htinst(0x00002503, &insn), OK); /* lw a0 */
    ck_assert_int_eq(insn.class, RVDEC_LOAD);
    ck_assert_uint_eq(insn.width_bytes, 4);
    ck_assert_uint_eq(insn.length_bytes, 4);
    ck_assert_uint_eq(insn.rd, 10);
    ck_assert(insn.is_sign_extended);
    ck_assert(insn.is_transformed);
    ck_assert_uint_eq(insn.misalign_bytes, 0);
}
END_TEST

START_TEST(test_rvdec_decode_htinst_bit_1_clear_is_two_bytes_long)
{
    /* With bit 1 clear the trapping instruction was compressed: pc moves on by 2. */
    struct rvdec_insn insn;

    ck_assert_int_eq(rvdec_decode_htinst(0x00a02021, &insn), OK); /* c.sw a0 */
    ck_assert_int_eq(insn.class, RVDEC_STORE);
    ck_assert_uint_eq(insn.width_bytes, 4);
    ck_assert_uint_eq(insn.length_bytes, 2);
    ck_assert_uint_eq(insn.rs2, 10);
}
END_TEST

START_TEST(test_rvdec_decode_htinst_misaligned_reports_address_offset)
{
    /* Bits 19:15 are the offset of the fault in the access, not a register. */
    for (uint32_t offset = 0; offset < 32; offset++) {
        struct rvdec_insn insn;

        ck_assert_int_eq(rvdec_decode_htinst(0x00003503u | offset << 15, &insn), OK);
        ck_assert_uint_eq(insn.misalign_bytes, offset);
        ck_assert_uint_eq(insn.rs1, 0);
    }
}
END_TEST

START_TEST(test_rvdec_decode_htinst_immediate_bits_ignored)
{
    /* A later standard may put hints where the immediates were; they change nothing. */
    struct rvdec_insn load, store;

    ck_assert_int_eq(rvdec_decode_htinst(0xfff02503, &load), OK);
    ck_assert_int_eq(load.offset, 0);
    ck_assert_uint_eq(load.rd, 10);
    ck_assert_int_eq(rvdec_decode_htinst(0xfea02fa3, &store), OK);
    ck_assert_int_eq(store.offset, 0);
    ck_assert_uint_eq(store.rs2, 10);
}
END_TEST

/* The value of htinst after the 32-bit instruction `word` has faulted. */
static uint32_t transform(uint32_t word, const struct rvdec_insn *insn)
{
    word &= ~(uint32_t)RS1_MASK;
    if (insn->class == RVDEC_LOAD)
        word &= 0x000fffffu;
    if (insn->class == RVDEC_STORE)
        word &= ~0xfe000f80u;
    return word;
}

START_TEST(test_rvdec_decode_htinst_agrees_with_instruction)
{
    /* The transformed instruction and the fetched one decode to the same access. */
    static const uint32_t words[] = {LW_A0_M4_A1,    LBU_T6_2047_SP, SD_A0_M2048_A1,
                                     FLD_FA0_8_A1,   FSW_FA2_0_A1,   LR_D_AQ,
                                     AMOMAXU_W_AQRL, AMOCAS_Q,       CBO_FLUSH_A1};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        struct rvdec_insn fetched, transformed;

        ck_assert_int_eq(rvdec_decode(words[i], &fetched), OK);
        ck_assert_int_eq(rvdec_decode_htinst(transform(words[i], &fetched), &transformed), OK);
        fetched.rs1 = 0;
        fetched.offset = 0;
        fetched.is_transformed = true;
        assert_same(&fetched, &transformed);
    }
}
END_TEST

START_TEST(test_rvdec_is_store_follows_fault_kind)
{
    /* LR faults as a load; SC, AMO and CBO fault as stores. */
    static const struct {
        uint32_t word;
        bool is_store;
    } rows[] = {
        {LW_A0_M4_A1, false},   {LR_D_AQ, false},     {VLE32_V, false},   {SD_A0_M2048_A1, true},
        {AMOMAXU_W_AQRL, true}, {CBO_FLUSH_A1, true}, {0x1805a52f, true}, /* sc.w a0, zero, (a1) */
        {VLE32_V | 0x20, true},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rvdec_insn insn;

        ck_assert_int_eq(rvdec_decode(rows[i].word, &insn), OK);
        ck_assert_int_eq(rvdec_is_store(&insn), rows[i].is_store);
    }
    ck_assert(rvdec_is_store(&(struct rvdec_insn){.class = RVDEC_PTE_WRITE}));
    ck_assert(!rvdec_is_store(&(struct rvdec_insn){.class = RVDEC_PTE_READ}));
}
END_TEST

static Suite *rvdec_suite(void)
{
    Suite *suite = suite_create("rvdec");
    TCase *tcase = tcase_create("rvdec");

    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, test_rvdec_decode_no_access_leaves_result_untouched);
    tcase_add_test(tcase, test_rvdec_decode_compressed_ignores_upper_half);
    tcase_add_test(tcase, test_rvdec_decode_extreme_offsets_keep_sign);
    tcase_add_test(tcase, test_rvdec_decode_htinst_zero_not_found);
    tcase_add_test(tcase, test_rvdec_decode_htinst_pseudo_is_page_table_access);
    tcase_add_test(tcase, test_rvdec_decode_htinst_undefined_values_not_found);
    tcase_add_test(tcase, test_rvdec_decode_htinst_upper_half_set_not_found);
    tcase_add_test(tcase, test_rvdec_decode_htinst_untransformable_not_found);
    tcase_add_test(tcase, test_rvdec_decode_htinst_load_gives_register_and_width);
    tcase_add_test(tcase, test_rvdec_decode_htinst_bit_1_clear_is_two_bytes_long);
    tcase_add_test(tcase, test_rvdec_decode_htinst_misaligned_reports_address_offset);
    tcase_add_test(tcase, test_rvdec_decode_htinst_immediate_bits_ignored);
    tcase_add_test(tcase, test_rvdec_decode_htinst_agrees_with_instruction);
    tcase_add_test(tcase, test_rvdec_is_store_follows_fault_kind);
    return suite;
}

int main(void)
{
    return run_suites(srunner_create(rvdec_suite()));
}
