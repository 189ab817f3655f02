/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include <vmm/sbi/sbi.h>
#include <vmm/vcpu/exit.h>

#include <test/fakes/vmm_fake.h>
#include "suites.h"

#define PC               UINT64_C(0x80201000)
#define UART             UINT64_C(0x10000000)

/* Transformed instructions for htinst: rd or rs2 is a0. */
#define HTINST_LBU_A0    0x00004503u
#define HTINST_LD_A0     0x00003503u
#define HTINST_SB_A0     0x00a00023u
#define HTINST_FLD_FA0   0x00003507u
#define HTINST_FSW_FA0   0x00a02027u
#define HTINST_PTE_READ  0x00003000u
#define HTINST_PTE_WRITE 0x00003020u

static void exit_set(struct vmm_fake *fake, struct vcpu_exit_record record)
{
    record.seq = fake->page[0].exit.seq + 1;
    record.pc = PC;
    record.mode = 1;
    fake->page[0].pc = PC;
    fake->page[0].exit = record;
    fake_calls_clear(fake);
}

/* Handles the exit and applies its outcome, as the loop does. */
static enum exit_next answer(struct vmm_fake *fake)
{
    enum exit_next next = EXIT_RESUME;
    ck_assert_int_eq(exit_handle(&fake->machine, 0, &next), OK);
    if (next == EXIT_RESUME) {
        ck_assert_int_eq(exit_apply(&fake->machine, 0), OK);
        ck_assert_uint_eq(fake->page[0].exit.reason, VCPU_EXIT_NONE);
    }
    fake_settle(fake, 0);
    return next;
}

static void ecall(struct vmm_fake *fake, uint64_t eid, uint64_t fid, uint64_t a0, uint64_t a1,
                  uint64_t a2)
{
    uint64_t *x = fake->page[0].x;
    x[17] = eid, x[16] = fid, x[10] = a0, x[11] = a1, x[12] = a2;
    exit_set(fake, (struct vcpu_exit_record){.reason = VCPU_EXIT_ECALL, .cause = 10});
}

static void ck_injected(const struct vmm_fake *fake, uint64_t cause, uint64_t tval)
{
    struct fake_call call;
    ck_assert_uint_eq(fake_calls(fake, FAKE_INJECT, &call), 1);
    ck_assert_uint_eq(call.arg[0], cause);
    ck_assert_uint_eq(call.arg[1], tval);
}

START_TEST(test_exit_ecall_returns_error_and_value)
{
    /* A call writes a0 and a1, keeps every other register, and pc moves on. */
    struct vmm_fake *fake = fake_new(1);
    uint64_t before[32];

    for (uint32_t i = 1; i < 32; i++)
        fake->page[0].x[i] = i * 0x1111;
    ecall(fake, SBI_EID_BASE, 0, 1, 2, 3);
    memcpy(before, fake->page[0].x, sizeof before);
    ck_assert_int_eq(answer(fake), EXIT_RESUME);
    before[10] = 0, before[11] = SBI_SPEC_VERSION;
    ck_assert_mem_eq(fake->page[0].x, before, sizeof before);
    ck_assert_uint_eq(fake->page[0].pc, PC + 4);
    fake_free(fake);
}
END_TEST

START_TEST(test_exit_ecall_legacy_keeps_a1)
{
    /* Legacy calls return in a0 alone. */
    struct vmm_fake *fake = fake_new(1);
    ecall(fake, 2, 99, 5, 77, 0);
    answer(fake);
    ck_assert_uint_eq(fake->page[0].x[10], UINT64_MAX);
    ck_assert_uint_eq(fake->page[0].x[11], 77);
    fake_free(fake);
}
END_TEST

START_TEST(test_exit_ecall_numbers_are_whole_registers)
{
    /* Extension and function numbers keep bits above bit 31, and so name no extension. */
    struct vmm_fake *fake = fake_new(1);
    const uint64_t above = UINT64_C(1) << 32;

    for (uint64_t i = 0; i < 4; i++) {
        ecall(fake, SBI_EID_BASE | (i & 1 ? above : 0), i & 2 ? above : 0, 0, 0, 0);
        ck_assert_int_eq(answer(fake), EXIT_RESUME);
        ck_assert_int_eq((int64_t)fake->page[0].x[10],
                         i == 0 ? SBI_SUCCESS : SBI_ERR_NOT_SUPPORTED);
    }
    fake_free(fake);
}
END_TEST

