/* SPDX-License-Identifier: BSD-2-Clause */
/* emul: accesses that are refused with the architecture's trap, and errors. */
#include <rvdec/rvdec.h>

#include "fake.h"
#include "suites.h"

enum {
    BASE_A1 = 11 << 15,
    LW = 0x00002503,
    LD = 0x00003503,
    SW = 0x00c02023,
    SD = 0x00c03023,
    FSD = 0x00c03027,
    LR_W = 0x1000252f,
    LR_D = 0x1000352f, /* lr a0 */
    SC_W = 0x18c0252f,
    SC_D = 0x18c0352f, /* sc a0, a2 */
    AMOADD_W = 0x00c0252f,
    AMOSWAP_D = 0x08c0352f, /* a0, a2 */
    AMOCAS_Q = 0x28c0452f,
    AMOOR_B = 0x40c0052f,
    CBO_INVAL = 0x0000200f,
    CBO_CLEAN = 0x0010200f,
    CBO_FLUSH = 0x0020200f,
    CBO_ZERO = 0x0040200f,
    VLE32_V = 0x02006007,
    VSE8_V = 0x02000027,
    FLQ = 0x00004507,
    FSQ = 0x00c04027,
};

START_TEST(test_emul_access_fetch_from_device_is_fetch_access_fault)
{
    /* A fetch from a device is refused, also with the pseudoinstruction of a page-table walk. */
    struct fake fake = fake_new();
    struct emul_fault fault = {.cause = EMUL_FAULT_FETCH, .gva = 0x4002, .gpa = PAGE};

    assert_trap_unseen(&fake, &fault, EMUL_TRAP_FETCH_ACCESS);
    fault.htinst = 0x3000;
    assert_trap_unseen(&fake, &fault, EMUL_TRAP_FETCH_ACCESS);
}
END_TEST

START_TEST(test_emul_access_atomic_on_device_is_access_fault)
{
    /* Devices are RsrvNone and AMONone: LR is a load fault, SC and AMO store faults. */
    static const struct {
        uint32_t insn;
        uint64_t fault, trap;
    } rows[] = {
        {LR_W, EMUL_FAULT_LOAD, EMUL_TRAP_LOAD_ACCESS},
        {LR_D, EMUL_FAULT_LOAD, EMUL_TRAP_LOAD_ACCESS},
        {SC_W, EMUL_FAULT_STORE, EMUL_TRAP_STORE_ACCESS},
        {SC_D, EMUL_FAULT_STORE, EMUL_TRAP_STORE_ACCESS},
        {AMOADD_W, EMUL_FAULT_STORE, EMUL_TRAP_STORE_ACCESS},
        {AMOSWAP_D, EMUL_FAULT_STORE, EMUL_TRAP_STORE_ACCESS},
        {AMOCAS_Q, EMUL_FAULT_STORE, EMUL_TRAP_STORE_ACCESS},
        {AMOOR_B, EMUL_FAULT_STORE, EMUL_TRAP_STORE_ACCESS},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fake fake = fake_new();
        struct emul_fault transformed = fault_transformed(rows[i].fault, rows[i].insn, 0);
        struct emul_fault fetched = fault_fetched(rows[i].fault, rows[i].insn | BASE_A1, 0);

        assert_trap_unseen(&fake, &transformed, rows[i].trap);
        assert_trap_unseen(&fake, &fetched, rows[i].trap);
    }
}
END_TEST

START_TEST(test_emul_access_cache_operation_on_device_is_store_access_fault)
{
    /* A cache block is wider than any access a device region supports. */
    static const uint32_t insns[] = {CBO_INVAL, CBO_CLEAN, CBO_FLUSH, CBO_ZERO};

    for (size_t i = 0; i < sizeof insns / sizeof insns[0]; i++) {
        struct fake fake = fake_new();
        struct emul_fault transformed = fault_transformed(EMUL_FAULT_STORE, insns[i], 1);
        struct emul_fault fetched = fault_fetched(EMUL_FAULT_STORE, insns[i] | BASE_A1, 0);

        assert_trap_unseen(&fake, &transformed, EMUL_TRAP_STORE_ACCESS);
        assert_trap_unseen(&fake, &fetched, EMUL_TRAP_STORE_ACCESS);
    }
}
END_TEST

