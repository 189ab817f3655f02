/* SPDX-License-Identifier: BSD-2-Clause */
#include "device.h"

#define RTC     UINT64_C(0x101000)
#define RTC_IRQ 11u

const struct device_regs device_regs = {.gpa = RTC, .width = 4};

enum reg {
    TIME_LOW = 0x00,
    TIME_HIGH = 0x04,
    ALARM_LOW = 0x08,
    ALARM_HIGH = 0x0c,
    IRQ_ENABLED = 0x10,
    CLEAR_ALARM = 0x14,
    ALARM_STATUS = 0x18,
    CLEAR_INTERRUPT = 0x1c,
};

static uint64_t rtc_time(struct vmm_fake *fake)
{
    uint64_t low = reg_get(fake, TIME_LOW);
    return reg_get(fake, TIME_HIGH) << 32 | low;
}

START_TEST(test_rtc_time_is_read_in_two_halves_of_one_moment)
{
    /* TIME_HIGH is the value from the latest read of TIME_LOW. */
    struct vmm_fake *fake = fake_new(1);

    fake->wall_ns = UINT64_C(0x12345678ffffffff);
    reg_expect(fake, TIME_LOW, 0xffffffff);
    fake->wall_ns++;
    reg_expect(fake, TIME_HIGH, 0x12345678);
    ck_assert_uint_eq(rtc_time(fake), UINT64_C(0x1234567900000000));
    fake_free(fake);
}
END_TEST

START_TEST(test_rtc_time_can_be_set)
{
    /* The guest's clock runs on from the time that the guest set, also an earlier time. */
    struct vmm_fake *fake = fake_new(1);

    reg_put(fake, TIME_HIGH, 0x1000);
    reg_put(fake, TIME_LOW, 0x500);
    ck_assert_uint_eq(rtc_time(fake), UINT64_C(0x100000000500));
    fake->wall_ns += 7;
    ck_assert_uint_eq(rtc_time(fake), UINT64_C(0x100000000507));
    fake_free(fake);
}
END_TEST

START_TEST(test_rtc_alarm_interrupts_when_its_time_comes)
{
    /* The alarm is armed by ALARM_LOW, raised at its time, cleared by CLEAR_INTERRUPT. */
    struct vmm_fake *fake = fake_new(1);
    uint64_t alarm = fake->wall_ns + 1000;

    ck_assert_uint_eq(machine_deadline_ns(&fake->machine), DEV_NO_DEADLINE);
    reg_put(fake, IRQ_ENABLED, 1);
    reg_put(fake, ALARM_HIGH, alarm >> 32);
    reg_put(fake, ALARM_LOW, alarm & UINT32_MAX);
    reg_expect(fake, ALARM_STATUS, 1);
    ck_assert_uint_eq(machine_deadline_ns(&fake->machine), alarm);
    fake->wall_ns = alarm - 1;
    fake_signal(fake, 0);
    ck_assert(!fake_irq_is_pending(fake, RTC_IRQ));
    fake->wall_ns = alarm;
    fake_signal(fake, 0);
    ck_assert(fake_irq_is_pending(fake, RTC_IRQ));
    reg_expect(fake, ALARM_STATUS, 0);
    ck_assert_uint_eq(machine_deadline_ns(&fake->machine), DEV_NO_DEADLINE);
    irq_enable(fake, RTC_IRQ);
    ck_assert_uint_eq(irq_claim(fake), RTC_IRQ);
    reg_put(fake, CLEAR_INTERRUPT, 1);
    irq_complete(fake, RTC_IRQ);
    ck_assert(!fake_irq_is_pending(fake, RTC_IRQ));
    fake_free(fake);
}
END_TEST