START_TEST(test_exit_ecall_any_registers_are_answered)
{
    /* For any register values a call has an answer, and the VMM goes on. */
    static const uint32_t eids[] = {0,
                                    1,
                                    2,
                                    3,
                                    4,
                                    5,
                                    6,
                                    7,
                                    9,
                                    SBI_EID_BASE,
                                    SBI_EID_TIME,
                                    SBI_EID_IPI,
                                    SBI_EID_RFENCE,
                                    SBI_EID_HSM,
                                    SBI_EID_DBCN,
                                    0x12345678};
    static const uint64_t odd[] = {0, 1, UINT64_MAX, UINT64_C(1) << 63, 0x80000000, 0x80ffffff, 3};
    const size_t odd_count = sizeof odd / sizeof odd[0];
    struct vmm_fake *fake = fake_new(1);

    for (size_t e = 0; e < sizeof eids / sizeof eids[0]; e++)
        for (uint64_t fid = 0; fid < 8; fid++)
            for (size_t i = 0; i < odd_count * odd_count * odd_count; i++) {
                ecall(fake, eids[e], fid, odd[i % odd_count], odd[i / odd_count % odd_count],
                      odd[i / odd_count / odd_count]);
                fake->machine.state->hart[0].status = HART_STARTED;
                fake->out_limit = fake->out_position + 16;
                if (fake->out_limit > FAKE_CONSOLE_BYTES - 16)
                    fake->out_position = fake->machine.text.state->out_position = 0;
                ck_assert_int_eq(answer(fake), EXIT_RESUME);
                fake->page[0].irq = 0;
            }
    ck_assert(!log_is_open(&fake->machine.log));
    fake_free(fake);
}
END_TEST

START_TEST(test_exit_ecall_timer_reaches_the_vcpu)
{
    /* The deadline is set after the commit, on the calling hart. */
    struct vmm_fake *fake = fake_new(1);

    fake->page[0].irq = VCPU_IRQ_TIMER;
    ecall(fake, SBI_EID_TIME, 0, 4242, 0, 0);
    answer(fake);
    ck_assert_uint_eq(fake->page[0].timer, 4242);
    ck_assert_uint_eq(fake->page[0].irq, VCPU_IRQ_TIMER | VCPU_IRQ_TIMER_SET);
    fake_free(fake);
}
END_TEST

START_TEST(test_exit_ecall_ipi_sets_bits_and_kicks_others)
{
    /* Every target hart gets its bit; every target but the caller is kicked out of the guest. */
    struct vmm_fake *fake = fake_new(3);
    struct fake_call call;

    ecall(fake, SBI_EID_IPI, 0, 5, 0, 0);
    answer(fake);
    ck_assert_uint_eq(fake->page[0].irq, VCPU_IRQ_SOFT_SET);
    ck_assert_uint_eq(fake->page[1].irq, 0);
    ck_assert_uint_eq(fake->page[2].irq, VCPU_IRQ_SOFT_SET);
    ck_assert_uint_eq(fake_calls(fake, FAKE_KICK, &call), 1);
    ck_assert_uint_eq(call.hart, 2);
    ecall(fake, 3, 0, 0, 0, 0);
    answer(fake);
    ck_assert_uint_eq(fake->page[0].x[10], 1);
    ck_assert_uint_eq(fake->page[0].irq, VCPU_IRQ_SOFT_CLEAR);
    fake_free(fake);
}
END_TEST

START_TEST(test_exit_ecall_console_output_follows_the_commit)
{
    /* DBCN output comes from guest memory, in order with what the UART sends. */
    struct vmm_fake *fake = fake_new(1);

    memcpy(fake->ram + 64, "Hello", 5);
    ecall(fake, SBI_EID_DBCN, 0, 5, GUEST_RAM_GPA + 64, 0);
    answer(fake);
    ck_assert_uint_eq(fake->page[0].x[11], 5);
    fake_put(fake, UART, 1, '!');
    ecall(fake, 1, 0, '\n', 0, 0);
    answer(fake);
    ck_assert_uint_eq(fake->out_position, 7);
    ck_assert_mem_eq(fake->out, "Hello!\n", 7);
    fake_free(fake);
}
END_TEST