START_TEST(test_emul_access_vector_on_device_is_access_fault)
{
    /* Device regions support no vector accesses. */
    struct fake fake = fake_new();
    struct emul_fault load = fault_fetched(EMUL_FAULT_LOAD, VLE32_V | BASE_A1, 0);
    struct emul_fault store = fault_fetched(EMUL_FAULT_STORE, VSE8_V | BASE_A1, 0);

    assert_trap_unseen(&fake, &load, EMUL_TRAP_LOAD_ACCESS);
    assert_trap_unseen(&fake, &store, EMUL_TRAP_STORE_ACCESS);
}
END_TEST

START_TEST(test_emul_access_sixteen_bytes_is_access_fault)
{
    /* FLQ and FSQ are wider than the bus. */
    struct fake fake = fake_new();
    struct emul_fault load = fault_transformed(EMUL_FAULT_LOAD, FLQ, 0);
    struct emul_fault store = fault_transformed(EMUL_FAULT_STORE, FSQ, 0);

    assert_trap_unseen(&fake, &load, EMUL_TRAP_LOAD_ACCESS);
    assert_trap_unseen(&fake, &store, EMUL_TRAP_STORE_ACCESS);
}
END_TEST

START_TEST(test_emul_access_misaligned_is_access_fault)
{
    /* Misaligned accesses never reach a device, at any width and misalignment. */
    for (unsigned log2 = 1; log2 <= 3; log2++) {
        for (uint64_t offset = 1; offset < 1u << log2; offset++) {
            struct fake fake = fake_new();
            uint32_t load_insn = 0x00000503u | log2 << 12, store_insn = 0x00c00023u | log2 << 12;
            struct emul_fault load = fault_transformed(EMUL_FAULT_LOAD, load_insn, offset);
            struct emul_fault store = fault_transformed(EMUL_FAULT_STORE, store_insn, offset);

            assert_trap_unseen(&fake, &load, EMUL_TRAP_LOAD_ACCESS);
            assert_trap_unseen(&fake, &store, EMUL_TRAP_STORE_ACCESS);
            fake.x[11] += offset;
            load = fault_fetched(EMUL_FAULT_LOAD, load_insn | BASE_A1, offset);
            store = fault_fetched(EMUL_FAULT_STORE, store_insn | BASE_A1, offset);
            assert_trap_unseen(&fake, &load, EMUL_TRAP_LOAD_ACCESS);
            assert_trap_unseen(&fake, &store, EMUL_TRAP_STORE_ACCESS);
        }
    }
}
END_TEST

START_TEST(test_emul_access_reaching_in_from_ram_is_access_fault_at_device)
{
    /*
     * An access that begins in RAM and ends in a device faults at the device's first
     * byte, which looks aligned; tval is that byte, and the device sees nothing.
     */
    for (uint64_t in_ram = 1; in_ram < 8; in_ram++) {
        struct fake fake = fake_new();
        struct emul_fault transformed =
            fault_transformed(EMUL_FAULT_STORE, SD | (uint32_t)in_ram << 15, 0);
        struct emul_fault fetched = fault_fetched(EMUL_FAULT_STORE, SD | BASE_A1, 0);

        assert_trap_unseen(&fake, &transformed, EMUL_TRAP_STORE_ACCESS);
        fake.x[11] = PAGE - in_ram;
        assert_trap_unseen(&fake, &fetched, EMUL_TRAP_STORE_ACCESS);
    }
}
END_TEST

START_TEST(test_emul_access_page_table_in_device_is_access_fault)
{
    /* A page table in a device gives the access fault of the access being translated. */
    static const uint64_t pseudos[] = {0x2000, 0x2020, 0x3000, 0x3020};

    for (size_t i = 0; i < sizeof pseudos / sizeof pseudos[0]; i++) {
        struct fake fake = fake_new();
        struct emul_fault load = fault_transformed(EMUL_FAULT_LOAD, 0, 0);
        struct emul_fault store = fault_transformed(EMUL_FAULT_STORE, 0, 0);

        load.htinst = store.htinst = pseudos[i];
        assert_trap_unseen(&fake, &load, EMUL_TRAP_LOAD_ACCESS);
        assert_trap_unseen(&fake, &store, EMUL_TRAP_STORE_ACCESS);
    }
}
END_TEST

