/* SPDX-License-Identifier: BSD-2-Clause */
/* vcpu_run: the guest's timers, and the deadline. */
#include "suites.h"
#include "vcpu_world.h"

/* ---- timers --------------------------------------------------------------------------- */

/* Sets the guest's time to the hart's time less 400. */
static void set_delta(void)
{
    ck_assert_int_eq(world_invoke(vw.manager, vw.vcpu_slot, METHOD_VCPU_SET_REG,
                                  VCPU_REG_TIMEDELTA, (uint64_t)-400, 0, 0),
                     OK);
}

/* Sets the guest's timer for the next entry, as a VMM does. */
static void set_timer(uint64_t guest_ticks)
{
    vw.page->timer = guest_ticks;
    vw.page->irq |= VCPU_IRQ_TIMER_SET;
}

START_TEST(test_timer_sstc_guest_in_wfi_wakes_at_deadline)
{
    /* The hart wakes the guest at vstimecmp less htimedelta. */
    set_delta();
    vw_enter();
    fake.vs.vsie = VSSTIE;
    fake.vs.vstimecmp = 5000;
    thread_suspend(vw.manager);
    vw_ck_in_guest(vw_exit_wfi());
    ck_assert_uint_eq(fake.now, 5400);
    ck_assert_uint_eq(timer_earliest(&hart.timers), TIMER_NEVER);
}
END_TEST

START_TEST(test_timer_sstc_disabled_arms_nothing)
{
    /* Without sie.STIE, or with vstimecmp all ones, no deadline is armed. */
    vw_enter();
    fake.vs.vstimecmp = 5000;
    vw_exit_wfi();
    vw_ck_blocked_in_wfi();
    ck_assert_uint_eq(timer_earliest(&hart.timers), TIMER_NEVER);
}
END_TEST

START_TEST(test_timer_sstc_set_timer_writes_compare)
{
    /* With Sstc the page's timer sets vstimecmp, and a running guest's timer needs no software. */
    set_timer(7000);
    vw_enter();
    ck_assert_uint_eq(fake.vs.vstimecmp, 7000);
    ck_assert_uint_eq(fake.timer_deadline, UINT64_MAX);
}
END_TEST

START_TEST(test_timer_sstc_set_timer_moves_no_other_register)
{
    /* Between two entries of the same guest its CSRs stay in the hart, and the timer alone is
       written; after another guest has run, the timer is again the guest's own. */
    struct vcpu_set other = vw_second();
    vw_enter();
    vw_exit_ecall();
    fake_log_clear();
    set_timer(7000);
    vw_enter();
    ck_assert_uint_eq(fake_event_count_of(FAKE_VCPU_SAVE), 0);
    ck_assert_uint_eq(fake_event_count_of(FAKE_VCPU_LOAD), 0);
    ck_assert_uint_eq(fake.vs.vstimecmp, 7000);
    vw_exit_ecall();
    vw_run_of(&other, 0);
    ck_assert_int_eq(fake_leave(&hart), FAKE_LEFT_GUEST);
    ck_assert_uint_eq(vw.vcpu->regs.vstimecmp, 7000);
    ck_assert_uint_eq(fake.vs.vstimecmp, UINT64_MAX);
}
END_TEST

START_TEST(test_timer_software_interrupts_running_guest)
{
    /* Without Sstc the hart's timer is armed for the guest, and VSTIP is set at the deadline. */
    fake.has_sstc = false;
    set_delta();
    set_timer(5000);
    vw_enter();
    ck_assert_uint_eq(fake.timer_deadline, 5400);
    ck_assert_uint_eq(fake.vs.hvip, 0);
    fake.now = 5400;
    timer_expire(&hart);
    vw_ck_in_guest(fake_leave(&hart));
    ck_assert_uint_eq(fake.vs.hvip, HVIP_VSTIP);
    ck_assert_uint_eq(fake.timer_deadline, UINT64_MAX);
}
END_TEST

START_TEST(test_timer_software_set_again_withdraws_interrupt)
{
    /* A new timer withdraws a pending timer interrupt; all ones never fires. */
    fake.has_sstc = false;
    set_timer(0);
    vw_enter();
    ck_assert_uint_eq(fake.vs.hvip, HVIP_VSTIP);
    vw_exit_ecall();
    set_timer(fake.now + 100);
    vw_enter();
    ck_assert_uint_eq(fake.vs.hvip, 0);
    ck_assert_uint_eq(fake.timer_deadline, fake.now + 100);
    vw_exit_ecall();
    set_timer(UINT64_MAX);
    vw_enter();
    ck_assert_uint_eq(fake.timer_deadline, UINT64_MAX);
}
END_TEST

