/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The clock: time that goes on and can be set, the alarm, its interrupt.
 *
 * Specification: "Goldfish RTC" of the Goldfish virtual hardware description, which QEMU's `virt`
 * documents as its clock: TIME_LOW latches TIME_HIGH, writing ALARM_LOW arms the alarm.
 */
#include "compare.h"

#define TIME_LOW        (RTC_BASE + 0x00)
#define TIME_HIGH       (RTC_BASE + 0x04)
#define ALARM_LOW       (RTC_BASE + 0x08)
#define ALARM_HIGH      (RTC_BASE + 0x0c)
#define IRQ_ENABLED     (RTC_BASE + 0x10)
#define CLEAR_ALARM     (RTC_BASE + 0x14)
#define ALARM_STATUS    (RTC_BASE + 0x18)
#define CLEAR_INTERRUPT (RTC_BASE + 0x1c)

#define PENDING         (PLIC_BASE + 0x1000)
#define RTC_SOURCE      11u
#define NS_PER_MS       UINT64_C(1000000)
#define NS_PER_TICK     UINT64_C(100)

static uint64_t now_ns(void)
{
    uint64_t low = read32(TIME_LOW);

    return (uint64_t)read32(TIME_HIGH) << 32 | low;
}

static void wait_ms(uint64_t ms)
{
    for (uint64_t end = time_now() + ms * TICKS_PER_MS; time_now() < end;)
        ;
}

static void alarm_set(uint64_t ns)
{
    write32(ALARM_HIGH, (uint32_t)(ns >> 32));
    write32(ALARM_LOW, (uint32_t)ns);
}

/* Completes any claim of the clock's source, so that `pending` follows the level again. */
static uint32_t pending(void)
{
    return read32(PENDING) >> RTC_SOURCE & 1;
}

static void settle(void)
{
    write32(IRQ_ENABLED, 0);
    write32(CLEAR_ALARM, 0);
    write32(CLEAR_INTERRUPT, 0);
    write32(PLIC_BASE + 0x2080, 1u << RTC_SOURCE);
    write32(PLIC_BASE + 4 * RTC_SOURCE, 1);
    write32(PLIC_BASE + 0x201000, 0);
    (void)read32(PLIC_BASE + 0x201004);
    write32(PLIC_BASE + 0x201004, RTC_SOURCE);
}

static void tell_alarm(const char *name)
{
    say(name);
    say(": armed ");
    say_hex(read32(ALARM_STATUS));
    say(" enabled ");
    say_hex(read32(IRQ_ENABLED));
    say(" pending ");
    say_decimal(pending());
    tell_end();
}

/* Each read of the clock lies between two reads of `time`, so that a pause does no harm. */
static void time_goes_on(void)
{
    uint64_t slack_ns = 10 * NS_PER_MS, outer_begin = time_now(), first = now_ns();
    uint64_t inner_begin = time_now();

    wait_ms(20);
    uint64_t inner_ns = (time_now() - inner_begin) * NS_PER_TICK;
    uint64_t passed_ns = now_ns() - first;
    uint64_t outer_ns = (time_now() - outer_begin) * NS_PER_TICK;
    tell("time goes forward", passed_ns > 0);
    tell("time is that of the time CSR within 10 ms",
         passed_ns + slack_ns > inner_ns && passed_ns < outer_ns + slack_ns);
    tell("time is after 2020", first / UINT64_C(1000000000) > UINT64_C(1577836800));
    uint32_t high = read32(TIME_HIGH);
    wait_ms(5);
    tell("high half changes without a read of the low one", high != read32(TIME_HIGH));
}

static void time_set(void)
{
    uint64_t before = now_ns();

    write32(TIME_HIGH, 0x10);
    write32(TIME_LOW, 0);
    uint64_t first = now_ns();
    tell("time set, high half", first >> 32);
    tell("time set, less than 1 s later", (first & UINT32_MAX) < 1000 * NS_PER_MS);
    write32(TIME_HIGH, 0xffffffff);
    tell("time set to the far future, high half", now_ns() >> 32);
    write32(TIME_HIGH, (uint32_t)(before >> 32));
    write32(TIME_LOW, (uint32_t)before);
    tell("time set back, within 1 s", now_ns() - before < 1000 * NS_PER_MS);
}

