/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Timer and software interrupts of a hart, by the firmware's calls, by stimecmp and by sip.
 *
 * Specification: SBI, "Timer Extension (EID #0x54494D45 "TIME")", "IPI Extension (EID #0x735049
 * "sPI: s-mode IPI")", "Hart list parameter", "Legacy Extensions"; privileged specification,
 * "Supervisor Interrupt (sip and sie) Registers", "Supervisor Timer (stimecmp) Register".
 */
#include "compare.h"

static bool has_sstc;

static void timer_off(void)
{
    sbi_set_timer(UINT64_MAX);
    csr_clear(sie, IRQ_TIMER | IRQ_SOFT);
    csr_clear(sip, IRQ_SOFT);
}

static void tell_sip(const char *name)
{
    tell(name, csr_read(sip));
}

static void timer(void)
{
    tell_sip("timer, sip at first");
    tell_sbi("timer, set into the past", sbi_call(SBI_TIME, 0, 0, 0, 0, 0));
    tell("timer, pending from the past", wait_pending(IRQ_TIMER, 200));
    csr_clear(sip, IRQ_TIMER);
    tell_sip("timer, sip cleared by software");
    tell_sbi("timer, set to all ones", sbi_call(SBI_TIME, 0, UINT64_MAX, 0, 0, 0));
    tell_sip("timer, sip when set to all ones");
    csr_set(sip, IRQ_TIMER);
    tell_sip("timer, sip set by software");
    uint64_t deadline = time_now() + 5 * TICKS_PER_MS;
    tell_sbi("timer, set 5 ms ahead", sbi_call(SBI_TIME, 0, deadline, 0, 0, 0));
    tell("timer, pending within 1 s", wait_pending(IRQ_TIMER, 1000));
    tell("timer, not before its time", time_now() >= deadline);
    tell_sbi("timer, set far ahead",
             sbi_call(SBI_TIME, 0, time_now() + 100000 * TICKS_PER_MS, 0, 0, 0));
    tell_sip("timer, sip when set far ahead");
    timer_off();
}

static void timer_trap(void)
{
    uint64_t before = trap_last.count, deadline = time_now() + 2 * TICKS_PER_MS;

    csr_set(sie, IRQ_TIMER);
    csr_set(sstatus, SSTATUS_SIE);
    sbi_set_timer(deadline);
    for (uint64_t end = deadline + 1000 * TICKS_PER_MS;
         trap_last.count == before && time_now() < end;)
        ;
    csr_clear(sstatus, SSTATUS_SIE);
    tell("timer, traps", trap_last.count - before);
    tell("timer, cause of the trap", trap_last.cause);
    tell("timer, stval of the trap", trap_last.value);
    timer_off();
    csr_set(sie, IRQ_TIMER);
    deadline = time_now() + 5 * TICKS_PER_MS;
    sbi_set_timer(deadline);
    while (!(csr_read(sip) & IRQ_TIMER) && time_now() < deadline + 1000 * TICKS_PER_MS)
        __asm__ volatile("wfi");
    tell("timer, wakes from WFI with interrupts off", (csr_read(sip) & IRQ_TIMER) != 0);
    timer_off();
}

static void legacy_timer(void)
{
    say("legacy timer, a0 of a deadline in the past");
    tell("", (uint64_t)sbi_call(0, 0, 0, 0x77, 0, 0).error);
    tell("legacy timer, pending", wait_pending(IRQ_TIMER, 200));
    tell("legacy timer, a1 kept", sbi_call(0, 0, UINT64_MAX, 0x77, 0, 0).value);
    tell_sip("legacy timer, sip when set to all ones");
    timer_off();
}

