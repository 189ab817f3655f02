/* SPDX-License-Identifier: BSD-2-Clause */
#include <test/fakes/vmm_fake.h>
#include "device.h"

#define PLIC                  UINT64_C(0xc000000)
#define PLIC_SOURCES          96u
#define PRIORITY(source)      (PLIC + 4 * (source))
#define PENDING(word)         (PLIC + 0x1000 + 4 * (word))
#define ENABLE(context, word) (PLIC + 0x2000 + 0x80 * (context) + 4 * (word))
#define THRESHOLD(context)    (PLIC + 0x200000 + 0x1000 * (context))
#define CLAIM(context)        (THRESHOLD(context) + 4)

#define S0                    1u
#define S1                    3u

static void input(struct vmm_fake *fake, uint32_t source, bool is_high)
{
    log_begin(&fake->machine.log);
    const struct dev_ctx *dev = fake->machine.irqchip;
    dev->model->irq_input(dev, source, is_high);
    log_commit(&fake->machine.log);
    for (uint32_t hart = 0; hart < fake->config.hart_count; hart++)
        machine_sync_irq(&fake->machine, hart);
}

static bool is_asked(const struct vmm_fake *fake, uint32_t hart)
{
    return fake->page[hart].irq & VCPU_IRQ_EXTERNAL;
}

static void enable(struct vmm_fake *fake, uint32_t context, uint32_t source, uint32_t priority)
{
    uint64_t at = ENABLE(context, source / 32);
    fake_put(fake, at, 4, fake_get(fake, at, 4) | UINT32_C(1) << source % 32);
    fake_put(fake, PRIORITY(source), 4, priority);
}

START_TEST(test_plic_level_source_goes_through_claim_and_complete)
{
    /* A high level makes one request until completion, and another one if it is still high then. */
    struct vmm_fake *fake = fake_new(1);

    enable(fake, S0, 40, 1);
    ck_assert(!is_asked(fake, 0));
    input(fake, 40, true);
    ck_assert(is_asked(fake, 0));
    ck_assert_uint_eq(fake_get(fake, PENDING(1), 4), 1u << 8);
    ck_assert_uint_eq(fake_get(fake, CLAIM(S0), 4), 40);
    ck_assert(!is_asked(fake, 0));
    ck_assert_uint_eq(fake_get(fake, PENDING(1), 4), 0);
    ck_assert_uint_eq(fake_get(fake, CLAIM(S0), 4), 0);
    input(fake, 40, true); /* still high, still in service */
    ck_assert(!is_asked(fake, 0));
    fake_put(fake, CLAIM(S0), 4, 40);
    ck_assert(is_asked(fake, 0));
    ck_assert_uint_eq(fake_get(fake, CLAIM(S0), 4), 40);
    input(fake, 40, false);
    fake_put(fake, CLAIM(S0), 4, 40);
    ck_assert(!is_asked(fake, 0));
    fake_free(fake);
}
END_TEST

START_TEST(test_plic_request_stays_pending_when_the_level_drops)
{
    /* A request that has left the gateway is not withdrawn: a claim still finds it. */
    struct vmm_fake *fake = fake_new(1);

    enable(fake, S0, 5, 1);
    input(fake, 5, true);
    input(fake, 5, false);
    ck_assert(is_asked(fake, 0));
    ck_assert_uint_eq(fake_get(fake, CLAIM(S0), 4), 5);
    fake_put(fake, CLAIM(S0), 4, 5);
    ck_assert(!is_asked(fake, 0));
    fake_free(fake);
}
END_TEST

START_TEST(test_plic_claim_takes_highest_priority_then_lowest_number)
{
    /* Every source from 1 to 95 works, in the order of the specification. */
    struct vmm_fake *fake = fake_new(1);

    for (uint32_t source = 1; source < PLIC_SOURCES; source++) {
        enable(fake, S0, source, source % 7 + 1);
        input(fake, source, true);
    }
    for (uint32_t priority = 7; priority > 0; priority--)
        for (uint32_t source = 1; source < PLIC_SOURCES; source++)
            if (source % 7 + 1 == priority)
                ck_assert_uint_eq(fake_get(fake, CLAIM(S0), 4), source);
    ck_assert_uint_eq(fake_get(fake, CLAIM(S0), 4), 0);
    fake_free(fake);
}
END_TEST

START_TEST(test_plic_threshold_masks_the_notification_not_the_claim)
{
    /* Priorities up to the threshold do not interrupt, but a claim returns them. */
    struct vmm_fake *fake = fake_new(1);

    enable(fake, S0, 9, 3);
    input(fake, 9, true);
    fake_put(fake, THRESHOLD(S0), 4, 3);
    ck_assert(!is_asked(fake, 0));
    fake_put(fake, THRESHOLD(S0), 4, 2);
    ck_assert(is_asked(fake, 0));
    fake_put(fake, THRESHOLD(S0), 4, 7);
    ck_assert_uint_eq(fake_get(fake, CLAIM(S0), 4), 9);
    fake_free(fake);
}
END_TEST

