/* SPDX-License-Identifier: BSD-2-Clause */
#include "device.h"

#define PLIC                  UINT64_C(0xc000000)
#define PLIC_SOURCES          96u
#define PRIORITY(source)      (UINT64_C(4) * (source))
#define PENDING(word)         (UINT64_C(0x1000) + 4 * (word))
#define ENABLE(context, word) (UINT64_C(0x2000) + 0x80 * (context) + 4 * (word))
#define THRESHOLD(context)    (UINT64_C(0x200000) + 0x1000 * (context))
#define CLAIM(context)        (THRESHOLD(context) + 4)

const struct device_regs device_regs = {.gpa = PLIC, .width = 4};

#define S0                    1u
#define S1                    3u

static void plic_input(struct vmm_fake *fake, uint32_t source, bool is_high)
{
    log_begin(&fake->machine.log);
    const struct dev_ctx *dev = fake->machine.irqchip;
    dev->model->irq_input(dev, source, is_high);
    log_commit(&fake->machine.log);
    for (uint32_t hart = 0; hart < fake->config.hart_count; hart++)
        machine_sync_irq(&fake->machine, hart);
}

static bool plic_asks(const struct vmm_fake *fake, uint32_t hart)
{
    return fake->page[hart].irq & VCPU_IRQ_EXTERNAL;
}

static void plic_enable(struct vmm_fake *fake, uint32_t context, uint32_t source, uint32_t priority)
{
    uint64_t at = ENABLE(context, source / 32);
    reg_put(fake, at, reg_get(fake, at) | UINT32_C(1) << source % 32);
    reg_put(fake, PRIORITY(source), priority);
}

START_TEST(test_plic_level_source_goes_through_claim_and_complete)
{
    /* A high level makes one request until completion, and another one if it is still high then. */
    struct vmm_fake *fake = fake_new(1);

    plic_enable(fake, S0, 40, 1);
    ck_assert(!plic_asks(fake, 0));
    plic_input(fake, 40, true);
    ck_assert(plic_asks(fake, 0));
    reg_expect(fake, PENDING(1), 1u << 8);
    reg_expect(fake, CLAIM(S0), 40);
    ck_assert(!plic_asks(fake, 0));
    reg_expect(fake, PENDING(1), 0);
    reg_expect(fake, CLAIM(S0), 0);
    plic_input(fake, 40, true); /* still high, still in service */
    ck_assert(!plic_asks(fake, 0));
    reg_put(fake, CLAIM(S0), 40);
    ck_assert(plic_asks(fake, 0));
    reg_expect(fake, CLAIM(S0), 40);
    plic_input(fake, 40, false);
    reg_put(fake, CLAIM(S0), 40);
    ck_assert(!plic_asks(fake, 0));
    fake_free(fake);
}
END_TEST

START_TEST(test_plic_request_stays_pending_when_the_level_drops)
{
    /* A request that has left the gateway is not withdrawn: a claim still finds it. */
    struct vmm_fake *fake = fake_new(1);

    plic_enable(fake, S0, 5, 1);
    plic_input(fake, 5, true);
    plic_input(fake, 5, false);
    ck_assert(plic_asks(fake, 0));
    reg_expect(fake, CLAIM(S0), 5);
    reg_put(fake, CLAIM(S0), 5);
    ck_assert(!plic_asks(fake, 0));
    fake_free(fake);
}
END_TEST

START_TEST(test_plic_claim_takes_highest_priority_then_lowest_number)
{
    /* Every source from 1 to 95 works, in the order of the specification. */
    struct vmm_fake *fake = fake_new(1);

    for (uint32_t source = 1; source < PLIC_SOURCES; source++) {
        plic_enable(fake, S0, source, source % 7 + 1);
        plic_input(fake, source, true);
    }
    for (uint32_t priority = 7; priority > 0; priority--)
        for (uint32_t source = 1; source < PLIC_SOURCES; source++)
            if (source % 7 + 1 == priority)
                reg_expect(fake, CLAIM(S0), source);
    reg_expect(fake, CLAIM(S0), 0);
    fake_free(fake);
}
END_TEST

START_TEST(test_plic_threshold_masks_the_notification_not_the_claim)
{
    /* Priorities up to the threshold do not interrupt, but a claim returns them. */
    struct vmm_fake *fake = fake_new(1);

    plic_enable(fake, S0, 9, 3);
    plic_input(fake, 9, true);
    reg_put(fake, THRESHOLD(S0), 3);
    ck_assert(!plic_asks(fake, 0));
    reg_put(fake, THRESHOLD(S0), 2);
    ck_assert(plic_asks(fake, 0));
    reg_put(fake, THRESHOLD(S0), 7);
    reg_expect(fake, CLAIM(S0), 9);
    fake_free(fake);
}
END_TEST

START_TEST(test_plic_priority_zero_never_interrupts)
{
    /* A source of priority 0 never interrupts and is never claimed. */
    struct vmm_fake *fake = fake_new(1);

    plic_enable(fake, S0, 9, 0);
    plic_input(fake, 9, true);
    ck_assert(!plic_asks(fake, 0));
    reg_expect(fake, CLAIM(S0), 0);
    reg_expect(fake, PENDING(0), 1u << 9);
    fake_free(fake);
}
END_TEST

START_TEST(test_plic_complete_of_a_source_not_enabled_is_ignored)
{
    /* A completion counts only from a context that has the source enabled. */
    struct vmm_fake *fake = fake_new(2);

    plic_enable(fake, S0, 33, 1);
    plic_input(fake, 33, true);
    reg_expect(fake, CLAIM(S0), 33);
    reg_put(fake, CLAIM(S1), 33);
    ck_assert(!plic_asks(fake, 0));
    reg_put(fake, CLAIM(S0), 33);
    ck_assert(plic_asks(fake, 0));
    fake_free(fake);
}
END_TEST