START_TEST(test_emul_access_unknown_instruction_is_access_fault)
{
    /* An unknown instruction, or one that is no access, is refused by the kind of the exit. */
    static const uint32_t insns[] = {0, 0x00000013, 0xffffffff, 0x4002, 0x00007503};

    for (size_t i = 0; i < sizeof insns / sizeof insns[0]; i++) {
        struct fake fake = fake_new();
        struct emul_fault load = fault_fetched(EMUL_FAULT_LOAD, insns[i], 0);
        struct emul_fault store = fault_fetched(EMUL_FAULT_STORE, insns[i], 0);

        assert_trap_unseen(&fake, &load, EMUL_TRAP_LOAD_ACCESS);
        assert_trap_unseen(&fake, &store, EMUL_TRAP_STORE_ACCESS);
    }
}
END_TEST

START_TEST(test_emul_access_not_fetched_is_access_fault)
{
    /* Without htinst and without a fetched instruction, `insn` is not looked at. */
    struct fake fake = fake_new();
    struct emul_fault fault = fault_fetched(EMUL_FAULT_LOAD, LW | BASE_A1, 0);

    fault.is_insn_valid = false;
    assert_trap_unseen(&fake, &fault, EMUL_TRAP_LOAD_ACCESS);
}
END_TEST

START_TEST(test_emul_access_htinst_of_other_kind_is_access_fault)
{
    /* If htinst contradicts the cause, the access is refused, not retried for ever. */
    struct fake fake = fake_new();
    struct emul_fault load = fault_transformed(EMUL_FAULT_LOAD, SW, 0);
    struct emul_fault store = fault_transformed(EMUL_FAULT_STORE, LW, 0);

    assert_trap_unseen(&fake, &load, EMUL_TRAP_LOAD_ACCESS);
    assert_trap_unseen(&fake, &store, EMUL_TRAP_STORE_ACCESS);
}
END_TEST

START_TEST(test_emul_access_bus_refusal_is_access_fault)
{
    /* No device, beyond its end, or an unsupported width: an access fault after one attempt. */
    static const enum err errs[] = {ERR_NOT_FOUND, ERR_RANGE, ERR_ALIGN, ERR_NOT_SUPPORTED,
                                    ERR_INVALID_ARG};

    for (size_t i = 0; i < sizeof errs / sizeof errs[0]; i++) {
        struct fake fake = fake_new();
        struct emul_fault load = fault_transformed(EMUL_FAULT_LOAD, LD, 0);
        struct emul_fault store = fault_transformed(EMUL_FAULT_STORE, SD, 0);
        struct emul_outcome out;

        fake.bus_err = errs[i];
        ck_assert_int_eq(fake_run(&fake, &load, &out), OK);
        ck_assert_int_eq(out.kind, EMUL_TRAP);
        ck_assert_uint_eq(out.cause, EMUL_TRAP_LOAD_ACCESS);
        ck_assert_uint_eq(out.tval, load.gva);
        ck_assert(!out.has_reg);
        ck_assert_int_eq(fake_run(&fake, &store, &out), OK);
        ck_assert_int_eq(out.kind, EMUL_TRAP);
        ck_assert_uint_eq(out.cause, EMUL_TRAP_STORE_ACCESS);
        ck_assert_uint_eq(out.tval, store.gva);
        ck_assert_uint_eq(fake.read_count, 1);
        ck_assert_uint_eq(fake.write_count, 1);
    }
}
END_TEST

