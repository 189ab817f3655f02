/* SPDX-License-Identifier: BSD-2-Clause */
/* emul: accesses that are carried out, and the resulting register values. */

#include <test/unit/run.h>
#include "fake.h"
#include "suites.h"

/* rd a0, base a1, source a2; transformed: no base, no offset. */
enum {
    LB = 0x00000503,
    LH = 0x00001503,
    LW = 0x00002503,
    LD = 0x00003503,
    LBU = 0x00004503,
    LHU = 0x00005503,
    LWU = 0x00006503,
    FLH = 0x00001507,
    FLW = 0x00002507,
    FLD = 0x00003507,
    SB = 0x00c00023,
    SH = 0x00c01023,
    SW = 0x00c02023,
    SD = 0x00c03023,
    FSH = 0x00c01027,
    FSW = 0x00c02027,
    FSD = 0x00c03027,
    SW_ZERO = 0x00002023,
    LW_ZERO = 0x00002003,
    FLW_FT0 = 0x00002007,
    FETCHED_A1 = 11 << 15,  /* OR this in for base a1, offset 0 */
    LW_M8_A1 = 0xff85a503,  /* lw a0, -8(a1) */
    C_LW_A0_4_A1 = 0x41c8,  /* c.lw a0, 4(a1) */
    C_SD_A2_8_A1 = 0xe590,  /* c.sd a2, 8(a1) */
    C_LBU_A0_3_A1 = 0x81e8, /* c.lbu a0, 3(a1) */
};

START_TEST(test_emul_access_loads_extend_to_register)
{
    /* Each load reads its width and extends the value as the ISA says, NaN-boxed if FP. */
    static const struct {
        uint32_t insn;
        unsigned width_bytes;
        bool is_fp;
        uint64_t value;
    } rows[] = {
        {LB, 1, false, UINT64_C(0xffffffffffffff88)},
        {LH, 2, false, UINT64_C(0xffffffffffff8788)},
        {LW, 4, false, UINT64_C(0xffffffff85868788)},
        {LD, 8, false, UINT64_C(0x8182838485868788)},
        {LBU, 1, false, 0x88},
        {LHU, 2, false, 0x8788},
        {LWU, 4, false, 0x85868788},
        {FLH, 2, true, UINT64_C(0xffffffffffff8788)},
        {FLW, 4, true, UINT64_C(0xffffffff85868788)},
        {FLD, 8, true, UINT64_C(0x8182838485868788)},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fake fake = fake_new();
        struct emul_fault fault = fault_transformed(EMUL_FAULT_LOAD, rows[i].insn, 0x40);
        struct emul_outcome out;

        ck_assert_int_eq(fake_run(&fake, &fault, &out), OK);
        ck_assert_int_eq(out.kind, EMUL_ADVANCE);
        ck_assert(out.has_reg);
        ck_assert_int_eq(out.is_fp, rows[i].is_fp);
        ck_assert_uint_eq(out.reg, 10);
        ck_assert_uint_eq(out.value, rows[i].value);
        ck_assert_uint_eq(out.pc_delta_bytes, 4);
        ck_assert_uint_eq(fake.read_count, 1);
        ck_assert_uint_eq(fake.write_count, 0);
        ck_assert_uint_eq(fake.gpa, PAGE + 0x40);
        ck_assert_uint_eq(fake.width_bytes, rows[i].width_bytes);
    }
}
END_TEST

START_TEST(test_emul_access_positive_values_extend_with_zeros)
{
    /* Sign extension copies the sign bit, it does not set it. */
    static const struct {
        uint32_t insn;
        uint64_t value;
    } rows[] = {{LB, 0x7f}, {LH, 0x7f7f}, {LW, 0x7f7f7f7f}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fake fake = fake_new();
        struct emul_fault fault = fault_transformed(EMUL_FAULT_LOAD, rows[i].insn, 0);
        struct emul_outcome out;

        fake.read_value = UINT64_C(0xff7f7f7f7f7f7f7f);
        ck_assert_int_eq(fake_run(&fake, &fault, &out), OK);
        ck_assert_uint_eq(out.value, rows[i].value);
    }
}
END_TEST