START_TEST(test_plic_priority_zero_never_interrupts)
{
    /* A source of priority 0 never interrupts and is never claimed. */
    struct vmm_fake *fake = fake_new(1);

    enable(fake, S0, 9, 0);
    input(fake, 9, true);
    ck_assert(!is_asked(fake, 0));
    ck_assert_uint_eq(fake_get(fake, CLAIM(S0), 4), 0);
    ck_assert_uint_eq(fake_get(fake, PENDING(0), 4), 1u << 9);
    fake_free(fake);
}
END_TEST

START_TEST(test_plic_complete_of_a_source_not_enabled_is_ignored)
{
    /* A completion counts only from a context that has the source enabled. */
    struct vmm_fake *fake = fake_new(2);

    enable(fake, S0, 33, 1);
    input(fake, 33, true);
    ck_assert_uint_eq(fake_get(fake, CLAIM(S0), 4), 33);
    fake_put(fake, CLAIM(S1), 4, 33);
    ck_assert(!is_asked(fake, 0));
    fake_put(fake, CLAIM(S0), 4, 33);
    ck_assert(is_asked(fake, 0));
    fake_free(fake);
}
END_TEST

START_TEST(test_plic_complete_without_claim_changes_nothing)
{
    /* A completion without a claim neither adds nor loses a request. */
    struct vmm_fake *fake = fake_new(1);

    enable(fake, S0, 7, 1);
    fake_put(fake, CLAIM(S0), 4, 7);
    ck_assert(!is_asked(fake, 0));
    input(fake, 7, true);
    fake_put(fake, CLAIM(S0), 4, 7);
    ck_assert_uint_eq(fake_get(fake, CLAIM(S0), 4), 7);
    fake_put(fake, CLAIM(S0), 4, 0);
    fake_put(fake, CLAIM(S0), 4, 96);
    fake_put(fake, CLAIM(S0), 4, UINT32_MAX);
    ck_assert_uint_eq(fake_get(fake, CLAIM(S0), 4), 0);
    fake_free(fake);
}
END_TEST

START_TEST(test_plic_one_source_two_harts_is_claimed_once)
{
    /* The first hart that claims gets the source, the other gets 0. */
    struct vmm_fake *fake = fake_new(2);

    enable(fake, S0, 11, 1);
    enable(fake, S1, 11, 1);
    input(fake, 11, true);
    ck_assert(is_asked(fake, 0) && is_asked(fake, 1));
    ck_assert_uint_eq(fake_get(fake, CLAIM(S1), 4), 11);
    ck_assert_uint_eq(fake_get(fake, CLAIM(S0), 4), 0);
    machine_sync_irq(&fake->machine, 1);
    ck_assert(!is_asked(fake, 0) && !is_asked(fake, 1));
    fake_free(fake);
}
END_TEST

START_TEST(test_plic_machine_context_has_registers_but_no_listener)
{
    /* M contexts exist as on QEMU, and interrupt no hart. */
    struct vmm_fake *fake = fake_new(1);

    fake_put(fake, ENABLE(0, 0), 4, 0xff);
    ck_assert_uint_eq(fake_get(fake, ENABLE(0, 0), 4), 0xfe);
    fake_put(fake, THRESHOLD(0), 4, 5);
    ck_assert_uint_eq(fake_get(fake, THRESHOLD(0), 4), 5);
    fake_put(fake, PRIORITY(3), 4, 7);
    input(fake, 3, true);
    ck_assert(!is_asked(fake, 0));
    ck_assert_uint_eq(fake_get(fake, CLAIM(0), 4), 3);
    fake_free(fake);
}
END_TEST

START_TEST(test_plic_registers_keep_legal_values_only)
{
    /* Priorities have 3 bits; source 0 cannot be enabled; pending is read only. */
    struct vmm_fake *fake = fake_new(1);

    fake_put(fake, PRIORITY(1), 4, UINT32_MAX);
    ck_assert_uint_eq(fake_get(fake, PRIORITY(1), 4), 7);
    fake_put(fake, PRIORITY(0), 4, 7);
    ck_assert_uint_eq(fake_get(fake, PRIORITY(0), 4), 0);
    fake_put(fake, THRESHOLD(S0), 4, UINT32_MAX);
    ck_assert_uint_eq(fake_get(fake, THRESHOLD(S0), 4), 7);
    fake_put(fake, ENABLE(S0, 0), 4, UINT32_MAX);
    ck_assert_uint_eq(fake_get(fake, ENABLE(S0, 0), 4), UINT32_MAX - 1);
    fake_put(fake, ENABLE(S0, 2), 4, UINT32_MAX);
    ck_assert_uint_eq(fake_get(fake, ENABLE(S0, 2), 4), UINT32_MAX);
    fake_put(fake, PENDING(0), 4, UINT32_MAX);
    ck_assert_uint_eq(fake_get(fake, PENDING(0), 4), 0);
    fake_free(fake);
}
END_TEST