START_TEST(test_emul_access_bus_trouble_is_passed_on)
{
    /* An error that the guest did not cause never becomes a trap of the guest. */
    static const enum err errs[] = {ERR_AGAIN, ERR_BUSY, ERR_NO_MEMORY, ERR_PEER_DIED};

    for (size_t i = 0; i < sizeof errs / sizeof errs[0]; i++) {
        struct fake fake = fake_new();
        struct emul_fault load = fault_transformed(EMUL_FAULT_LOAD, LD, 0);
        struct emul_fault store = fault_transformed(EMUL_FAULT_STORE, SD, 0);

        fake.bus_err = errs[i];
        assert_error(&fake, &load, errs[i]);
        assert_error(&fake, &store, errs[i]);
    }
}
END_TEST

START_TEST(test_emul_access_fp_register_unreadable_is_passed_on)
{
    /* If the FP register cannot be read, for any error, the device sees no access. */
    static const enum err errs[] = {ERR_BUSY, ERR_NOT_SUPPORTED};

    for (size_t i = 0; i < sizeof errs / sizeof errs[0]; i++) {
        struct fake fake = fake_new();
        struct emul_fault fault = fault_transformed(EMUL_FAULT_STORE, FSD, 0);

        fake.fp_err = errs[i];
        assert_error(&fake, &fault, errs[i]);
        ck_assert_uint_eq(fake.write_count, 0);
    }
}
END_TEST

START_TEST(test_emul_access_instruction_changed_kind_again)
{
    /* If a load faulted and the fetched instruction is a store, the guest executes again. */
    struct fake fake = fake_new();
    struct emul_fault load = fault_fetched(EMUL_FAULT_LOAD, SW | BASE_A1, 0);
    struct emul_fault store = fault_fetched(EMUL_FAULT_STORE, LW | BASE_A1, 0);

    assert_error(&fake, &load, ERR_AGAIN);
    assert_error(&fake, &store, ERR_AGAIN);
    ck_assert_uint_eq(fake.read_count + fake.write_count, 0);
}
END_TEST

START_TEST(test_emul_access_instruction_changed_address_again)
{
    /* If the fetched instruction's offset is not the fault's, the guest executes again. */
    struct fake fake = fake_new();
    struct emul_fault fault = fault_fetched(EMUL_FAULT_LOAD, LW | BASE_A1, 0x20);

    assert_error(&fake, &fault, ERR_AGAIN);
    ck_assert_uint_eq(fake.read_count, 0);
}
END_TEST

START_TEST(test_emul_access_other_cause_invalid)
{
    /* Only the three guest-page faults are emulated as accesses. */
    for (uint64_t cause = 0; cause < 64; cause++) {
        struct fake fake = fake_new();
        struct emul_fault fault = fault_transformed(cause, LW, 0);

        if (cause == EMUL_FAULT_FETCH || cause == EMUL_FAULT_LOAD || cause == EMUL_FAULT_STORE)
            continue;
        assert_error(&fake, &fault, ERR_INVALID_ARG);
    }
}
END_TEST

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Checks the invariants of every outcome, for any input. */
static void assert_sound(const struct fake *fake, const struct emul_fault *fault, enum err err,
                         const struct emul_outcome *out)
{
    bool is_store = fault->cause == EMUL_FAULT_STORE;
    unsigned accesses = fake->read_count + fake->write_count;

    if (accesses != 0u) {
        ck_assert_uint_eq(accesses, 1);
        ck_assert_uint_eq(is_store ? fake->write_count : fake->read_count, 1);
        ck_assert_uint_eq(fake->gpa, fault->gpa);
        ck_assert(fake->width_bytes == 1 || fake->width_bytes == 2 || fake->width_bytes == 4 ||
                  fake->width_bytes == 8);
        ck_assert_uint_eq(fake->gpa % fake->width_bytes, 0);
    }
    if (err != OK) {
        ck_assert_int_eq(err, ERR_AGAIN);
        ck_assert_uint_eq(accesses, 0);
    } else if (out->kind == EMUL_TRAP) {
        ck_assert_uint_eq(accesses, 0);
        ck_assert_uint_eq(out->cause, is_store ? EMUL_TRAP_STORE_ACCESS : EMUL_TRAP_LOAD_ACCESS);
        ck_assert_uint_eq(out->tval, fault->gva);
    } else {
        ck_assert_uint_eq(accesses, 1);
        ck_assert(out->pc_delta_bytes == 2 || out->pc_delta_bytes == 4);
        ck_assert(!(is_store && out->has_reg));
        ck_assert_uint_lt(out->reg, 32);
        ck_assert(out->is_fp || !out->has_reg || out->reg != 0);
    }
}