START_TEST(test_exit_ecall_that_waits_changes_nothing)
{
    /* A blocking call without room leaves the exit pending, and succeeds when made again. */
    struct vmm_fake *fake = fake_new(1);

    fake->out_limit = 0;
    ecall(fake, SBI_EID_DBCN, 2, 'w', 9, 0);
    ck_assert_int_eq(answer(fake), EXIT_WAIT);
    ck_assert_uint_eq(fake->page[0].pc, PC);
    ck_assert_uint_eq(fake->page[0].x[11], 9);
    ck_assert_uint_eq(fake->page[0].exit.reason, VCPU_EXIT_ECALL);
    ck_assert(!log_is_open(&fake->machine.log));
    fake->out_limit = 1;
    ck_assert_int_eq(answer(fake), EXIT_RESUME);
    ck_assert_uint_eq(fake->page[0].pc, PC + 4);
    ck_assert_mem_eq(fake->out, "w", 1);
    fake_free(fake);
}
END_TEST

START_TEST(test_exit_ecall_bad_legacy_pointer_is_a_fault_at_the_ecall)
{
    /* A fault during a call has the ecall's pc: pc does not move. */
    struct vmm_fake *fake = fake_new(1);

    fake->csr[VCPU_REG_CSR(0x105)] = 0x80300000;
    ecall(fake, 4, 0, 0x40, 0, 0);
    answer(fake);
    ck_injected(fake, 5, 0x40);
    ck_assert_uint_eq(fake->page[0].pc, 0x80300000);
    fake_free(fake);
}
END_TEST

static void access_set(struct vmm_fake *fake, bool is_store, uint64_t gpa, uint64_t htinst)
{
    exit_set(fake, (struct vcpu_exit_record){
                       .reason = is_store ? VCPU_EXIT_STORE : VCPU_EXIT_LOAD,
                       .cause = is_store ? 23 : 21,
                       .gpa = gpa,
                       .tval = gpa | UINT64_C(0xffffffc000000000),
                       .htinst = htinst,
                   });
}

START_TEST(test_exit_load_and_store_reach_the_device)
{
    /* A load fills its register, a store goes out; both move pc by the instruction's length. */
    struct vmm_fake *fake = fake_new(1);

    access_set(fake, false, UART + 5, HTINST_LBU_A0);
    answer(fake);
    ck_assert_uint_eq(fake->page[0].x[10], 0x60);
    ck_assert_uint_eq(fake->page[0].pc, PC + 4);
    fake->page[0].x[10] = 'Q';
    access_set(fake, true, UART, HTINST_SB_A0 & ~2u); /* bit 1 clear: a compressed one */
    answer(fake);
    ck_assert_uint_eq(fake->page[0].pc, PC + 2);
    ck_assert_mem_eq(fake->out, "Q", 1);
    fake_free(fake);
}
END_TEST

/* Compares the results of an access: the registers, the pc, and the injected trap. */
static void ck_same_answer(struct vmm_fake *one, struct vmm_fake *other, uint64_t length_bytes)
{
    struct fake_call a = {0}, b = {0};
    uint32_t injected = fake_calls(one, FAKE_INJECT, &a);

    ck_assert_uint_eq(injected, fake_calls(other, FAKE_INJECT, &b));
    ck_assert_mem_eq(&a, &b, sizeof a);
    ck_assert_mem_eq(one->page[0].x, other->page[0].x, sizeof one->page[0].x);
    /* The fetched instruction always has 4 bytes. */
    if (injected == 0)
        ck_assert_uint_eq(one->page[0].pc - length_bytes, other->page[0].pc - 4);
}

