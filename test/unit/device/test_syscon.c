/* SPDX-License-Identifier: BSD-2-Clause */
#include "device.h"

#define SYSCON   UINT64_C(0x100000)

#define FAIL     0x3333u
#define POWEROFF 0x5555u
#define REBOOT   0x7777u

START_TEST(test_syscon_write_asks_for_power)
{
    /* The finisher takes three commands, and keeps the code of a failure. */
    static const struct {
        uint32_t value, power, code;
    } rows[] = {
        {POWEROFF, DEV_POWER_OFF, 0}, {REBOOT, DEV_POWER_REBOOT, 0},
        {FAIL, DEV_POWER_FAILED, 0},  {0x12340000u | FAIL, DEV_POWER_FAILED, 0x1234},
        {0, DEV_POWER_RUN, 0},        {0x5554, DEV_POWER_RUN, 0},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct vmm_fake *fake = fake_new(1);
        fake_put(fake, SYSCON, 4, rows[i].value);
        ck_assert_uint_eq(fake->machine.state->power, rows[i].power);
        ck_assert_uint_eq(fake->machine.state->power_code, rows[i].code);
        fake_free(fake);
    }
}
END_TEST

START_TEST(test_syscon_elsewhere_does_nothing)
{
    /* Only the first register acts; all read 0; 16-bit writes act too, as on QEMU. */
    struct vmm_fake *fake = fake_new(1);
    uint64_t value;

    fake_put(fake, SYSCON + 4, 4, POWEROFF);
    ck_assert_uint_eq(fake->machine.state->power, DEV_POWER_RUN);
    ck_assert_uint_eq(fake_get(fake, SYSCON, 4), 0);
    ck_assert_int_eq(fake_read(fake, SYSCON, 1, &value), ERR_NOT_SUPPORTED);
    fake_put(fake, SYSCON, 2, POWEROFF);
    ck_assert_uint_eq(fake->machine.state->power, DEV_POWER_OFF);
    fake_free(fake);
}
END_TEST

TCase *device_tcase(void)
{
    TCase *tcase = tcase_create("syscon");
    tcase_add_test(tcase, test_syscon_write_asks_for_power);
    tcase_add_test(tcase, test_syscon_elsewhere_does_nothing);
    return tcase;
}
