/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interrupt controller, as a hart sees it: the values that its registers keep, and the path of
 * an interrupt from its source to the completion.
 *
 * Specification: "RISC-V Platform-Level Interrupt Controller Specification" 1.0.0; the sources
 * are levels of two devices that software can raise: the UART's transmitter-empty interrupt
 * (PC16550D, "Interrupt Enable Register") and the clock's alarm (goldfish RTC).
 */
#include "compare.h"

#define UART_SOURCE 10u
#define RTC_SOURCE  11u

#define PRIORITY(n) (PLIC_BASE + 4u * (n))
#define PENDING     (PLIC_BASE + 0x1000)
#define ENABLE      (PLIC_BASE + 0x2080) /* context 1: supervisor mode of hart 0 */
#define THRESHOLD   (PLIC_BASE + 0x201000)
#define CLAIM       (PLIC_BASE + 0x201004)
#define BOTH        ((1u << UART_SOURCE) | (1u << RTC_SOURCE))

static void uart_level(bool is_high)
{
    write8(UART_BASE + 1, is_high ? 2 : 0);
}

static void rtc_level(bool is_high)
{
    write32(RTC_BASE + 0x10, is_high);
}

/* From here on the level of the clock is its IRQ_ENABLED bit. */
static void rtc_alarm_raise(void)
{
    (void)read32(RTC_BASE); /* latches the time's high half */
    write32(RTC_BASE + 0x0c, 0);
    write32(RTC_BASE + 0x08, 1);
}

static void tell_state(const char *name)
{
    say(name);
    say(": pending ");
    say_hex(read32(PENDING) & BOTH);
    say(" seip ");
    say_decimal((csr_read(sip) & IRQ_EXTERNAL) != 0);
    tell_end();
}

static void tell_claim(const char *name)
{
    uint32_t source = read32(CLAIM);

    say(name);
    say(": claimed ");
    say_decimal(source);
    say(" pending ");
    say_hex(read32(PENDING) & BOTH);
    say(" seip ");
    say_decimal((csr_read(sip) & IRQ_EXTERNAL) != 0);
    tell_end();
}

static void complete(uint32_t source)
{
    write32(CLAIM, source);
}

/* Priority 1 for the UART, 2 for the clock, both enabled, threshold 0, no interrupt in flight. */
static void quiet(void)
{
    uart_level(false);
    rtc_level(false);
    write32(PRIORITY(UART_SOURCE), 1);
    write32(PRIORITY(RTC_SOURCE), 2);
    write32(ENABLE, BOTH);
    write32(THRESHOLD, 0);
    for (unsigned i = 0; i < 4; i++) {
        (void)read32(CLAIM);
        complete(UART_SOURCE);
        complete(RTC_SOURCE);
    }
}

/* ---- registers --------------------------------------------------------------------------- */

static void registers(void)
{
    static const uint32_t reg[] = {0x0,    0x4,      0x28,     0x17c,    0x180,    0xffc,
                                   0x1000, 0x100c,   0x2080,   0x2084,   0x2088,   0x208c,
                                   0x20fc, 0x200000, 0x201000, 0x201008, 0x201ffc, 0x202000};

    for (size_t i = 0; i < sizeof reg / sizeof reg[0]; i++) {
        uint64_t address = PLIC_BASE + reg[i];
        uint32_t was = read32(address);
        write32(address, UINT32_MAX);
        say("keeps of all ones at ");
        say_hex(reg[i]);
        say(": ");
        say_hex(read32(address));
        tell_end();
        write32(address, was);
    }
    for (uint32_t value = 0; value < 10; value++) {
        write32(PRIORITY(1), value);
        say("priority after ");
        say_decimal(value);
        say(": ");
        say_hex(read32(PRIORITY(1)));
        tell_end();
    }
    write32(PRIORITY(1), 0);
}

static void widths(void)
{
    static const uint32_t reg[] = {0x28, 0x1000, 0x2080, 0x201000};

    for (size_t i = 0; i < sizeof reg / sizeof reg[0]; i++) {
        for (unsigned width = 1; width <= 8; width *= 2) {
            tell_load(PLIC_BASE + reg[i], width);
            tell_store(PLIC_BASE + reg[i], width, 0);
            if (width > 1) {
                tell_load(PLIC_BASE + reg[i] + width / 2, width);
                tell_store(PLIC_BASE + reg[i] + width / 2, width, 0);
            }
        }
    }
}

/* ---- the way of an interrupt --------------------------------------------------------------- */

static void one_source(void)
{
    quiet();
    tell_state("one, low");
    uart_level(true);
    tell_state("one, high");
    tell_claim("one, first claim");
    tell_claim("one, second claim");
    complete(UART_SOURCE);
    tell_state("one, completed while high");
    tell_claim("one, claimed again");
    uart_level(false);
    tell_state("one, low in service");
    complete(UART_SOURCE);
    tell_state("one, completed while low");
    tell_claim("one, claimed when there is none");
}

