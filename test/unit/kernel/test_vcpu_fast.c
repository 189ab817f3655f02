/* SPDX-License-Identifier: BSD-2-Clause */
/* The fast path out of a guest and back has the effect of the slow path, or no effect. */
#include "suites.h"
#include "vcpu_world.h"

#include <string.h>

static struct guest_trap load_trap(void)
{
    return (struct guest_trap){ .scause = CAUSE_LOAD_GUEST,
                                .stval = 0xffff0003,
                                .htval = 0x4000000,
                                .htinst = 0x1235,
                                .from_vs = true };
}

/* Enters the guest by the slow path, from a VMM that has run. */
static void enter(void)
{
    vw_enter();
    vw_exit_ecall();
    ck_assert_int_eq(fake_leave(&hart), FAKE_LEFT_USER);
    vw_enter();
}

/* Leaves the guest by the fast path. */
static struct user_context *exit_fast(void)
{
    struct guest_trap trap = load_trap();

    ck_assert_ptr_eq(hart.resumable, vw.vcpu);
    return vcpu_exit_fast(&hart, &trap);
}

static struct vcpu_page *run_fast(void)
{
    return vcpu_run_fast(&hart, vw.vcpu_slot, vw.vcpu->seq, TIMER_NEVER);
}

START_TEST(test_fast_exit_records_what_the_long_one_does)
{
    /* For each of the three causes, record, number, results and state are as by the slow path. */
    const uint64_t causes[] = { CAUSE_ECALL_VS, CAUSE_LOAD_GUEST, CAUSE_STORE_GUEST };

    for (uint32_t i = 0; i < 6; i++) {
        struct guest_trap trap = load_trap();
        trap.scause = causes[i / 2];
        trap.from_vs = i % 2 != 0;
        vw.page->pc = 0x80200000 + i;
        enter();
        vw_exit(&trap);
        ck_assert_int_eq(fake_leave(&hart), FAKE_LEFT_USER);
        struct vcpu_page wanted = *vw.page;
        uint64_t wanted_reason = vw_reason(), wanted_seq = vw_seq();
        vw_enter();
        struct user_context *context = vcpu_exit_fast(&hart, &trap);
        wanted.exit.seq++;
        ck_assert_mem_eq(vw.page, &wanted, sizeof(wanted));
        ck_assert_ptr_eq(context, &vw.vmm->context);
        ck_assert_uint_eq(vw_reason(), wanted_reason);
        ck_assert_uint_eq(vw_seq(), wanted_seq + 1);
        ck_assert(!vcpu_is_running(vw.vcpu));
        ck_assert_ptr_eq(hart.current, vw.vmm);
    }
}
END_TEST

START_TEST(test_fast_exit_without_htinst_fetches_the_instruction)
{
    /* As on the slow path, the fetched instruction is in the record. */
    struct guest_trap trap = load_trap();

    trap.htinst = 0;
    fake.fetch_insn = 0x00052503;
    vw.page->pc = 0x80200004;
    enter();
    fake_log_clear();
    trap.scause = _i == 0 ? CAUSE_LOAD_GUEST : CAUSE_STORE_GUEST;
    ck_assert_ptr_eq(vcpu_exit_fetch(&hart, &trap), &vw.vmm->context);
    ck_assert_uint_eq(vw_reason(), _i == 0 ? VCPU_EXIT_LOAD : VCPU_EXIT_STORE);
    ck_assert_uint_eq(vw.page->exit.insn_valid, 1);
    ck_assert_uint_eq(vw.page->exit.insn, 0x00052503);
    ck_assert_uint_eq(vw.page->exit.gpa, 0x10000003);
    ck_assert_uint_eq(fake_event_last(FAKE_GUEST_FETCH)->word[0], 0x80200004);
}
END_TEST

START_TEST(test_fast_exit_whose_fetch_faults_resumes_guest)
{
    /* If the fetch fails, no exit is counted, and the guest executes the instruction again. */
    struct guest_trap trap = load_trap();

    trap.htinst = 0;
    fake.fetch_err = ERR_RANGE;
    enter();
    uint64_t seq = vw.vcpu->seq;
    ck_assert_ptr_null(vcpu_exit_fetch(&hart, &trap));
    ck_assert_uint_eq(vw.vcpu->seq, seq);
    ck_assert(vcpu_is_running(vw.vcpu));
    ck_assert_int_eq(fake_leave(&hart), FAKE_LEFT_GUEST);
    ck_assert_ptr_eq(fake.entered_page, vw.page);
}
END_TEST

