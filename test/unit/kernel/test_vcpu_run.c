/* SPDX-License-Identifier: BSD-2-Clause */
/* vcpu_run: entries, exits, their numbers, and kicks. */
#include "suites.h"
#include "vcpu_world.h"

/* ---- exits and their numbers ------------------------------------------------------- */

START_TEST(test_run_first_entry_loads_guest)
{
    /* The first entry loads GSpace, CSRs and FP registers, and fences the VMID. */
    vw_enter();
    ck_assert_uint_eq(fake_event_count_of(FAKE_GSPACE_LOAD), 1);
    ck_assert_uint_eq(fake_event_count_of(FAKE_VCPU_LOAD), 1);
    ck_assert_uint_eq(fake_event_count_of(FAKE_GUEST_FENCE_VVMA), 1);
    ck_assert_uint_eq(fake_event_count_of(FAKE_FP_LOAD), 1);
    ck_assert(fake.is_fp_allowed);
    ck_assert_ptr_eq(fake.entered_vcpu, &vw.vcpu->regs);
}
END_TEST

START_TEST(test_run_exit_and_entry_move_no_register)
{
    /* Exit and re-entry of the same guest load, save and fence nothing, and keep the spaces. */
    vw_enter();
    vw_exit_ecall();
    ck_assert_int_eq(fake_leave(&hart), FAKE_LEFT_USER);
    fake_log_clear();
    vw_enter();
    vw_exit_ecall();
    ck_assert_int_eq(fake_leave(&hart), FAKE_LEFT_USER);
    const enum fake_event_kind none[] = {
        FAKE_VSPACE_LOAD, FAKE_GSPACE_LOAD, FAKE_VCPU_SAVE,        FAKE_VCPU_LOAD,
        FAKE_FP_SAVE,     FAKE_FP_LOAD,     FAKE_GUEST_FENCE_VVMA, FAKE_GUEST_FENCE_I,
        FAKE_HVIP,        FAKE_TIMER_ARM,
    };
    for (uint32_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        ck_assert_uint_eq(fake_event_count_of(none[i]), 0);
}
END_TEST

START_TEST(test_run_two_guests_swap_everything)
{
    /* Guests that take turns each find their own CSRs and FP registers. */
    struct vcpu_set other = vw_second();

    vw_enter();
    fake.vs.vsscratch = 1;
    fake.vs.vsatp = 0x8000000000080000;
    fake_fp_write(5, 1);
    vw_exit_ecall();
    vw_run_of(&other, 0);
    ck_assert_int_eq(fake_leave(&hart), FAKE_LEFT_GUEST);
    ck_assert_ptr_eq(fake.entered_page, other.page);
    ck_assert_uint_eq(fake.vs.vsscratch, 0);
    ck_assert_uint_eq(fake.fp.f[5], 0);
    ck_assert_uint_eq(fake.vs.vsatp, 0);
    fake.vs.vsscratch = 2;
    fake_fp_write(5, 2);
    vw_enter();
    ck_assert_uint_eq(fake.vs.vsscratch, 1);
    ck_assert_uint_eq(fake.vs.vsatp, 0x8000000000080000);
    ck_assert_uint_eq(fake.fp.f[5], 1);
    ck_assert_uint_eq(fake_event_count_of(FAKE_GSPACE_LOAD), 3);
}
END_TEST

START_TEST(test_run_two_vcpus_of_one_guest_fence_each_other)
{
    /* A hart's ASIDs are per vCPU: entry after another vCPU of the same GSpace does a fence. */
    struct vcpu_set other = vw_second();

    ck_assert_int_eq(world_invoke(vw.manager, other.vcpu_slot, METHOD_VCPU_BIND, other.vmm_slot,
                                  vw.gspace_slot, other.page_slot, 0),
                     OK);
    vw_enter();
    vw_exit_ecall();
    for (uint64_t i = 0; i < 3; i++) {
        fake_log_clear();
        vw_run_of(&other, 0);
        ck_assert_int_eq(fake_leave(&hart), FAKE_LEFT_GUEST);
        ck_assert_uint_eq(fake_event_count_of(FAKE_GUEST_FENCE_VVMA), 1);
        ck_assert_uint_eq(fake_event_count_of(FAKE_GUEST_FENCE_I), 1);
        vw_enter();
        ck_assert_uint_eq(fake_event_count_of(FAKE_GUEST_FENCE_VVMA), 2);
        ck_assert_uint_eq(fake_event_count_of(FAKE_GSPACE_LOAD), 0);
        vw_exit_ecall();
    }
}
END_TEST

START_TEST(test_run_guests_that_share_a_vmid_fence_each_other)
{
    /* On a hart with few VMIDs every switch between guests does a fence of the VMID. */
    struct vcpu_set other = vw_second();

    fake.gspace_ids = 1;
    for (uint64_t i = 0; i < 3; i++) {
        fake_log_clear();
        vw_enter();
        vw_exit_ecall();
        vw_enter();
        ck_assert_uint_eq(fake_event_count_of(FAKE_GUEST_FENCE_VVMA), 1);
        vw_exit_ecall();
        vw_run_of(&other, 0);
        ck_assert_int_eq(fake_leave(&hart), FAKE_LEFT_GUEST);
        ck_assert_uint_eq(fake_event_count_of(FAKE_GUEST_FENCE_VVMA), 2);
    }
}
END_TEST

START_TEST(test_run_ecall_is_recorded)
{
    /* The record names reason, cause, pc and mode; the number is 1 at first. */
    vw.page->pc = 0x80200000;
    vw_enter();
    vw_exit_ecall();
    ck_assert_int_eq(world_result(vw.vmm), OK);
    ck_assert_uint_eq(vw_reason(), VCPU_EXIT_ECALL);
    ck_assert_uint_eq(vw_seq(), 1);
    ck_assert_uint_eq(vw.page->exit.seq, 1);
    ck_assert_uint_eq(vw.page->exit.reason, VCPU_EXIT_ECALL);
    ck_assert_uint_eq(vw.page->exit.cause, 10);
    ck_assert_uint_eq(vw.page->exit.pc, 0x80200000);
    ck_assert_uint_eq(vw.page->exit.mode, 1);
    ck_assert_uint_eq(vw.page->exit.insn_valid, 0);
    ck_assert_uint_eq(fake_event_count_of(FAKE_GUEST_FETCH), 0);
}
END_TEST

START_TEST(test_run_exit_stays_until_its_number_is_done)
{
    /* vcpu_run accepts the latest number alone; then the record is void, and the next exit is 2. */
    vw_enter();
    vw_exit_ecall();
    ck_assert_int_eq(vw_run(0), ERR_STATE);
    ck_assert_int_eq(vw_run(2), ERR_STATE);
    vw.page->exit.seq = 99;
    ck_assert_int_eq(vw_run(UINT64_MAX), ERR_STATE);
    ck_assert_uint_eq(vw.page->exit.seq, 1);
    ck_assert_uint_eq(vw.page->exit.reason, VCPU_EXIT_ECALL);
    vw_run(1);
    vw_ck_in_guest(fake_leave(&hart));
    ck_assert_uint_eq(vw.page->exit.reason, VCPU_EXIT_NONE);
    vw_exit_ecall();
    ck_assert_uint_eq(vw_seq(), 2);
}
END_TEST

START_TEST(test_run_errors)
{
    /* STATE: not bound; BUSY: bound to another thread; NO_RIGHT; INVALID_CAP. */
    uint32_t fresh = world_make(OBJ_VCPU, VCPU_BITS_MIN);
    uint32_t weak = world_copy(vw.vcpu_slot, RIGHT_READ | RIGHT_WRITE, 0);

    ck_assert_int_eq(world_call(vw.vmm, CALL_VCPU_RUN, fresh, 0), ERR_STATE);
    ck_assert_int_eq(world_call(vw.manager, CALL_VCPU_RUN, vw.vcpu_slot, 0), ERR_BUSY);
    ck_assert_int_eq(world_call(vw.vmm, CALL_VCPU_RUN, weak, 0), ERR_NO_RIGHT);
    ck_assert_int_eq(world_call(vw.vmm, CALL_VCPU_RUN, vw.vmm_slot, 0), ERR_INVALID_CAP);
}
END_TEST

struct exit_case {
    uint64_t cause, htval, stval, htinst, gpa;
    enum vcpu_exit reason;
    bool is_fetched;
};

START_TEST(test_run_exits_by_cause)
{
    /* Every cause has its reason; the kernel fetches an instruction that the hart did not give. */
    const struct exit_case cases[] = {
        { 21, 0x4000000, 0xffff0003, 0x1235, 0x10000003, VCPU_EXIT_LOAD, false },
        { 21, 0x4000000, 0xffff0001, 0, 0x10000001, VCPU_EXIT_LOAD, true },
        { 23, 0x4000000, 0xffff0000, 0, 0x10000000, VCPU_EXIT_STORE, true },
        { 21, 0x4000000, 0xffff0003, 0x2000, 0x10000000, VCPU_EXIT_LOAD, false },
        { 23, 0x4000000, 0xffff0001, 0x3020, 0x10000000, VCPU_EXIT_STORE, false },
        { 20, 0x20, 0x82, 0, 0x82, VCPU_EXIT_FETCH, false },
        { 20, 0x20, 0x82, 0x3000, 0x80, VCPU_EXIT_FETCH, false },
        { 22, 0, 0xc0102573, 0, 0, VCPU_EXIT_VIRTUAL_INSN, false },
        { 22, 0, 0, 0, 0, VCPU_EXIT_VIRTUAL_INSN, true },
        { 2, 0, 0x1111, 0, 0, VCPU_EXIT_OTHER, false },
        { 63, 0, 0, 0, 0, VCPU_EXIT_OTHER, false },
    };

    fake.fetch_insn = 0x00052503;
    for (uint32_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct exit_case *one = &cases[i];
        fake_log_clear();
        vw_enter();
        vw_exit(&(struct guest_trap){ .scause = one->cause,
                                      .stval = one->stval,
                                      .htval = one->htval,
                                      .htinst = one->htinst });
        ck_assert_uint_eq(vw_reason(), one->reason);
        ck_assert_uint_eq(vw.page->exit.reason, one->reason);
        ck_assert_uint_eq(vw.page->exit.cause, one->cause);
        ck_assert_uint_eq(vw.page->exit.tval, one->stval);
        ck_assert_uint_eq(vw.page->exit.gpa, one->gpa);
        ck_assert_uint_eq(vw.page->exit.htinst, one->htinst);
        ck_assert_uint_eq(vw.page->exit.insn_valid, one->is_fetched);
        ck_assert_uint_eq(vw.page->exit.insn, one->is_fetched ? 0x00052503 : 0);
        ck_assert_uint_eq(vw.page->exit.mode, 0);
        ck_assert_uint_eq(fake_event_count_of(FAKE_GUEST_FETCH), one->is_fetched);
    }
}
END_TEST

START_TEST(test_run_fetch_that_faults_resumes_guest)
{
    /* If the fetch of the instruction fails, the guest executes the instruction again. */
    fake.fetch_err = ERR_RANGE;
    vw.page->pc = 0x500;
    vw_enter();
    vw_exit(&(struct guest_trap){ .scause = 21, .from_vs = true });
    vw_ck_in_guest(fake_leave(&hart));
    ck_assert_uint_eq(vw.page->pc, 0x500);
    ck_assert_uint_eq(vw.vcpu->seq, 0);
}
END_TEST

START_TEST(test_run_interrupt_of_machine_resumes_guest)
{
    /* A trap that the kernel handles is no exit: the guest runs on, after higher priorities. */
    struct thread *high = world_thread_at(world_thread(9));
    uint32_t word = world_make(OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN);

    world_call(high, CALL_WAIT, word, fake.now + 50);
    vw_enter();
    ck_assert_uint_eq(fake.timer_deadline, fake.now + 50);
    fake.now += 50;
    timer_expire(&hart);
    ck_assert_int_eq(fake_leave(&hart), FAKE_LEFT_USER);
    ck_assert_ptr_eq(hart.current, high);
    world_call(high, CALL_WAIT, word, UINT64_MAX);
    vw_ck_in_guest(fake_leave(&hart));
    ck_assert_uint_eq(vw.vcpu->seq, 0);
}
END_TEST

/* ---- kicks -------------------------------------------------------------------------- */

START_TEST(test_run_pending_notification_returns_none)
{
    /* If bits are already set: no entry, reason NONE, and the bits stay. */
    vw_signal();
    vw_run(0);
    ck_assert_int_eq(fake_leave(&hart), FAKE_LEFT_USER);
    ck_assert_int_eq(world_result(vw.vmm), OK);
    ck_assert_uint_eq(vw_reason(), VCPU_EXIT_NONE);
    ck_assert_uint_eq(vw_seq(), 0);
    ck_assert_uint_eq(vw.word->word, 1);
    ck_assert_uint_eq(fake_event_count_of(FAKE_ENTER_GUEST), 0);
}
END_TEST

START_TEST(test_run_signal_while_running_returns_none)
{
    /* A signal while the guest runs ends vcpu_run at the next trap; the number stays. */
    vw_enter();
    vw_exit_ecall();
    vw_enter();
    vw_signal();
    ck_assert_int_eq(fake_leave(&hart), FAKE_LEFT_USER);
    ck_assert_uint_eq(vw_reason(), VCPU_EXIT_NONE);
    ck_assert_uint_eq(vw_seq(), 1);
    notification_take(vw.word);
    vw_run(1);
    vw_ck_in_guest(fake_leave(&hart));
}
END_TEST

START_TEST(test_run_signal_in_wfi_returns_none)
{
    /* A signal ends vcpu_run in WFI too; the guest's next entry does not wait again. */
    vw.page->pc = 0x100;
    vw_enter();
    vw_wfi_with_deadline();
    vw_ck_blocked_in_wfi();
    vw_signal();
    ck_assert_uint_eq(timer_earliest(&hart.timers), TIMER_NEVER);
    ck_assert_int_eq(fake_leave(&hart), FAKE_LEFT_USER);
    ck_assert_ptr_eq(hart.current, vw.vmm);
    ck_assert_uint_eq(vw_reason(), VCPU_EXIT_NONE);
    notification_take(vw.word);
    vw_run(0);
    vw_ck_in_guest(fake_leave(&hart));
    ck_assert_uint_eq(vw.page->pc, 0x104);
}
END_TEST

START_TEST(test_run_suspended_thread_returns_none)
{
    /* Suspending a VMM's thread ends vcpu_run with NONE: the VCpu can be managed, and run later. */
    vw_enter();
    thread_suspend(vw.vmm);
    ck_assert(!vcpu_is_running(vw.vcpu));
    ck_assert_int_eq(thread_resume(vw.vmm), OK);
    ck_assert_int_eq(world_result(vw.vmm), OK);
    ck_assert_uint_eq(vw_reason(), VCPU_EXIT_NONE);
    vw_enter();
    vw_wfi_with_deadline();
    thread_suspend(vw.vmm);
    ck_assert_int_eq(vw.vmm->state, THREAD_SUSPENDED);
    ck_assert_uint_eq(timer_earliest(&hart.timers), TIMER_NEVER);
}
END_TEST

TCase *vcpu_run_cases(void)
{
    TCase *cases = tcase_create("vcpu-run");

    tcase_add_checked_fixture(cases, world_setup, NULL);
    tcase_add_checked_fixture(cases, vw_setup, NULL);
    tcase_add_test(cases, test_run_first_entry_loads_guest);
    tcase_add_test(cases, test_run_exit_and_entry_move_no_register);
    tcase_add_test(cases, test_run_two_guests_swap_everything);
    tcase_add_test(cases, test_run_two_vcpus_of_one_guest_fence_each_other);
    tcase_add_test(cases, test_run_guests_that_share_a_vmid_fence_each_other);
    tcase_add_test(cases, test_run_ecall_is_recorded);
    tcase_add_test(cases, test_run_exit_stays_until_its_number_is_done);
    tcase_add_test(cases, test_run_errors);
    tcase_add_test(cases, test_run_exits_by_cause);
    tcase_add_test(cases, test_run_fetch_that_faults_resumes_guest);
    tcase_add_test(cases, test_run_interrupt_of_machine_resumes_guest);
    tcase_add_test(cases, test_run_pending_notification_returns_none);
    tcase_add_test(cases, test_run_signal_while_running_returns_none);
    tcase_add_test(cases, test_run_signal_in_wfi_returns_none);
    tcase_add_test(cases, test_run_suspended_thread_returns_none);
    return cases;
}