START_TEST(test_exit_access_by_htinst_is_that_by_the_instruction)
{
    /* For each width, sign, register and length of the base ISA, aligned or not, in two devices:
     * htinst gives the same answer as the fetched instruction, which takes the slow path. */
    static const uint64_t places[] = {UART + 3, UART + 7, 0xc000028, 0xc00002a, 0x9000000};
    struct vmm_fake *fast = fake_new(1), *slow = fake_new(1);

    for (uint32_t i = 0; i < 5 * 8 * 2 * 2 * 2; i++) {
        uint64_t gpa = places[i % 5];
        uint32_t funct3 = i / 5 % 8, reg = i / 40 % 2 ? 10 : 0, is_fast = i / 80 % 2;
        bool is_store = i / 160 % 2;
        uint32_t fields = funct3 << 12 | (is_store ? 0x23 | reg << 20 : 0x03 | reg << 7);
        fast->page[0].x[10] = slow->page[0].x[10] = UINT64_C(0x8182838485868788) + i;
        fast->page[0].x[11] = slow->page[0].x[11] = gpa;
        access_set(fast, is_store, gpa, fields & ~(is_fast ? 2u : 0));
        access_set(slow, is_store, gpa, 0);
        slow->page[0].exit.insn = fields | 11 << 15;
        slow->page[0].exit.insn_valid = 1;
        ck_assert_int_eq(answer(fast), EXIT_RESUME);
        ck_assert_int_eq(answer(slow), EXIT_RESUME);
        ck_same_answer(fast, slow, is_fast ? 2 : 4);
    }
    ck_assert_uint_eq(fake_get(fast, UART + 7, 1), fake_get(slow, UART + 7, 1));
    fake_free(fast);
    fake_free(slow);
}
END_TEST

START_TEST(test_exit_store_to_uart_goes_out_after_the_commit)
{
    /* A byte for the UART is part of the outcome: sent after the commit, once even if applied
     * twice, and kept in the FIFO while the console has no room. */
    struct vmm_fake *fake = fake_new(1);
    enum exit_next next;

    fake->page[0].x[10] = 'Q';
    access_set(fake, true, UART, HTINST_SB_A0);
    ck_assert_int_eq(exit_handle(&fake->machine, 0, &next), OK);
    ck_assert_uint_eq(fake->out_position, 0);
    ck_assert_int_eq(exit_apply(&fake->machine, 0), OK);
    fake->page[0].exit.reason = VCPU_EXIT_STORE;
    ck_assert_int_eq(exit_apply(&fake->machine, 0), OK);
    ck_assert_uint_eq(fake->out_position, 1);
    ck_assert_uint_eq(fake_get(fake, UART + 5, 1), 0x60);

    fake->out_limit = 1;
    access_set(fake, true, UART, HTINST_SB_A0);
    answer(fake);
    ck_assert_uint_eq(fake_get(fake, UART + 5, 1), 0);
    fake->out_limit = FAKE_CONSOLE_BYTES;
    fake_signal(fake, 0);
    ck_assert_uint_eq(fake_get(fake, UART + 5, 1), 0x60);
    ck_assert_mem_eq(fake->out, "QQ", 2);
    fake_free(fake);
}
END_TEST

START_TEST(test_exit_fetched_instruction_is_used_without_htinst)
{
    /* If htinst is 0, the VMM uses the instruction that the kernel fetched. */
    struct vmm_fake *fake = fake_new(1);

    fake->page[0].x[11] = UINT64_C(0xffffffc000000000) | (UART + 5);
    exit_set(fake, (struct vcpu_exit_record){.reason = VCPU_EXIT_LOAD,
                                             .cause = 21,
                                             .gpa = UART + 5,
                                             .tval = fake->page[0].x[11],
                                             .insn_valid = 1,
                                             .insn = 0x0005c503}); /* lbu a0, 0(a1) */
    answer(fake);
    ck_assert_uint_eq(fake->page[0].x[10], 0x60);
    fake_free(fake);
}
END_TEST

START_TEST(test_exit_access_nobody_answers_is_an_access_fault)
{
    /* Holes, widths, ends of devices, unknown instructions: cause 5 or 7, tval the address. */
    static const struct {
        uint64_t gpa, htinst;
    } rows[] = {
        {0, HTINST_LBU_A0},
        {0x200000, HTINST_LBU_A0},
        {UART + 8, HTINST_LBU_A0},
        {0xc000000, HTINST_LBU_A0},
        {0x80000000 - 8, HTINST_LD_A0},
        {0x101024, HTINST_LBU_A0},
        {UINT64_MAX >> 14, HTINST_LD_A0},
        {UART, 0},
        {UART, UINT64_MAX},
    };
    struct vmm_fake *fake = fake_new(1);

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (uint32_t is_store = 0; is_store < 2; is_store++) {
            access_set(fake, is_store, rows[i].gpa, rows[i].htinst | (is_store ? 0x20 : 0));
            uint64_t tval = fake->page[0].exit.tval;
            answer(fake);
            ck_injected(fake, is_store ? 7 : 5, tval);
        }
    ck_assert_uint_eq(fake->out_position, 0);
    fake_free(fake);
}
END_TEST