START_TEST(test_timer_software_wakes_from_wfi)
{
    /* Without Sstc the guest's timer ends WFI if the guest has enabled its interrupt. */
    fake.has_sstc = false;
    set_delta();
    set_timer(5000);
    vw_enter();
    fake.vs.vsie = VSSTIE;
    thread_suspend(vw.manager);
    vw_ck_in_guest(vw_exit_wfi());
    ck_assert_uint_eq(fake.now, 5400);
    ck_assert_uint_eq(fake.vs.hvip, HVIP_VSTIP);
}
END_TEST

START_TEST(test_timer_software_moves_with_timedelta)
{
    /* The deadline is in the guest's time: a new htimedelta moves it, with saturation. */
    fake.has_sstc = false;
    set_timer(5000);
    vw_enter();
    ck_assert_uint_eq(vw.vcpu->timer_ticks, 5000);
    vw_exit_ecall();
    set_delta();
    ck_assert_uint_eq(vw.vcpu->timer_ticks, 5400);
    set_timer(UINT64_MAX - 1);
    vw_enter();
    ck_assert_uint_eq(vw.vcpu->timer_ticks, UINT64_MAX);
}
END_TEST

/* ---- the deadline of vcpu_run ---------------------------------------------------------- */

static void ck_returned_none(void)
{
    ck_assert_ptr_eq(hart.current, vw.vmm);
    ck_assert(!vcpu_is_running(vw.vcpu));
    ck_assert_int_eq(world_result(vw.vmm), OK);
    ck_assert_uint_eq(vw_reason(), VCPU_EXIT_NONE);
}

static void enter_until(uint64_t deadline_ticks)
{
    vw_run_until(&vw, vw.vcpu->seq, deadline_ticks);
    vw_ck_in_guest(fake_leave(&hart));
}

START_TEST(test_deadline_of_running_guest_returns_none)
{
    /* The deadline arms the hart's timer, with and without Sstc; vcpu_run ends without an exit. */
    for (uint32_t i = 0; i < 2; i++) {
        fake.has_sstc = i == 0;
        enter_until(fake.now + 500);
        ck_assert_uint_eq(fake.timer_deadline, fake.now + 500);
        fake.now += 499;
        timer_expire(&hart);
        vw_ck_in_guest(fake_leave(&hart));
        fake.now++;
        timer_expire(&hart);
        ck_assert_int_eq(fake_leave(&hart), FAKE_LEFT_USER);
        ck_returned_none();
        ck_assert_uint_eq(vw_seq(), 0);
        ck_assert_uint_eq(vw.word->word, 0);
        ck_assert_uint_eq(fake.timer_deadline, UINT64_MAX);
    }
}
END_TEST

START_TEST(test_deadline_of_guest_in_wfi_returns_none)
{
    /* The deadline ends vcpu_run in WFI too; the next entry continues after the WFI. */
    for (uint32_t i = 0; i < 2; i++) {
        fake.has_sstc = i == 0;
        vw.page->pc = 0x100;
        enter_until(fake.now + 500);
        vw_exit_wfi();
        vw_ck_blocked_in_wfi();
        ck_assert_uint_eq(timer_earliest(&hart.timers), fake.now + 500);
        fake.now += 500;
        timer_expire(&hart);
        ck_assert_int_eq(fake_leave(&hart), FAKE_LEFT_USER);
        ck_returned_none();
        ck_assert_uint_eq(timer_earliest(&hart.timers), TIMER_NEVER);
        ck_assert_uint_eq(vw.page->pc, 0x104);
        vw_enter();
        vw_exit_ecall();
    }
}
END_TEST

START_TEST(test_deadline_and_timer_in_wfi_earliest_ends_it)
{
    /* In WFI the earlier one acts: the guest's timer enters the guest, the deadline returns. */
    enter_until(fake.now + 900);
    fake.vs.vsie = VSSTIE;
    fake.vs.vstimecmp = fake.now + 300;
    thread_suspend(vw.manager);
    vw_ck_in_guest(vw_exit_wfi());
    ck_assert_uint_eq(fake.now, fake.vs.vstimecmp);
    fake.vs.vstimecmp = fake.now + 900;
    ck_assert_int_eq(vw_exit_wfi(), FAKE_LEFT_USER);
    ck_returned_none();
    ck_assert_uint_eq(fake.now, vw.vcpu->deadline_ticks);
}
END_TEST