START_TEST(test_fast_run_enters_and_asks_nothing_of_the_hart)
{
    /* The guest's registers come from the page, the exit is completed, and no event happens. */
    enter();
    for (uint32_t i = 0; i < 3; i++) {
        exit_fast();
        fake_log_clear();
        ck_assert_ptr_eq(run_fast(), vw.page);
        ck_assert_uint_eq(vw.page->exit.reason, VCPU_EXIT_NONE);
        ck_assert(vcpu_is_running(vw.vcpu));
        ck_assert_uint_eq(fake_event_count_of(FAKE_HVIP), 0);
    }
    vw_exit_ecall(); /* out of the guest by the slow path */
    ck_assert_uint_eq(vw_seq(), 5);
}
END_TEST

static void ck_refused(struct vcpu_page *page)
{
    ck_assert_ptr_null(page);
    ck_assert(!vcpu_is_running(vw.vcpu));
    ck_assert_uint_eq(vw.page->exit.reason, VCPU_EXIT_LOAD);
    ck_assert_uint_eq(fake_event_count_of(FAKE_HVIP), 0);
}

START_TEST(test_fast_run_refuses_what_the_dispatcher_must_judge)
{
    /* Other capability, number or deadline, no right, a kick, other interrupts: nothing changes. */
    uint32_t weak = world_copy(vw.vcpu_slot, RIGHT_READ | RIGHT_WRITE, 0);
    uint32_t other = vw_second().vcpu_slot;

    enter();
    exit_fast();
    fake_log_clear();
    const uint64_t wrong[] = { 0, weak, other, vw.vmm_slot, world_empty(), UINT64_MAX };
    for (uint32_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        ck_refused(vcpu_run_fast(&hart, wrong[i], 2, TIMER_NEVER));
    ck_refused(vcpu_run_fast(&hart, vw.vcpu_slot, 1, TIMER_NEVER));
    ck_refused(vcpu_run_fast(&hart, vw.vcpu_slot, 3, TIMER_NEVER));
    ck_refused(vcpu_run_fast(&hart, vw.vcpu_slot, 2, fake.now + 1));
    for (uint32_t bit = 0; bit < 64; bit++) {
        vw.page->irq = UINT64_C(1) << bit;
        ck_refused(run_fast());
    }
    vw.page->irq = 0;
    vw.word->word = 1;
    ck_refused(run_fast());
    vw.word->word = 0;
    ck_assert_ptr_nonnull(run_fast());
}
END_TEST

static struct vcpu_page *run_timer(void)
{
    return vcpu_run_timer(&hart, vw.vcpu_slot, vw.vcpu->seq, TIMER_NEVER);
}

START_TEST(test_fast_run_sets_a_timer_that_is_a_csr)
{
    /* With Sstc the page's timer is written to vstimecmp once; no other register changes. */
    vw.page->irq = UINT64_C(1) << 50; /* an undefined bit, which is kept */
    enter();
    exit_fast();
    fake_log_clear();
    vw.page->timer = 7000;
    vw.page->irq |= VCPU_IRQ_TIMER_SET;
    ck_refused(run_fast());
    ck_assert_ptr_eq(run_timer(), vw.page);
    ck_assert(vcpu_is_running(vw.vcpu));
    ck_assert_uint_eq(vw.page->exit.reason, VCPU_EXIT_NONE);
    ck_assert_uint_eq(fake.vs.vstimecmp, 7000);
    ck_assert_uint_eq(vw.page->irq, UINT64_C(1) << 50);
    ck_assert_uint_eq(fake_event_count(), 0);
    vw.page->timer = 8000; /* not asked for */
    vw_exit_ecall();
    ck_assert_int_eq(fake_leave(&hart), FAKE_LEFT_USER);
    vw_enter();
    ck_assert_uint_eq(fake.vs.vstimecmp, 7000);
}
END_TEST

START_TEST(test_fast_run_leaves_a_software_timer_to_the_slow_path)
{
    /* Without Sstc, or with more requests in the page, the slow path arms the hart's timer. */
    enter();
    exit_fast();
    fake_log_clear();
    vw.page->timer = 7000;
    vw.page->irq = VCPU_IRQ_TIMER_SET | VCPU_IRQ_SOFT_SET;
    ck_refused(run_timer());
    vw.page->irq = VCPU_IRQ_TIMER_SET;
    ck_refused(vcpu_run_timer(&hart, vw.vcpu_slot, vw.vcpu->seq + 1, TIMER_NEVER));
    fake.has_sstc = false;
    ck_refused(run_timer());
    ck_assert_uint_eq(vw.page->irq, VCPU_IRQ_TIMER_SET);
    vw_enter();
    ck_assert_uint_eq(fake.timer_deadline, 7000);
}
END_TEST

START_TEST(test_fast_path_is_forgotten_by_any_other)
{
    /* After any other work of the kernel the next vcpu_run takes the slow path. */
    enter();
    exit_fast();
    ck_assert_int_eq(fake_leave(&hart), FAKE_LEFT_USER); /* such as a spurious interrupt */
    ck_assert_ptr_null(hart.resumable);
    fake_log_clear();
    ck_refused(run_fast());
    vw_enter();
    vw_exit_wfi();
    vw_ck_blocked_in_wfi();
    ck_assert_ptr_null(hart.resumable);
}
END_TEST

START_TEST(test_fast_path_needs_the_space_of_the_caller)
{
    /* A guest that was woken while another GSpace was loaded exits to its VMM by the slow path. */
    enter();
    vw_wfi_with_deadline();
    ck_assert_ptr_eq(hart.current, vw.manager);
    fake.now = fake.vs.vstimecmp;
    timer_expire(&hart);
    vw_ck_in_guest(fake_leave(&hart));
    ck_assert_ptr_null(hart.resumable);
    vw_exit_ecall();
    ck_assert_int_eq(fake_leave(&hart), FAKE_LEFT_USER);
    vw_enter();
    ck_assert_ptr_eq(hart.resumable, vw.vcpu);
}
END_TEST

START_TEST(test_fast_path_is_kept_while_others_are_to_take_the_dead_apart)
{
    /* Dead objects of another thread do not turn a guest's exits away from the fast path. */
    struct thread *other = world_thread_at(world_thread(0));
    const uint32_t slot = world_make(OBJ_CNODE, 14);

    enter();
    struct thread *vmm = hart.current;
    hart.current = other; /* the thread that deletes the CNode */
    slot_delete(&hart, world_slot(slot));
    hart.current = vmm;
    ck_assert(!dead_ring_is_empty(&other->dead));
    vw_ck_in_guest(fake_leave(&hart));
    ck_assert_ptr_eq(hart.resumable, vw.vcpu);
    ck_assert(world_has_dead());
}
END_TEST

TCase *vcpu_fast_cases(void)
{
    TCase *cases = tcase_create("vcpu-fast");

    tcase_add_checked_fixture(cases, world_setup, NULL);
    tcase_add_checked_fixture(cases, vw_setup, NULL);
    tcase_add_test(cases, test_fast_exit_records_what_the_long_one_does);
    tcase_add_loop_test(cases, test_fast_exit_without_htinst_fetches_the_instruction, 0, 2);
    tcase_add_test(cases, test_fast_exit_whose_fetch_faults_resumes_guest);
    tcase_add_test(cases, test_fast_run_enters_and_asks_nothing_of_the_hart);
    tcase_add_test(cases, test_fast_run_sets_a_timer_that_is_a_csr);
    tcase_add_test(cases, test_fast_run_leaves_a_software_timer_to_the_slow_path);
    tcase_add_test(cases, test_fast_run_refuses_what_the_dispatcher_must_judge);
    tcase_add_test(cases, test_fast_path_is_forgotten_by_any_other);
    tcase_add_test(cases, test_fast_path_needs_the_space_of_the_caller);
    tcase_add_test(cases, test_fast_path_is_kept_while_others_are_to_take_the_dead_apart);
    return cases;
}
