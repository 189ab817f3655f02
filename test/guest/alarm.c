/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The clock's alarm (goldfish RTC, interrupt 11) is the only interrupt source.  First the hart
 * waits in WFI, then it spins without an exit.  In both cases the alarm has to come, not before
 * its time and not long after.
 */
#include "devices.h"
#include "guest.h"

#define EXTERNAL     (1u << 9)
#define NS_PER_MS    UINT64_C(1000000)
#define TICKS_PER_MS UINT64_C(10000)
#define EARLY_MS     5u   /* the bare machine has two clocks */
#define LATE_MS      1000u

static bool is_pending(void)
{
    return (csr_read(sip) & EXTERNAL) != 0;
}

static void say(const char *what, uint64_t value)
{
    put_string(what);
    put_decimal(value);
}

/* Interrupts are off in sstatus: a pending one ends WFI, and no trap is taken. */
static void alarm_try(const char *how, bool is_asleep, uint64_t ms)
{
    uint64_t began = time_now();

    rtc_alarm_set(rtc_now() + ms * NS_PER_MS);
    put_string("alarm: ");
    put_string(how);
    say(", armed ", read32(RTC_ALARM_STATUS));
    while (!is_pending()) {
        if (is_asleep)
            __asm__ volatile("wfi");
    }
    uint64_t waited_ms = (time_now() - began) / TICKS_PER_MS;
    say(", source ", read32(PLIC_CLAIM));
    say(", armed ", read32(RTC_ALARM_STATUS));
    write32(RTC_CLEAR_INTERRUPT, 1);
    write32(PLIC_CLAIM, RTC_SOURCE);
    say(", pending ", is_pending());
    put_string(waited_ms + EARLY_MS < ms    ? ", early\n"
               : waited_ms < ms + LATE_MS ? ", in time\n"
                                          : ", late\n");
}

void guest_main(uint64_t hart, uint64_t dtb)
{
    (void)hart, (void)dtb;
    sbi_set_timer(UINT64_MAX);
    csr_write(sie, EXTERNAL);
    write32(PLIC_PRIORITY(RTC_SOURCE), 1);
    write32(PLIC_ENABLE, 1u << RTC_SOURCE);
    write32(PLIC_THRESHOLD, 0);
    write32(RTC_IRQ_ENABLED, 1);
    for (uint64_t ms = 50; ms <= 200; ms *= 2) {
        alarm_try("asleep", true, ms);
        alarm_try("awake", false, ms);
    }
    put_string("alarm: done\n");
    sbi_reset(0, 0);
}