START_TEST(test_deadline_and_software_timer_of_running_guest)
{
    /* Without Sstc the hart's timer serves guest timer and deadline, the earlier first. */
    fake.has_sstc = false;
    set_timer(fake.now + 300);
    enter_until(fake.now + 500);
    ck_assert_uint_eq(fake.timer_deadline, fake.now + 300);
    fake.now += 300;
    timer_expire(&hart);
    vw_ck_in_guest(fake_leave(&hart));
    ck_assert_uint_eq(fake.vs.hvip, HVIP_VSTIP);
    ck_assert_uint_eq(fake.timer_deadline, fake.now + 200);
}
END_TEST

START_TEST(test_deadline_that_has_passed_enters_nobody)
{
    /* A deadline of now, before now, or 0 returns at once, after the exit's outcome is accepted. */
    const uint64_t passed[] = { fake.now, fake.now - 1, 0 };

    vw_enter();
    vw_exit_ecall();
    for (uint32_t i = 0; i < 3; i++) {
        fake_log_clear();
        vw.page->exit.reason = VCPU_EXIT_ECALL;
        vw_run_until(&vw, 1, passed[i]);
        ck_assert_int_eq(fake_leave(&hart), FAKE_LEFT_USER);
        ck_returned_none();
        ck_assert_uint_eq(vw_seq(), 1);
        ck_assert_uint_eq(vw.page->exit.reason, VCPU_EXIT_NONE);
        ck_assert_uint_eq(fake_event_count_of(FAKE_ENTER_GUEST), 0);
    }
}
END_TEST

START_TEST(test_deadline_never_is_never)
{
    /* A deadline of all ones arms no timer and never passes, even at the clock's last value. */
    enter_until(UINT64_MAX);
    ck_assert_uint_eq(fake.timer_deadline, UINT64_MAX);
    fake.now = UINT64_MAX;
    timer_expire(&hart);
    vw_ck_in_guest(fake_leave(&hart));
    vw_exit_wfi();
    vw_ck_blocked_in_wfi();
    ck_assert_uint_eq(timer_earliest(&hart.timers), TIMER_NEVER);
}
END_TEST

START_TEST(test_deadline_of_one_call_is_not_that_of_the_next)
{
    /* An exit before the deadline cancels the deadline. */
    enter_until(fake.now + 500);
    vw_exit_ecall();
    vw_enter();
    ck_assert_uint_eq(fake.timer_deadline, UINT64_MAX);
}
END_TEST

START_TEST(test_deadline_with_kick_leaves_the_word)
{
    /* Deadline and kick together give one NONE, and the word has the kick's bits; else it is 0. */
    enter_until(fake.now + 500);
    vw_exit_wfi();
    fake.now += 500;
    vw_signal();
    timer_expire(&hart);
    ck_assert_int_eq(fake_leave(&hart), FAKE_LEFT_USER);
    ck_returned_none();
    ck_assert_uint_eq(timer_earliest(&hart.timers), TIMER_NEVER);
    ck_assert_uint_eq(notification_take(vw.word), 1);
    vw_enter();
}
END_TEST

START_TEST(test_deadline_passed_while_others_ran_returns_none)
{
    /* If higher priorities ran past the deadline, the guest is not entered again. */
    struct thread *high = world_thread_at(world_thread(9));
    uint32_t word = world_make(OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN);

    world_call(high, CALL_WAIT, word, fake.now + 50);
    enter_until(fake.now + 60);
    fake.now += 50;
    timer_expire(&hart);
    ck_assert_int_eq(fake_leave(&hart), FAKE_LEFT_USER);
    ck_assert_ptr_eq(hart.current, high);
    fake.now += 50;
    fake_log_clear();
    world_call(high, CALL_WAIT, word, UINT64_MAX);
    ck_assert_int_eq(fake_leave(&hart), FAKE_LEFT_USER);
    ck_returned_none();
    ck_assert_uint_eq(fake_event_count_of(FAKE_ENTER_GUEST), 0);
}
END_TEST