START_TEST(test_plic_complete_without_claim_changes_nothing)
{
    /* A completion without a claim neither adds nor loses a request. */
    struct vmm_fake *fake = fake_new(1);

    plic_enable(fake, S0, 7, 1);
    reg_put(fake, CLAIM(S0), 7);
    ck_assert(!plic_asks(fake, 0));
    plic_input(fake, 7, true);
    reg_put(fake, CLAIM(S0), 7);
    reg_expect(fake, CLAIM(S0), 7);
    reg_put(fake, CLAIM(S0), 0);
    reg_put(fake, CLAIM(S0), 96);
    reg_put(fake, CLAIM(S0), UINT32_MAX);
    reg_expect(fake, CLAIM(S0), 0);
    fake_free(fake);
}
END_TEST

START_TEST(test_plic_one_source_two_harts_is_claimed_once)
{
    /* The first hart that claims gets the source, the other gets 0. */
    struct vmm_fake *fake = fake_new(2);

    plic_enable(fake, S0, 11, 1);
    plic_enable(fake, S1, 11, 1);
    plic_input(fake, 11, true);
    ck_assert(plic_asks(fake, 0) && plic_asks(fake, 1));
    reg_expect(fake, CLAIM(S1), 11);
    reg_expect(fake, CLAIM(S0), 0);
    machine_sync_irq(&fake->machine, 1);
    ck_assert(!plic_asks(fake, 0) && !plic_asks(fake, 1));
    fake_free(fake);
}
END_TEST

START_TEST(test_plic_machine_context_has_registers_but_no_listener)
{
    /* M contexts exist as on QEMU, and interrupt no hart. */
    struct vmm_fake *fake = fake_new(1);

    reg_put(fake, ENABLE(0, 0), 0xff);
    reg_expect(fake, ENABLE(0, 0), 0xfe);
    reg_put(fake, THRESHOLD(0), 5);
    reg_expect(fake, THRESHOLD(0), 5);
    reg_put(fake, PRIORITY(3), 7);
    plic_input(fake, 3, true);
    ck_assert(!plic_asks(fake, 0));
    reg_expect(fake, CLAIM(0), 3);
    fake_free(fake);
}
END_TEST

START_TEST(test_plic_registers_keep_legal_values_only)
{
    /* Priorities have 3 bits; source 0 cannot be enabled; pending is read only. */
    struct vmm_fake *fake = fake_new(1);

    reg_put(fake, PRIORITY(1), UINT32_MAX);
    reg_expect(fake, PRIORITY(1), 7);
    reg_put(fake, PRIORITY(0), 7);
    reg_expect(fake, PRIORITY(0), 0);
    reg_put(fake, THRESHOLD(S0), UINT32_MAX);
    reg_expect(fake, THRESHOLD(S0), 7);
    reg_put(fake, ENABLE(S0, 0), UINT32_MAX);
    reg_expect(fake, ENABLE(S0, 0), UINT32_MAX - 1);
    reg_put(fake, ENABLE(S0, 2), UINT32_MAX);
    reg_expect(fake, ENABLE(S0, 2), UINT32_MAX);
    reg_put(fake, PENDING(0), UINT32_MAX);
    reg_expect(fake, PENDING(0), 0);
    fake_free(fake);
}
END_TEST

START_TEST(test_plic_every_word_of_the_region_is_harmless)
{
    /* Reads and writes all over the 6 MiB give no error; registers out of range read 0. */
    struct vmm_fake *fake = fake_new(1);

    for (uint64_t at = 0; at < 0x600000; at += at < 0x4000 ? 4 : 0x404) {
        reg_put(fake, at, UINT32_MAX);
        reg_get(fake, at);
    }
    reg_expect(fake, PRIORITY(96), 0);
    reg_expect(fake, PRIORITY(1023), 0);
    reg_expect(fake, PENDING(3), 0);
    reg_expect(fake, ENABLE(S0, 3), 0);
    reg_expect(fake, ENABLE(2, 0), 0); /* no second hart */
    reg_expect(fake, THRESHOLD(2), 0);
    reg_expect(fake, THRESHOLD(S0) + 8, 0);
    reg_expect(fake, 0x5ffffc, 0);
    fake_free(fake);
}
END_TEST

START_TEST(test_plic_other_widths_are_refused)
{
    /* Registers take 32-bit accesses only, as on QEMU. */
    struct vmm_fake *fake = fake_new(1);
    uint64_t value;

    ck_assert_int_eq(fake_read(fake, PLIC + PRIORITY(1), 1, &value), ERR_NOT_SUPPORTED);
    ck_assert_int_eq(fake_read(fake, PLIC + PRIORITY(1), 2, &value), ERR_NOT_SUPPORTED);
    ck_assert_int_eq(fake_write(fake, PLIC + PRIORITY(2), 8, 0), ERR_NOT_SUPPORTED);
    ck_assert_int_eq(fake_write(fake, PLIC + 0x600000, 4, 0), ERR_RANGE);
    fake_free(fake);
}
END_TEST

START_TEST(test_plic_input_out_of_range_is_ignored)
{
    /* Source 0 and those past the last do not exist. */
    struct vmm_fake *fake = fake_new(1);

    reg_put(fake, ENABLE(S0, 0), UINT32_MAX);
    plic_input(fake, 0, true);
    plic_input(fake, PLIC_SOURCES, true);
    plic_input(fake, UINT32_MAX, true);
    reg_expect(fake, PENDING(0), 0);
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