START_TEST(test_emul_access_arbitrary_bits_sound_outcome)
{
    /* Any instruction, htinst, registers and addresses give a sound outcome. */
    uint64_t seed = UINT64_C(0x9e3779b97f4a7c15);
    unsigned advanced = 0, trapped = 0, again = 0;

    for (unsigned i = 0; i < 60000; i++) {
        struct fake fake = fake_new();
        uint32_t insn = (uint32_t)next_random(&seed);
        uint64_t cause = (i & 1u) != 0u ? EMUL_FAULT_LOAD : EMUL_FAULT_STORE;
        struct emul_fault fault = fault_fetched(cause, insn, next_random(&seed) & 0xfff);
        struct emul_outcome out = {0};
        struct rvdec_insn decoded;
        enum err err;

        for (unsigned reg = 0; reg < 32; reg++)
            fake.x[reg] = next_random(&seed);
        if ((i & 2u) != 0u) /* half: a legal opcode, and the address it computes */
            fault.insn = (insn & ~0x7fu) | (cause == EMUL_FAULT_LOAD ? 0x03u : 0x23u);
        if ((i & 4u) != 0u && rvdec_decode(fault.insn, &decoded) == OK)
            fake.x[decoded.rs1] = fault.gva - (uint64_t)(int64_t)decoded.offset;
        if ((i & 8u) != 0u)
            fault.htinst = insn & 0xffffff7fu;
        err = fake_run(&fake, &fault, &out);
        assert_sound(&fake, &fault, err, &out);
        again += err != OK;
        advanced += err == OK && out.kind == EMUL_ADVANCE;
        trapped += err == OK && out.kind == EMUL_TRAP;
    }
    ck_assert_uint_gt(advanced, 1000);
    ck_assert_uint_gt(trapped, 1000);
    ck_assert_uint_gt(again, 1000);
}
END_TEST

TCase *emul_refused_tcase(void)
{
    TCase *tcase = tcase_create("refused");

    tcase_set_timeout(tcase, 30);
    tcase_add_test(tcase, test_emul_access_fetch_from_device_is_fetch_access_fault);
    tcase_add_test(tcase, test_emul_access_atomic_on_device_is_access_fault);
    tcase_add_test(tcase, test_emul_access_cache_operation_on_device_is_store_access_fault);
    tcase_add_test(tcase, test_emul_access_vector_on_device_is_access_fault);
    tcase_add_test(tcase, test_emul_access_sixteen_bytes_is_access_fault);
    tcase_add_test(tcase, test_emul_access_misaligned_is_access_fault);
    tcase_add_test(tcase, test_emul_access_reaching_in_from_ram_is_access_fault_at_device);
    tcase_add_test(tcase, test_emul_access_page_table_in_device_is_access_fault);
    tcase_add_test(tcase, test_emul_access_unknown_instruction_is_access_fault);
    tcase_add_test(tcase, test_emul_access_not_fetched_is_access_fault);
    tcase_add_test(tcase, test_emul_access_htinst_of_other_kind_is_access_fault);
    tcase_add_test(tcase, test_emul_access_bus_refusal_is_access_fault);
    tcase_add_test(tcase, test_emul_access_bus_trouble_is_passed_on);
    tcase_add_test(tcase, test_emul_access_fp_register_unreadable_is_passed_on);
    tcase_add_test(tcase, test_emul_access_instruction_changed_kind_again);
    tcase_add_test(tcase, test_emul_access_instruction_changed_address_again);
    tcase_add_test(tcase, test_emul_access_other_cause_invalid);
    tcase_add_test(tcase, test_emul_access_arbitrary_bits_sound_outcome);
    return tcase;
}