START_TEST(test_wfi_deadline_served_when_another_is_chosen_is_not_lost)
{
    /* A guest's WFI ended while a thread of higher priority ran; when that blocks, the scheduler
     * chooses an equal of the guest's VMM, and the VMM's thread, whose slice is used up, waits in
     * the ready queue. */
    struct thread *equal = world_thread_at(world_thread(vw.vmm->priority));
    struct thread *high = world_thread_at(world_thread(40));
    uint32_t word = world_make(OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN);

    sched_block(equal, THREAD_SUSPENDED);
    sched_block(high, THREAD_SUSPENDED);
    vw_enter();
    vw_wfi_with_deadline();
    ck_assert_int_eq(vw.vmm->state, THREAD_BLOCKED_WFI);
    fake.now = vw.vmm->timer.deadline_ticks - 1;
    vw.vmm->slice_left_ticks = 0;
    sched_ready(equal);
    sched_ready(high);
    ck_assert_int_eq(fake_leave(&hart), FAKE_LEFT_USER);
    ck_assert_ptr_eq(hart.current, high);
    fake.now += 10;
    world_call(high, CALL_WAIT, word, TIMER_NEVER);
    ck_assert_int_eq(fake_leave(&hart), FAKE_LEFT_USER);
    ck_assert_ptr_eq(hart.current, equal);
    ck_assert_ptr_eq(hart.ready.list[vw.vmm->priority].last, vw.vmm);
}
END_TEST

START_TEST(test_many_guests_that_go_to_sleep_are_preemptible)
{
    /* Between one guest's WFI and the next the kernel looks for an interrupt. */
    enum { GUESTS = 20 };
    static struct vcpu_set set[GUESTS];

    for (uint32_t i = 0; i < GUESTS; i++) {
        set[i] = vw_second();
        vw_run_of(&set[i], 0);
    }
    while (hart.current != NULL)
        sched_block(hart.current, THREAD_SUSPENDED);
    while (hart.ready.present != 0)
        sched_block(sched_pick(&hart), THREAD_SUSPENDED);
    for (uint32_t i = 0; i < GUESTS; i++) {
        sched_ready(set[i].vmm);
        set[i].page->irq |= VCPU_IRQ_WAIT;
    }
    uint64_t before = fake.question_count;
    ck_assert_int_eq(fake_leave(&hart), FAKE_LEFT_IDLE);
    ck_assert_uint_ge(fake.question_count - before, GUESTS);
}
END_TEST

TCase *vcpu_timer_cases(void)
{
    TCase *cases = tcase_create("vcpu-timer");

    tcase_add_checked_fixture(cases, world_setup, NULL);
    tcase_add_checked_fixture(cases, vw_setup, NULL);
    tcase_add_test(cases, test_timer_sstc_guest_in_wfi_wakes_at_deadline);
    tcase_add_test(cases, test_timer_sstc_disabled_arms_nothing);
    tcase_add_test(cases, test_timer_sstc_set_timer_writes_compare);
    tcase_add_test(cases, test_timer_sstc_set_timer_moves_no_other_register);
    tcase_add_test(cases, test_timer_software_interrupts_running_guest);
    tcase_add_test(cases, test_timer_software_set_again_withdraws_interrupt);
    tcase_add_test(cases, test_timer_software_wakes_from_wfi);
    tcase_add_test(cases, test_timer_software_moves_with_timedelta);
    tcase_add_test(cases, test_deadline_of_running_guest_returns_none);
    tcase_add_test(cases, test_deadline_of_guest_in_wfi_returns_none);
    tcase_add_test(cases, test_deadline_and_timer_in_wfi_earliest_ends_it);
    tcase_add_test(cases, test_deadline_and_software_timer_of_running_guest);
    tcase_add_test(cases, test_deadline_that_has_passed_enters_nobody);
    tcase_add_test(cases, test_deadline_never_is_never);
    tcase_add_test(cases, test_deadline_of_one_call_is_not_that_of_the_next);
    tcase_add_test(cases, test_deadline_with_kick_leaves_the_word);
    tcase_add_test(cases, test_deadline_passed_while_others_ran_returns_none);
    tcase_add_test(cases, test_wfi_deadline_served_when_another_is_chosen_is_not_lost);
    tcase_add_test(cases, test_many_guests_that_go_to_sleep_are_preemptible);
    return cases;
}