START_TEST(test_emul_access_stores_write_their_width)
{
    /* Each store writes the low bytes of its source, and no register. */
    static const struct {
        uint32_t insn;
        unsigned width_bytes;
        bool is_fp;
        uint64_t value;
    } rows[] = {
        {SB, 1, false, 0x0c},
        {SH, 2, false, 0x0c0c},
        {SW, 4, false, 0x0c0c0c0c},
        {SD, 8, false, UINT64_C(0x0c0c0c0c0c0c0c0c)},
        {FSH, 2, true, 0xf3f3},
        {FSW, 4, true, 0xf3f3f3f3},
        {FSD, 8, true, UINT64_C(0xf3f3f3f3f3f3f3f3)},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fake fake = fake_new();
        struct emul_fault fault = fault_transformed(EMUL_FAULT_STORE, rows[i].insn, 0xff8);
        struct emul_outcome out;

        ck_assert_int_eq(fake_run(&fake, &fault, &out), OK);
        ck_assert_int_eq(out.kind, EMUL_ADVANCE);
        ck_assert(!out.has_reg);
        ck_assert_uint_eq(out.pc_delta_bytes, 4);
        ck_assert_uint_eq(fake.write_count, 1);
        ck_assert_uint_eq(fake.read_count, 0);
        ck_assert_uint_eq(fake.fp_count, rows[i].is_fp);
        ck_assert_uint_eq(fake.gpa, PAGE + 0xff8);
        ck_assert_uint_eq(fake.width_bytes, rows[i].width_bytes);
        ck_assert_uint_eq(fake.written, rows[i].value);
    }
}
END_TEST

START_TEST(test_emul_access_load_to_x0_still_reads_device)
{
    /* A load into x0 has its side effect on the device and writes no register. */
    struct fake fake = fake_new();
    struct emul_fault fault = fault_transformed(EMUL_FAULT_LOAD, LW_ZERO, 0);
    struct emul_outcome out;

    ck_assert_int_eq(fake_run(&fake, &fault, &out), OK);
    ck_assert_int_eq(out.kind, EMUL_ADVANCE);
    ck_assert(!out.has_reg);
    ck_assert_uint_eq(fake.read_count, 1);
}
END_TEST

START_TEST(test_emul_access_load_to_f0_writes_register)
{
    /* f0 is a register like the others, unlike x0. */
    struct fake fake = fake_new();
    struct emul_fault fault = fault_transformed(EMUL_FAULT_LOAD, FLW_FT0, 0);
    struct emul_outcome out;

    ck_assert_int_eq(fake_run(&fake, &fault, &out), OK);
    ck_assert(out.has_reg);
    ck_assert(out.is_fp);
    ck_assert_uint_eq(out.reg, 0);
}
END_TEST

START_TEST(test_emul_access_store_of_x0_writes_zero)
{
    /* x0 is zero whatever value the register file holds. */
    struct fake fake = fake_new();
    struct emul_fault fault = fault_transformed(EMUL_FAULT_STORE, SW_ZERO, 0);
    struct emul_outcome out;

    fake.x[0] = ~UINT64_C(0);
    ck_assert_int_eq(fake_run(&fake, &fault, &out), OK);
    ck_assert_uint_eq(fake.write_count, 1);
    ck_assert_uint_eq(fake.written, 0);
}
END_TEST

START_TEST(test_emul_access_compressed_htinst_advances_two_bytes)
{
    /* Bit 1 of htinst clear: the instruction was 16 bits long, pc moves on by 2. */
    struct fake fake = fake_new();
    struct emul_fault load = fault_transformed(EMUL_FAULT_LOAD, LW & ~2u, 0);
    struct emul_fault store = fault_transformed(EMUL_FAULT_STORE, SD & ~2u, 0);
    struct emul_outcome out;

    ck_assert_int_eq(fake_run(&fake, &load, &out), OK);
    ck_assert_uint_eq(out.pc_delta_bytes, 2);
    ck_assert_int_eq(fake_run(&fake, &store, &out), OK);
    ck_assert_uint_eq(out.pc_delta_bytes, 2);
}
END_TEST