static void registers(void)
{
    static const uint64_t reg[] = {0x08, 0x0c, 0x10, 0x14, 0x18, 0x1c, 0x20};

    for (size_t i = 0; i < sizeof reg / sizeof reg[0]; i++)
        tell_load(RTC_BASE + reg[i], 4);
    alarm_set(UINT64_C(0x4000000076543210)); /* in the year 2116 */
    tell_alarm("alarm far away");
    tell("alarm, low half", read32(ALARM_LOW));
    tell("alarm, high half", read32(ALARM_HIGH));
    write32(CLEAR_ALARM, 0);
    tell_alarm("alarm cleared");
    tell("alarm cleared, low half", read32(ALARM_LOW));
    tell("alarm cleared, high half", read32(ALARM_HIGH));
    write32(IRQ_ENABLED, 0xffffffff);
    tell_alarm("all ones enabled");
    write32(IRQ_ENABLED, 2);
    tell_alarm("two enabled");
    write32(ALARM_STATUS, 1);
    tell_alarm("status written");
    write32(RTC_BASE + 0x20, 0xffffffff);
    tell("register 0x20 written", read32(RTC_BASE + 0x20));
    write32(ALARM_HIGH, 0x55);
    tell_alarm("high half of the alarm written alone");
    settle();
}

static void alarm_in_the_past(void)
{
    settle();
    alarm_set(1);
    tell_alarm("past, off");
    write32(IRQ_ENABLED, 1);
    tell_alarm("past, enabled after");
    write32(CLEAR_ALARM, 0);
    tell_alarm("past, alarm cleared");
    tell("past, claim", read32(PLIC_BASE + 0x201004));
    write32(CLEAR_INTERRUPT, 0);
    write32(PLIC_BASE + 0x201004, RTC_SOURCE);
    tell_alarm("past, interrupt cleared and completed");
    alarm_set(now_ns());
    tell_alarm("past, set to now");
    settle();
}

static void alarm_to_come(void)
{
    settle();
    write32(IRQ_ENABLED, 1);
    alarm_set(now_ns() + 300 * NS_PER_MS);
    tell_alarm("to come");
    write32(CLEAR_ALARM, 0);
    wait_ms(310);
    tell_alarm("to come, cleared before");
    uint64_t when = now_ns() + 20 * NS_PER_MS;
    alarm_set(when);
    for (uint64_t end = time_now() + 1000 * TICKS_PER_MS; !pending() && time_now() < end;)
        ;
    tell("to come, not before its time", now_ns() + 5 * NS_PER_MS > when);
    tell_alarm("to come, come");
    write32(IRQ_ENABLED, 0);
    tell_alarm("to come, off again");
    settle();
    tell_alarm("settled");
}

/* Time set past the alarm, and an alarm that was set before the time was. */
static void alarm_and_time_set(void)
{
    uint64_t before = now_ns();

    settle();
    write32(IRQ_ENABLED, 1);
    alarm_set(before + (UINT64_C(1) << 40));
    write32(TIME_HIGH, (uint32_t)(before >> 32) + 0x1000);
    wait_ms(20);
    tell_alarm("time set past the alarm");
    write32(TIME_HIGH, (uint32_t)(before >> 32));
    write32(TIME_LOW, (uint32_t)before);
    settle();
}

/* The end of the clock's range, and half of it. */
static void alarm_at_the_end(void)
{
    write32(IRQ_ENABLED, 1);
    alarm_set(UINT64_MAX / 2);
    wait_ms(5);
    tell_alarm("alarm at half of the range");
    settle();
    write32(IRQ_ENABLED, 1);
    alarm_set(UINT64_MAX);
    wait_ms(5);
    tell_alarm("alarm at the end of the range");
    settle();
}

void compare_main(uint64_t hart, uint64_t dtb)
{
    (void)hart;
    (void)dtb;
    time_goes_on();
    registers();
    time_set();
    alarm_in_the_past();
    alarm_to_come();
    alarm_and_time_set();
    alarm_at_the_end();
}