START_TEST(test_exit_page_table_access_faults_as_the_original_access)
{
    /* A page table in a device gives the access fault of the guest's own access, at its address. */
    struct vmm_fake *fake = fake_new(1);

    access_set(fake, false, UART, HTINST_PTE_READ);
    uint64_t tval = fake->page[0].exit.tval;
    answer(fake);
    ck_injected(fake, 5, tval);
    access_set(fake, true, UART, HTINST_PTE_WRITE);
    answer(fake);
    ck_injected(fake, 7, tval);
    access_set(fake, true, UART, HTINST_PTE_READ);
    answer(fake);
    ck_injected(fake, 7, tval);
    fake_free(fake);
}
END_TEST

START_TEST(test_exit_fp_load_writes_the_register_and_makes_fp_dirty)
{
    /* An FP load from a device fills f10 and sets sstatus.FS; an FP store reads it. */
    struct vmm_fake *fake = fake_new(1);

    fake->csr[VCPU_REG_CSR(0x100)] = UINT64_C(1) << 13 | 2;
    access_set(fake, false, UART, HTINST_FLD_FA0);
    answer(fake);
    ck_assert_uint_eq(fake->csr[VCPU_REG_FP(10)], 0);
    ck_assert_uint_eq(fake->csr[VCPU_REG_CSR(0x100)], UINT64_C(3) << 13 | 2);
    fake->csr[VCPU_REG_FP(10)] = UINT64_C(0xffffffff00000041);
    access_set(fake, true, UART, HTINST_FSW_FA0);
    answer(fake);
    ck_assert_mem_eq(fake->out, "A", 1);
    fake_free(fake);
}
END_TEST

START_TEST(test_exit_wrs_nto_ends_at_once)
{
    /* A wait of Zawrs may end at any time: the guest goes on after it, without a trap. */
    static const struct vcpu_exit_record rows[] = {
        {.reason = VCPU_EXIT_VIRTUAL_INSN, .cause = 22, .tval = 0x00d00073, .mode = 1},
        {.reason = VCPU_EXIT_VIRTUAL_INSN, .cause = 22, .insn_valid = 1, .insn = 0x00d00073},
    };
    struct vmm_fake *fake = fake_new(1);

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        exit_set(fake, rows[i]);
        uint64_t pc = fake->page[0].pc;
        answer(fake);
        ck_assert_uint_eq(fake->page[0].pc, pc + 4);
        ck_assert_uint_eq(fake_calls(fake, FAKE_INJECT, NULL), 0);
    }
    fake_free(fake);
}
END_TEST

START_TEST(test_exit_everything_else_is_reflected)
{
    /* Fetches outside RAM, virtual instructions, and undelegated exceptions are injected. */
    static const struct {
        struct vcpu_exit_record record;
        uint64_t cause, tval;
    } rows[] = {
        {{.reason = VCPU_EXIT_FETCH, .cause = 20, .tval = 0x1234}, 1, 0x1234},
        {{.reason = VCPU_EXIT_VIRTUAL_INSN, .cause = 22, .tval = 0xc0202573}, 2, 0xc0202573},
        {{.reason = VCPU_EXIT_VIRTUAL_INSN, .cause = 22, .insn_valid = 1, .insn = 0x10500073},
         2,
         0x10500073},
        {{.reason = VCPU_EXIT_OTHER, .cause = 2, .tval = 0xffffffff}, 2, 0xffffffff},
        {{.reason = VCPU_EXIT_OTHER, .cause = 3, .tval = 0x88}, 3, 0x88},
        {{.reason = VCPU_EXIT_OTHER, .cause = 15, .tval = 0x88}, 15, 0x88},
        {{.reason = VCPU_EXIT_OTHER, .cause = 14, .tval = 0x88}, 2, 0x88},
        {{.reason = VCPU_EXIT_OTHER, .cause = 11, .tval = 0x88}, 2, 0x88},
        {{.reason = VCPU_EXIT_OTHER, .cause = 63, .tval = 0}, 2, 0},
        {{.reason = VCPU_EXIT_OTHER, .cause = UINT64_MAX}, 2, 0},
        {{.reason = 99, .cause = 5, .tval = 7}, 5, 7},
        {{.reason = UINT32_MAX, .cause = 1000}, 2, 0},
    };
    struct vmm_fake *fake = fake_new(1);

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        exit_set(fake, rows[i].record);
        answer(fake);
        ck_injected(fake, rows[i].cause, rows[i].tval);
    }
    fake_free(fake);
}
END_TEST