START_TEST(test_plic_every_word_of_the_region_is_harmless)
{
    /* Reads and writes all over the 6 MiB give no error; registers out of range read 0. */
    struct vmm_fake *fake = fake_new(1);

    for (uint64_t at = PLIC; at < PLIC + 0x600000; at += at < PLIC + 0x4000 ? 4 : 0x404) {
        fake_put(fake, at & ~UINT64_C(3), 4, UINT32_MAX);
        fake_get(fake, at & ~UINT64_C(3), 4);
    }
    ck_assert_uint_eq(fake_get(fake, PRIORITY(96), 4), 0);
    ck_assert_uint_eq(fake_get(fake, PRIORITY(1023), 4), 0);
    ck_assert_uint_eq(fake_get(fake, PENDING(3), 4), 0);
    ck_assert_uint_eq(fake_get(fake, ENABLE(S0, 3), 4), 0);
    ck_assert_uint_eq(fake_get(fake, ENABLE(2, 0), 4), 0); /* no second hart */
    ck_assert_uint_eq(fake_get(fake, THRESHOLD(2), 4), 0);
    ck_assert_uint_eq(fake_get(fake, THRESHOLD(S0) + 8, 4), 0);
    ck_assert_uint_eq(fake_get(fake, PLIC + 0x5ffffc, 4), 0);
    fake_free(fake);
}
END_TEST

START_TEST(test_plic_other_widths_are_refused)
{
    /* Registers take 32-bit accesses only, as on QEMU. */
    struct vmm_fake *fake = fake_new(1);
    uint64_t value;

    ck_assert_int_eq(fake_read(fake, PRIORITY(1), 1, &value), ERR_NOT_SUPPORTED);
    ck_assert_int_eq(fake_read(fake, PRIORITY(1), 2, &value), ERR_NOT_SUPPORTED);
    ck_assert_int_eq(fake_write(fake, PRIORITY(2), 8, 0), ERR_NOT_SUPPORTED);
    ck_assert_int_eq(fake_write(fake, PLIC + 0x600000, 4, 0), ERR_RANGE);
    fake_free(fake);
}
END_TEST

START_TEST(test_plic_input_out_of_range_is_ignored)
{
    /* Source 0 and those past the last do not exist. */
    struct vmm_fake *fake = fake_new(1);

    fake_put(fake, ENABLE(S0, 0), 4, UINT32_MAX);
    input(fake, 0, true);
    input(fake, PLIC_SOURCES, true);
    input(fake, UINT32_MAX, true);
    ck_assert_uint_eq(fake_get(fake, PENDING(0), 4), 0);
    const struct dev_ctx *dev = fake->machine.irqchip;
    ck_assert(!dev->model->irq_output(dev, 1));
    ck_assert(!dev->model->irq_output(dev, UINT32_MAX));
    fake_free(fake);
}
END_TEST

TCase *device_tcase(void)
{
    TCase *tcase = tcase_create("plic");
    tcase_add_test(tcase, test_plic_level_source_goes_through_claim_and_complete);
    tcase_add_test(tcase, test_plic_request_stays_pending_when_the_level_drops);
    tcase_add_test(tcase, test_plic_claim_takes_highest_priority_then_lowest_number);
    tcase_add_test(tcase, test_plic_threshold_masks_the_notification_not_the_claim);
    tcase_add_test(tcase, test_plic_priority_zero_never_interrupts);
    tcase_add_test(tcase, test_plic_complete_of_a_source_not_enabled_is_ignored);
    tcase_add_test(tcase, test_plic_complete_without_claim_changes_nothing);
    tcase_add_test(tcase, test_plic_one_source_two_harts_is_claimed_once);
    tcase_add_test(tcase, test_plic_machine_context_has_registers_but_no_listener);
    tcase_add_test(tcase, test_plic_registers_keep_legal_values_only);
    tcase_add_test(tcase, test_plic_every_word_of_the_region_is_harmless);
    tcase_add_test(tcase, test_plic_other_widths_are_refused);
    tcase_add_test(tcase, test_plic_input_out_of_range_is_ignored);
    return tcase;
}
