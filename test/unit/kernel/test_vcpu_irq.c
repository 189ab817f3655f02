/* SPDX-License-Identifier: BSD-2-Clause */
/* vcpu_run: the guest's interrupts, and its WFI. */
#include "suites.h"
#include "vcpu_world.h"

#define VSSSIE UINT64_C(0x002)
#define VSSEIE UINT64_C(0x200)

/* ---- interrupts ----------------------------------------------------------------------- */

START_TEST(test_run_levels_follow_state_page)
{
    /* Each entry copies VSEIP and VSTIP, set or clear, and leaves them in the page. */
    __atomic_store_n(&vw.page->irq, VCPU_IRQ_EXTERNAL | VCPU_IRQ_TIMER, __ATOMIC_RELEASE);
    vw_enter();
    ck_assert_uint_eq(fake.vs.hvip, HVIP_VSEIP | HVIP_VSTIP);
    ck_assert_uint_eq(vw.page->irq, VCPU_IRQ_EXTERNAL | VCPU_IRQ_TIMER);
    vw_exit_ecall();
    vw.page->irq = VCPU_IRQ_TIMER;
    vw_enter();
    ck_assert_uint_eq(fake.vs.hvip, HVIP_VSTIP);
    vw_exit_ecall();
    vw.page->irq = 0;
    vw_enter();
    ck_assert_uint_eq(fake.vs.hvip, 0);
}
END_TEST

START_TEST(test_run_soft_interrupt_is_taken_once)
{
    /* Entry clears SOFT_SET in the page; an SSIP that the guest clears stays clear. */
    vw.page->irq = VCPU_IRQ_SOFT_SET;
    vw_enter();
    ck_assert_uint_eq(fake.vs.hvip, HVIP_VSSIP);
    ck_assert_uint_eq(vw.page->irq, 0);
    fake.vs.hvip = 0;
    vw_exit_ecall();
    vw_enter();
    ck_assert_uint_eq(fake.vs.hvip, 0);
}
END_TEST

START_TEST(test_run_soft_clear_comes_before_set)
{
    /* SOFT_CLEAR withdraws the interrupt; with both bits the interrupt is pending. */
    vw.page->irq = VCPU_IRQ_SOFT_SET;
    vw_enter();
    vw_exit_ecall();
    vw.page->irq = VCPU_IRQ_SOFT_CLEAR;
    vw_enter();
    ck_assert_uint_eq(fake.vs.hvip, 0);
    vw_exit_ecall();
    vw.page->irq = VCPU_IRQ_SOFT_CLEAR | VCPU_IRQ_SOFT_SET;
    vw_enter();
    ck_assert_uint_eq(fake.vs.hvip, HVIP_VSSIP);
}
END_TEST

START_TEST(test_run_unknown_irq_bits_are_ignored)
{
    /* No other bit of the word reaches hvip; entry clears only the two edge bits in the page. */
    vw.page->irq = ~VCPU_IRQ_WAIT;
    vw_enter();
    ck_assert_uint_eq(fake.vs.hvip, HVIP_VSSIP | HVIP_VSTIP | HVIP_VSEIP);
    ck_assert_uint_eq(vw.page->irq, ~(VCPU_IRQ_SOFT_SET | VCPU_IRQ_SOFT_CLEAR |
                                      VCPU_IRQ_TIMER_SET | VCPU_IRQ_WAIT));
}
END_TEST

/* ---- WFI ------------------------------------------------------------------------------ */

START_TEST(test_wfi_nothing_pending_blocks)
{
    /* In WFI the thread blocks in the kernel, pc after the WFI; others run; there is no exit. */
    vw.page->pc = 0x100;
    vw_enter();
    ck_assert_int_eq(vw_exit_wfi(), FAKE_LEFT_USER);
    ck_assert_ptr_eq(hart.current, vw.manager);
    vw_ck_blocked_in_wfi();
    ck_assert_uint_eq(vw.page->pc, 0x104);
    ck_assert_uint_eq(vw.vcpu->seq, 0);
    ck_assert_uint_eq(timer_earliest(&hart.timers), TIMER_NEVER);
}
END_TEST

START_TEST(test_wfi_enabled_interrupt_pending_goes_on)
{
    /* An interrupt that is pending and enabled ends WFI at once. */
    vw.page->irq = VCPU_IRQ_EXTERNAL;
    vw_enter();
    fake.vs.vsie = VSSEIE;
    vw_ck_in_guest(vw_exit_wfi());
}
END_TEST