START_TEST(test_exit_device_write_that_resets_the_machine_is_kept)
{
    /* A power request is state: the loop finds it after the commit. */
    struct vmm_fake *fake = fake_new(1);

    fake->page[0].x[10] = 0x7777;
    access_set(fake, true, 0x100000, 0x00a02023); /* sw a0 */
    answer(fake);
    ck_assert_uint_eq(fake->machine.state->power, DEV_POWER_REBOOT);
    fake_free(fake);
}
END_TEST

START_TEST(test_exit_refused_kernel_call_is_an_error)
{
    /* If the kernel refuses a call, the caller gets the error, and the exit stays pending. */
    struct vmm_fake *fake = fake_new(1);
    enum exit_next next;

    access_set(fake, true, UART, HTINST_FSW_FA0);
    fake->refusal = ERR_BUSY;
    ck_assert_int_eq(exit_handle(&fake->machine, 0, &next), ERR_BUSY);
    ck_assert(!log_is_open(&fake->machine.log));
    fake->refusal = OK;
    exit_set(fake, (struct vcpu_exit_record){.reason = VCPU_EXIT_FETCH, .cause = 20});
    ck_assert_int_eq(exit_handle(&fake->machine, 0, &next), OK);
    fake->refusal = ERR_BUSY;
    ck_assert_int_eq(exit_apply(&fake->machine, 0), ERR_BUSY);
    ck_assert_uint_eq(fake->page[0].exit.reason, VCPU_EXIT_FETCH);
    fake_free(fake);
}
END_TEST

TCase *exit_tcase(void)
{
    TCase *tcase = tcase_create("exit");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, test_exit_ecall_returns_error_and_value);
    tcase_add_test(tcase, test_exit_ecall_legacy_keeps_a1);
    tcase_add_test(tcase, test_exit_ecall_numbers_are_whole_registers);
    tcase_add_test(tcase, test_exit_ecall_any_registers_are_answered);
    tcase_add_test(tcase, test_exit_ecall_timer_reaches_the_vcpu);
    tcase_add_test(tcase, test_exit_ecall_ipi_sets_bits_and_kicks_others);
    tcase_add_test(tcase, test_exit_ecall_console_output_follows_the_commit);
    tcase_add_test(tcase, test_exit_ecall_that_waits_changes_nothing);
    tcase_add_test(tcase, test_exit_ecall_bad_legacy_pointer_is_a_fault_at_the_ecall);
    tcase_add_test(tcase, test_exit_load_and_store_reach_the_device);
    tcase_add_test(tcase, test_exit_access_by_htinst_is_that_by_the_instruction);
    tcase_add_test(tcase, test_exit_store_to_uart_goes_out_after_the_commit);
    tcase_add_test(tcase, test_exit_fetched_instruction_is_used_without_htinst);
    tcase_add_test(tcase, test_exit_access_nobody_answers_is_an_access_fault);
    tcase_add_test(tcase, test_exit_page_table_access_faults_as_the_original_access);
    tcase_add_test(tcase, test_exit_fp_load_writes_the_register_and_makes_fp_dirty);
    tcase_add_test(tcase, test_exit_wrs_nto_ends_at_once);
    tcase_add_test(tcase, test_exit_everything_else_is_reflected);
    tcase_add_test(tcase, test_exit_device_write_that_resets_the_machine_is_kept);
    tcase_add_test(tcase, test_exit_refused_kernel_call_is_an_error);
    return tcase;
}