START_TEST(test_rtc_deadline_is_the_alarm_in_ticks)
{
    /* The deadline is rounded up, so that the alarm is due then; beyond the clock's range: none. */
    struct vmm_fake *fake = fake_new(1);
    const struct {
        uint64_t ahead_ns, ticks;
    } rows[] = {{1, 1}, {100, 1}, {101, 2}, {UINT64_C(3600000000001), UINT64_C(36000000001)}};

    ck_assert_uint_eq(machine_deadline_ticks(&fake->machine), UINT64_MAX);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t alarm = fake->wall_ns + rows[i].ahead_ns;
        reg_put(fake, ALARM_HIGH, alarm >> 32);
        reg_put(fake, ALARM_LOW, alarm & UINT32_MAX);
        ck_assert_uint_eq(machine_deadline_ticks(&fake->machine),
                          fake->wall_ns / 100 + rows[i].ticks);
    }
    reg_put(fake, TIME_HIGH, 0);
    reg_put(fake, ALARM_HIGH, UINT32_MAX);
    reg_put(fake, ALARM_LOW, UINT32_MAX);
    reg_expect(fake, ALARM_STATUS, 1);
    ck_assert_uint_eq(machine_deadline_ns(&fake->machine), DEV_NO_DEADLINE);
    ck_assert_uint_eq(machine_deadline_ticks(&fake->machine), UINT64_MAX);
    fake_free(fake);
}
END_TEST

START_TEST(test_rtc_alarm_in_the_past_fires_at_once)
{
    /* An alarm that has passed is raised as it is armed; masked, it waits for IRQ_ENABLED. */
    struct vmm_fake *fake = fake_new(1);

    reg_put(fake, ALARM_HIGH, 0);
    reg_put(fake, ALARM_LOW, 1);
    reg_expect(fake, ALARM_STATUS, 0);
    ck_assert(!fake_irq_is_pending(fake, RTC_IRQ));
    reg_put(fake, IRQ_ENABLED, UINT32_MAX);
    reg_expect(fake, IRQ_ENABLED, 1);
    ck_assert(fake_irq_is_pending(fake, RTC_IRQ));
    fake_free(fake);
}
END_TEST

START_TEST(test_rtc_clear_alarm_disarms)
{
    /* A cleared alarm is never raised, and its registers still read as set. */
    struct vmm_fake *fake = fake_new(1);

    reg_put(fake, IRQ_ENABLED, 1);
    reg_put(fake, ALARM_HIGH, 0x7fffffff);
    reg_put(fake, ALARM_LOW, 0x1234);
    reg_put(fake, CLEAR_ALARM, 1);
    reg_expect(fake, ALARM_STATUS, 0);
    reg_expect(fake, ALARM_LOW, 0x1234);
    reg_expect(fake, ALARM_HIGH, 0x7fffffff);
    fake->wall_ns = UINT64_MAX;
    fake_signal(fake, 0);
    ck_assert(!fake_irq_is_pending(fake, RTC_IRQ));
    fake_free(fake);
}
END_TEST

START_TEST(test_rtc_unknown_registers_read_zero)
{
    /* Write-only and unknown registers read 0; other widths are refused. */
    struct vmm_fake *fake = fake_new(1);
    uint64_t value;

    reg_put(fake, ALARM_STATUS, UINT32_MAX);
    reg_put(fake, 0x20, UINT32_MAX);
    reg_expect(fake, CLEAR_ALARM, 0);
    reg_expect(fake, CLEAR_INTERRUPT, 0);
    reg_expect(fake, 0x20, 0);
    ck_assert_int_eq(fake_read(fake, RTC, 8, &value), ERR_NOT_SUPPORTED);
    ck_assert_int_eq(fake_read(fake, RTC, 1, &value), ERR_NOT_SUPPORTED);
    ck_assert_int_eq(fake_read(fake, RTC + 0x24, 4, &value), ERR_RANGE);
    fake_free(fake);
}
END_TEST

TCase *device_tcase(void)
{
    TCase *tcase = tcase_create("goldfish-rtc");
    tcase_add_test(tcase, test_rtc_time_is_read_in_two_halves_of_one_moment);
    tcase_add_test(tcase, test_rtc_time_can_be_set);
    tcase_add_test(tcase, test_rtc_alarm_interrupts_when_its_time_comes);
    tcase_add_test(tcase, test_rtc_deadline_is_the_alarm_in_ticks);
    tcase_add_test(tcase, test_rtc_alarm_in_the_past_fires_at_once);
    tcase_add_test(tcase, test_rtc_clear_alarm_disarms);
    tcase_add_test(tcase, test_rtc_unknown_registers_read_zero);
    return tcase;
}