static void latch(void)
{
    quiet();
    uart_level(true);
    uart_level(false);
    tell_state("latch, high and low again");
    tell_claim("latch, claimed when low");
    complete(UART_SOURCE);
    tell_state("latch, completed");
    quiet();
    uart_level(true);
    tell_claim("pulse, claimed");
    uart_level(false);
    uart_level(true);
    tell_state("pulse, low and high in service");
    tell_claim("pulse, claimed in service");
    complete(UART_SOURCE);
    tell_state("pulse, completed");
    tell_claim("pulse, claimed after completion");
    uart_level(false);
    complete(UART_SOURCE);
    quiet();
    uart_level(true);
    tell_claim("short pulse, claimed");
    uart_level(false);
    uart_level(true);
    uart_level(false);
    complete(UART_SOURCE);
    tell_state("short pulse, completed");
}

static void two_sources(void)
{
    quiet();
    uart_level(true);
    rtc_level(true);
    tell_state("two, both high");
    tell_claim("two, first claim");
    tell_claim("two, second claim");
    tell_claim("two, third claim");
    complete(UART_SOURCE);
    tell_state("two, one completed while both are high");
    complete(RTC_SOURCE);
    tell_state("two, both completed while both are high");
    tell_claim("two, first claim of the second round");
    complete(RTC_SOURCE);
    tell_state("two, completed before the other was claimed");
    quiet();
    write32(PRIORITY(UART_SOURCE), 2);
    uart_level(true);
    rtc_level(true);
    tell_claim("tie, first claim");
    complete(RTC_SOURCE);
    tell_state("tie, the other source completed");
    complete(UART_SOURCE);
    tell_claim("tie, second claim");
}

static void threshold(void)
{
    quiet();
    uart_level(true);
    rtc_level(true);
    for (uint32_t value = 0; value < 4; value++) {
        write32(THRESHOLD, value);
        say("threshold ");
        say_decimal(value);
        tell_state(", both high");
    }
    tell_claim("threshold 3, first claim");
    tell_claim("threshold 3, second claim");
    quiet();
    write32(PRIORITY(UART_SOURCE), 0);
    uart_level(true);
    tell_state("priority 0");
    tell_claim("priority 0, claim");
    write32(PRIORITY(UART_SOURCE), 1);
    tell_state("priority 1 again");
    tell_claim("priority 1 again, claim");
}

/* Disabled: no notification, no claim, and a completion is ignored. */
static void disabled(void)
{
    quiet();
    write32(ENABLE, 0);
    uart_level(true);
    tell_state("disabled, high");
    tell_claim("disabled, claim");
    write32(ENABLE, BOTH);
    tell_state("enabled while high");
    tell_claim("enabled while high, claim");
    write32(ENABLE, 0);
    complete(UART_SOURCE);
    write32(ENABLE, BOTH);
    tell_state("completed while disabled");
    tell_claim("completed while disabled, claim");
    complete(UART_SOURCE);
    tell_state("completed when enabled");
    complete(0);
    complete(95);
    complete(96);
    complete(1023);
    complete(UINT32_MAX);
    tell_state("completions of sources that do not exist");
}

static void masked_by_threshold(void)
{
    quiet();
    uart_level(true);
    tell_claim("masked, claim");
    write32(THRESHOLD, 7);
    complete(UART_SOURCE);
    tell_state("masked, completed");
    write32(THRESHOLD, 0);
    tell_state("masked, threshold down");
    tell_claim("masked, claim after");
}

static void trap_taken(void)
{
    uint64_t before = trap_last.count;

    quiet();
    csr_set(sie, IRQ_EXTERNAL);
    csr_set(sstatus, 2);
    uart_level(true);
    for (uint64_t end = time_now() + 100000; trap_last.count == before && time_now() < end;)
        ;
    csr_clear(sstatus, 2);
    tell("traps taken", trap_last.count - before);
    tell("cause of the trap", trap_last.cause);
    tell("stval of the trap", trap_last.value);
    csr_set(sip, IRQ_EXTERNAL);
    tell("sip written, seip", csr_read(sip) & IRQ_EXTERNAL);
    csr_clear(sip, IRQ_EXTERNAL);
    tell("sip cleared, seip", csr_read(sip) & IRQ_EXTERNAL);
    tell_claim("taken, claim");
}

void compare_main(uint64_t hart, uint64_t dtb)
{
    (void)hart;
    (void)dtb;
    registers();
    widths();
    rtc_alarm_raise();
    one_source();
    latch();
    two_sources();
    threshold();
    disabled();
    masked_by_threshold();
    trap_taken();
    quiet();
}