START_TEST(test_emul_access_fetched_compressed_is_carried_out)
{
    /* Without htinst the fetched instruction is decoded, also a 16-bit one of C and Zcb. */
    struct fake fake = fake_new();
    struct emul_fault lw = fault_fetched(EMUL_FAULT_LOAD, C_LW_A0_4_A1, 4);
    struct emul_fault sd = fault_fetched(EMUL_FAULT_STORE, C_SD_A2_8_A1, 8);
    struct emul_fault lbu = fault_fetched(EMUL_FAULT_LOAD, C_LBU_A0_3_A1, 3);
    struct emul_outcome out;

    ck_assert_int_eq(fake_run(&fake, &lw, &out), OK);
    ck_assert_uint_eq(out.value, UINT64_C(0xffffffff85868788));
    ck_assert_uint_eq(out.pc_delta_bytes, 2);
    ck_assert_int_eq(fake_run(&fake, &sd, &out), OK);
    ck_assert_uint_eq(fake.written, UINT64_C(0x0c0c0c0c0c0c0c0c));
    ck_assert_uint_eq(out.pc_delta_bytes, 2);
    ck_assert_int_eq(fake_run(&fake, &lbu, &out), OK);
    ck_assert_uint_eq(fake.width_bytes, 1);
    ck_assert_uint_eq(out.value, 0x88);
}
END_TEST

START_TEST(test_emul_access_fetched_negative_offset_is_carried_out)
{
    /* The base may lie above the access; only its offset in the page is compared. */
    struct fake fake = fake_new();
    struct emul_fault fault = fault_fetched(EMUL_FAULT_LOAD, LW_M8_A1, 0x10);
    struct emul_outcome out;

    fake.x[11] = UINT64_C(0xff00000000000018); /* the upper bits may be a pointer's tag */
    ck_assert_int_eq(fake_run(&fake, &fault, &out), OK);
    ck_assert_int_eq(out.kind, EMUL_ADVANCE);
    ck_assert_uint_eq(fake.gpa, PAGE + 0x10);
}
END_TEST

START_TEST(test_emul_access_htinst_goes_before_fetched_instruction)
{
    /* htinst has priority over the fetched instruction, because memory may have changed since. */
    struct fake fake = fake_new();
    struct emul_fault fault = fault_transformed(EMUL_FAULT_LOAD, LBU, 0);
    struct emul_outcome out;

    fault.insn = LD | FETCHED_A1;
    fault.is_insn_valid = true;
    ck_assert_int_eq(fake_run(&fake, &fault, &out), OK);
    ck_assert_uint_eq(fake.width_bytes, 1);
}
END_TEST

START_TEST(test_emul_access_unknown_htinst_falls_back_to_fetched)
{
    /* An undefined htinst value counts as 0. */
    struct fake fake = fake_new();
    struct emul_fault fault = fault_fetched(EMUL_FAULT_LOAD, LW | FETCHED_A1, 0);
    struct emul_outcome out;

    fault.htinst = UINT64_C(1) << 63 | LD;
    ck_assert_int_eq(fake_run(&fake, &fault, &out), OK);
    ck_assert_int_eq(out.kind, EMUL_ADVANCE);
    ck_assert_uint_eq(fake.width_bytes, 4);
}
END_TEST

static Suite *emul_suite(void)
{
    Suite *suite = suite_create("emul");
    TCase *tcase = tcase_create("carried out");

    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, test_emul_access_loads_extend_to_register);
    tcase_add_test(tcase, test_emul_access_positive_values_extend_with_zeros);
    tcase_add_test(tcase, test_emul_access_stores_write_their_width);
    tcase_add_test(tcase, test_emul_access_load_to_x0_still_reads_device);
    tcase_add_test(tcase, test_emul_access_load_to_f0_writes_register);
    tcase_add_test(tcase, test_emul_access_store_of_x0_writes_zero);
    tcase_add_test(tcase, test_emul_access_compressed_htinst_advances_two_bytes);
    tcase_add_test(tcase, test_emul_access_fetched_compressed_is_carried_out);
    tcase_add_test(tcase, test_emul_access_fetched_negative_offset_is_carried_out);
    tcase_add_test(tcase, test_emul_access_htinst_goes_before_fetched_instruction);
    tcase_add_test(tcase, test_emul_access_unknown_htinst_falls_back_to_fetched);
    suite_add_tcase(suite, emul_refused_tcase());
    return suite;
}

int main(void)
{
    return run_suites(srunner_create(emul_suite()));
}