START_TEST(test_wait_in_the_page_blocks_until_an_enabled_interrupt)
{
    /* WAIT acts as a WFI before the next instruction: pc stays, a kick does not end the wait, and
     * an interrupt ends it and clears the bit. */
    vw.page->pc = 0x100;
    vw_enter();
    fake.vs.vsie = VSSEIE;
    vw_exit_ecall();
    vw.page->irq = VCPU_IRQ_WAIT | VCPU_IRQ_TIMER; /* the timer is not enabled */
    for (uint32_t turn = 0; turn < 2; turn++) {
        vw_run(1);
        ck_assert_int_eq(fake_leave(&hart), FAKE_LEFT_USER);
        vw_ck_blocked_in_wfi();
        vw_signal();
        ck_assert_int_eq(fake_leave(&hart), FAKE_LEFT_USER);
        ck_assert_uint_eq(vw_reason(), VCPU_EXIT_NONE);
        ck_assert_uint_eq(vw.page->irq, VCPU_IRQ_WAIT | VCPU_IRQ_TIMER);
        notification_take(vw.word);
    }
    __atomic_fetch_or(&vw.page->irq, VCPU_IRQ_EXTERNAL, __ATOMIC_RELEASE);
    vw_run(1);
    vw_ck_in_guest(fake_leave(&hart));
    ck_assert_uint_eq(vw.page->irq, VCPU_IRQ_TIMER | VCPU_IRQ_EXTERNAL);
    ck_assert_uint_eq(vw.page->pc, 0x100);
}
END_TEST

START_TEST(test_wait_in_the_page_with_an_interrupt_pending_enters)
{
    /* An interrupt that is already pending ends the wait at once, and only that wait. */
    vw_enter();
    fake.vs.vsie = VSSEIE;
    vw_exit_ecall();
    vw.page->irq = VCPU_IRQ_WAIT | VCPU_IRQ_EXTERNAL;
    vw_enter();
    ck_assert_uint_eq(vw.page->irq, VCPU_IRQ_EXTERNAL);
    fake.vs.vsie = 0;
    vw_exit_ecall();
    vw_enter();
}
END_TEST

START_TEST(test_wait_in_the_page_ends_at_the_timer)
{
    /* The guest's timer wakes the thread, with Sstc and with the kernel's timer. */
    for (uint32_t has_sstc = 0; has_sstc < 2; has_sstc++) {
        fake.has_sstc = has_sstc;
        vw_enter();
        fake.vs.vsie = VSSTIE;
        vw_exit_ecall();
        vw.page->timer = fake.now + 500;
        vw.page->irq = VCPU_IRQ_WAIT | VCPU_IRQ_TIMER_SET;
        vw_run(vw.vcpu->seq);
        ck_assert_int_eq(fake_leave(&hart), FAKE_LEFT_USER);
        vw_ck_blocked_in_wfi();
        ck_assert_uint_eq(timer_earliest(&hart.timers), fake.now + 500);
        fake.now += 500;
        timer_expire(&hart);
        vw_ck_in_guest(fake_leave(&hart));
        ck_assert_uint_eq(vw.page->irq & VCPU_IRQ_WAIT, 0);
        vw_exit_ecall();
        vw.page->timer = UINT64_MAX;
        vw.page->irq = VCPU_IRQ_TIMER_SET;
    }
}
END_TEST

START_TEST(test_wfi_ended_stays_ended)
{
    /* A guest that was woken and has handled its interrupt is entered again, and does not wait. */
    vw.page->irq = VCPU_IRQ_EXTERNAL;
    vw_enter();
    fake.vs.vsie = VSSEIE;
    vw_ck_in_guest(vw_exit_wfi());
    fake.vs.vsie = 0;
    vw_ck_in_guest(fake_leave(&hart));
}
END_TEST

START_TEST(test_wfi_disabled_interrupt_pending_blocks)
{
    /* An interrupt that the guest has not enabled does not end WFI. */
    vw.page->irq = VCPU_IRQ_EXTERNAL;
    vw_enter();
    vw_exit_wfi();
    vw_ck_blocked_in_wfi();
}
END_TEST

START_TEST(test_wfi_interrupt_asked_before_wfi_goes_on)
{
    /* An interrupt set in the page between entry and WFI ends WFI without a signal. */
    vw_enter();
    fake.vs.vsie = VSSEIE;
    vw.page->irq = VCPU_IRQ_EXTERNAL;
    vw_ck_in_guest(vw_exit_wfi());
}
END_TEST