static void stimecmp_register(void)
{
    struct seen seen = SEE("csrr %[data], stimecmp", 0, 0);

    has_sstc = !seen.is_trapped;
    tell_seen("stimecmp after all ones were set", seen);
    tell_seen("stimecmp written", SEE("csrw stimecmp, %[data]", 0, UINT64_MAX - 1));
    if (!has_sstc)
        return;
    tell("stimecmp, what it keeps", csr_read(stimecmp));
    sbi_set_timer(UINT64_C(0x123456789abcdef0));
    tell("stimecmp after the firmware's call", csr_read(stimecmp));
    csr_write(stimecmp, 0);
    tell("stimecmp 0, pending", wait_pending(IRQ_TIMER, 100));
    csr_write(stimecmp, UINT64_MAX);
    tell("stimecmp all ones, sip", csr_read(sip));
    timer_off();
}

/* ---- software interrupts ------------------------------------------------------------------ */

static void ipi(void)
{
    static const uint64_t mask[][2] = {
        {1, 0},
        {0, 0},
        {2, 0},
        {3, 0},
        {UINT64_MAX, 0},
        {0, UINT64_MAX},
        {1, UINT64_MAX},
        {1, 1},
        {UINT64_C(1) << 63, 0},
        {1, 64},
        {1, UINT64_MAX - 1},
        {UINT64_MAX, UINT64_MAX},
    };

    for (size_t i = 0; i < sizeof mask / sizeof mask[0]; i++) {
        struct sbi_result result = sbi_call(SBI_IPI, 0, mask[i][0], mask[i][1], 0, 0);
        say("ipi, mask ");
        say_hex(mask[i][0]);
        say(" base ");
        say_hex(mask[i][1]);
        tell_sbi("", result);
        say("ipi, mask ");
        say_hex(mask[i][0]);
        say(" base ");
        say_hex(mask[i][1]);
        tell(", pending", wait_pending(IRQ_SOFT, 5));
        csr_clear(sip, IRQ_SOFT);
    }
}

static void ipi_trap(void)
{
    uint64_t before = trap_last.count;

    csr_set(sip, IRQ_SOFT);
    tell_sip("soft, sip set by software");
    csr_clear(sip, IRQ_SOFT);
    tell_sip("soft, sip cleared by software");
    csr_set(sie, IRQ_SOFT);
    csr_set(sstatus, SSTATUS_SIE);
    (void)sbi_call(SBI_IPI, 0, 1, 0, 0, 0);
    for (uint64_t end = time_now() + 500 * TICKS_PER_MS;
         trap_last.count == before && time_now() < end;)
        ;
    csr_clear(sstatus, SSTATUS_SIE);
    tell("soft, traps", trap_last.count - before);
    tell("soft, cause of the trap", trap_last.cause);
    timer_off();
}

/* Both pending at once: software comes before timer ("Supervisor Interrupt Registers"). */
static void order(void)
{
    sbi_set_timer(0);
    csr_set(sip, IRQ_SOFT);
    (void)wait_pending(IRQ_TIMER, 200);
    csr_set(sie, IRQ_TIMER | IRQ_SOFT);
    uint64_t before = trap_last.count;
    csr_set(sstatus, SSTATUS_SIE);
    csr_clear(sstatus, SSTATUS_SIE);
    tell("order, traps", trap_last.count - before);
    tell("order, cause of the last", trap_last.cause);
    timer_off();
}

static void legacy_ipi(void)
{
    uint64_t mask = 1;

    tell("legacy ipi, a0", (uint64_t)sbi_call(4, 0, (uint64_t)&mask, 0, 0, 0).error);
    tell("legacy ipi, pending", wait_pending(IRQ_SOFT, 200));
    tell("legacy clear, a0 when pending", (uint64_t)sbi_call(3, 0, 0, 0, 0, 0).error != 0);
    tell_sip("legacy clear, sip");
    tell("legacy clear, a0 when none is pending", (uint64_t)sbi_call(3, 0, 0, 0, 0, 0).error);
}

void compare_main(uint64_t hart, uint64_t dtb)
{
    (void)hart;
    (void)dtb;
    timer();
    timer_trap();
    legacy_timer();
    stimecmp_register();
    ipi();
    ipi_trap();
    order();
    legacy_ipi();
}