START_TEST(test_wfi_interrupt_asked_after_wfi_and_signal_wakes)
{
    /* An interrupt set in the page during WFI, with a signal: a kick, then entry and delivery. */
    vw_enter();
    fake.vs.vsie = VSSEIE;
    vw_exit_wfi();
    vw_ck_blocked_in_wfi();
    vw.page->irq = VCPU_IRQ_EXTERNAL;
    vw_signal();
    ck_assert_int_eq(fake_leave(&hart), FAKE_LEFT_USER);
    notification_take(vw.word);
    vw_enter();
    ck_assert_uint_eq(fake.vs.hvip, HVIP_VSEIP);
}
END_TEST

static void ask_external(void)
{
    vw.page->irq = VCPU_IRQ_EXTERNAL;
}

static void ask_soft(void)
{
    vw.page->irq = VCPU_IRQ_SOFT_SET;
}

START_TEST(test_wfi_interrupt_asked_while_blocking_goes_on)
{
    /* An interrupt set between the kernel's check and the block still ends WFI. */
    void (*const askers[])(void) = { ask_external, ask_soft };

    for (uint32_t i = 0; i < 2; i++) {
        vw.page->irq = 0;
        vw_enter();
        fake.vs.vsie = VSSEIE | VSSSIE;
        fake.on_guest_question = askers[i];
        vw_ck_in_guest(vw_exit_wfi());
        vw_exit_ecall();
    }
}
END_TEST

START_TEST(test_wfi_signal_while_blocking_returns_none)
{
    /* A signal between the kernel's check and the block still ends WFI. */
    vw_enter();
    fake.on_guest_question = vw_signal;
    ck_assert_int_eq(vw_exit_wfi(), FAKE_LEFT_USER);
    ck_assert_ptr_eq(hart.current, vw.vmm);
    ck_assert_uint_eq(vw_reason(), VCPU_EXIT_NONE);
}
END_TEST

START_TEST(test_wfi_from_user_mode_is_an_exit)
{
    /* WFI in VU mode exits, so that the VMM can inject the trap. */
    vw_enter();
    vw_exit(&(struct guest_trap){ .scause = 22, .stval = 0x10500073, .from_vs = false });
    ck_assert_uint_eq(vw_reason(), VCPU_EXIT_VIRTUAL_INSN);
}
END_TEST

START_TEST(test_wfi_not_named_by_hart_is_fetched)
{
    /* If the hart leaves stval 0, the kernel fetches the instruction at pc. */
    fake.fetch_insn = 0x10500073;
    vw_enter();
    vw_exit(&(struct guest_trap){ .scause = 22, .from_vs = true });
    fake_leave(&hart);
    vw_ck_blocked_in_wfi();
}
END_TEST

TCase *vcpu_irq_cases(void)
{
    TCase *cases = tcase_create("vcpu-irq");

    tcase_add_checked_fixture(cases, world_setup, NULL);
    tcase_add_checked_fixture(cases, vw_setup, NULL);
    tcase_add_test(cases, test_run_levels_follow_state_page);
    tcase_add_test(cases, test_run_soft_interrupt_is_taken_once);
    tcase_add_test(cases, test_run_soft_clear_comes_before_set);
    tcase_add_test(cases, test_run_unknown_irq_bits_are_ignored);
    tcase_add_test(cases, test_wfi_nothing_pending_blocks);
    tcase_add_test(cases, test_wfi_enabled_interrupt_pending_goes_on);
    tcase_add_test(cases, test_wait_in_the_page_blocks_until_an_enabled_interrupt);
    tcase_add_test(cases, test_wait_in_the_page_with_an_interrupt_pending_enters);
    tcase_add_test(cases, test_wait_in_the_page_ends_at_the_timer);
    tcase_add_test(cases, test_wfi_ended_stays_ended);
    tcase_add_test(cases, test_wfi_disabled_interrupt_pending_blocks);
    tcase_add_test(cases, test_wfi_interrupt_asked_before_wfi_goes_on);
    tcase_add_test(cases, test_wfi_interrupt_asked_after_wfi_and_signal_wakes);
    tcase_add_test(cases, test_wfi_interrupt_asked_while_blocking_goes_on);
    tcase_add_test(cases, test_wfi_signal_while_blocking_returns_none);
    tcase_add_test(cases, test_wfi_from_user_mode_is_an_exit);
    tcase_add_test(cases, test_wfi_not_named_by_hart_is_fetched);
    return cases;
}
