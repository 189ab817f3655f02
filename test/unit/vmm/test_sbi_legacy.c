/* SPDX-License-Identifier: BSD-2-Clause */
/* The legacy extensions of SBI 0.1. */
#include <string.h>

#include <vmm/boot/isa.h>

#include "sbi_call.h"
#include "suites.h"

#define SATP VCPU_REG_CSR(0x180)

START_TEST(test_sbi_legacy_mask_at_zero_is_everybody)
{
    /* A null pointer names all harts; the call returns a0 alone. */
    struct vmm_fake *fake = fake_new(2);
    struct done done = CALL(fake, 4, 99, 0);

    ck_assert_int_eq(done.result.end, SBI_END_LEGACY);
    ck_assert_uint_eq(done.result.value, 0);
    ck_assert_uint_eq(done.outcome.soft_set, 3);
    fake_free(fake);
}
END_TEST

START_TEST(test_sbi_legacy_mask_is_read_from_guest_virtual_memory)
{
    /* With translation off the address is physical; bits of missing harts are ignored. */
    struct vmm_fake *fake = fake_new(2);
    struct fake_call fence;

    memset(fake->ram + 0x100, 0xfe, 1);
    struct done done = CALL(fake, 4, 0, GUEST_RAM_GPA + 0x100);
    ck_assert_uint_eq(done.outcome.soft_set, 2);
    done = CALL(fake, 5, 0, GUEST_RAM_GPA + 0x100);
    ck_assert_uint_eq(fake_calls(fake, FAKE_FENCE, &fence), 1);
    ck_assert_uint_eq(fence.hart, 1);
    ck_assert_uint_eq(fence.arg[0], VCPU_OPS_FENCE_INSN);
    CALL(fake, 6, 0, GUEST_RAM_GPA + 0x100, 0x1000, 0x3000);
    fake_calls(fake, FAKE_FENCE, &fence);
    ck_assert_uint_eq(fence.arg[0], VCPU_OPS_FENCE_ADDRESS);
    ck_assert_uint_eq(fence.arg[2], 0x3000);
    CALL(fake, 7, 0, GUEST_RAM_GPA + 0x100, 0x1000, 0x3000, 9);
    fake_calls(fake, FAKE_FENCE, &fence);
    ck_assert_uint_eq(fence.arg[0], VCPU_OPS_FENCE_ADDRESS_ASID);
    ck_assert_uint_eq(fence.arg[3], 9);
    fake_free(fake);
}
END_TEST

START_TEST(test_sbi_legacy_fence_to_the_end_of_the_address_space)
{
    /* A range that ends with the address space is fenced; one that goes on is an error. */
    struct vmm_fake *fake = fake_new(1);
    struct fake_call fence;

    for (uint32_t eid = 6; eid <= 7; eid++) {
        ck_assert_uint_eq(CALL(fake, eid, 0, 0, LAST_PAGE, 0x1000, 0).result.value, 0);
        ck_assert_uint_eq(fake_calls(fake, FAKE_FENCE, &fence), 1);
        ck_assert_uint_eq(fence.arg[1], LAST_PAGE);
        ck_assert_uint_eq(fence.arg[2], 0x1000);
        fake_calls_clear(fake);
        ck_assert_uint_eq(CALL(fake, eid, 0, 0, LAST_PAGE, 0x1001, 0).result.value,
                          (uint64_t)SBI_ERR_INVALID_ADDRESS);
        ck_assert_uint_eq(fake_calls(fake, FAKE_FENCE, NULL), 0);
    }
    fake_free(fake);
}
END_TEST

START_TEST(test_sbi_legacy_bad_mask_pointer_faults_the_guest)
{
    /* A fault in reading the mask is injected into the guest, at its ecall. */
    struct vmm_fake *fake = fake_new(1);
    struct done done = CALL(fake, 4, 0, 0x1000);

    ck_assert_int_eq(done.result.end, SBI_END_TRAP);
    ck_assert_uint_eq(done.outcome.cause, 5);
    ck_assert_uint_eq(done.outcome.tval, 0x1000);
    fake->csr[SATP] = UINT64_C(8) << 60 | GUEST_RAM_GPA >> 12;
    done = CALL(fake, 5, 0, 0x2000);
    ck_assert_int_eq(done.result.end, SBI_END_TRAP);
    ck_assert_uint_eq(done.outcome.cause, 13);
    ck_assert_uint_eq(fake_calls(fake, FAKE_FENCE, NULL), 0);
    fake_free(fake);
}
END_TEST

START_TEST(test_sbi_legacy_mask_in_a_napot_range_is_read_where_the_guest_has_svnapot)
{
    /* A mask behind a NAPOT leaf is read if the guest's set of extensions holds Svnapot;
     * without Svnapot the leaf is a page fault. */
    struct vmm_fake *fake = fake_new(2);
    uint64_t table[] = {GUEST_RAM_GPA, GUEST_RAM_GPA + 0x1000, GUEST_RAM_GPA + 0x2000};
    uint64_t entry[] = {table[1] >> 2 | 1, table[2] >> 2 | 1,
                        UINT64_C(1) << 63 | (GUEST_RAM_GPA + 0x18000) >> 2 | 3};

    for (size_t i = 0; i < 3; i++) /* level 0 maps the page 0x3000 */
        memcpy(fake->ram + 0x1000 * i + (i == 2 ? 8 * 3 : 0), &entry[i], sizeof entry[i]);
    memset(fake->ram + 0x13100, 2, 1);
    fake->csr[SATP] = UINT64_C(8) << 60 | table[0] >> 12;
    struct done done = CALL(fake, 4, 0, 0x3100);
    ck_assert_int_eq(done.result.end, SBI_END_TRAP);
    ck_assert_uint_eq(done.outcome.cause, 13);
    fake->machine.config.isa_extensions |= ISA_SVNAPOT;
    done = CALL(fake, 4, 0, 0x3100);
    ck_assert_int_eq(done.result.end, SBI_END_LEGACY);
    ck_assert_uint_eq(done.outcome.soft_set, 2);
    fake_free(fake);
}
END_TEST

START_TEST(test_sbi_legacy_console_and_timer)
{
    /* Timer, putchar (which waits for room) and getchar (-1 when nothing was typed). */
    struct vmm_fake *fake = fake_new(1);

    struct done done = CALL(fake, 0, 0, 555);
    ck_assert_uint_eq(done.result.value, 0);
    ck_assert_uint_eq(done.outcome.timer_ticks, 555);
    ck_assert_uint_eq(done.outcome.flags, OUTCOME_TIMER);
    done = CALL(fake, 1, 0, 'z');
    ck_assert_int_eq(done.result.end, SBI_END_LEGACY);
    ck_assert_uint_eq(done.outcome.text_gpa, 'z');
    fake->out_limit = 1;
    ck_assert_int_eq(CALL(fake, 1, 0, 'z').result.end, SBI_END_WAIT);
    ck_assert_uint_eq(CALL(fake, 2, 0, 0).result.value, UINT64_MAX);
    fake_type(fake, "kl");
    fake_signal(fake, 0); /* the UART has received the first */
    ck_assert_uint_eq(CALL(fake, 2, 0, 0).result.value, 'k');
    ck_assert_uint_eq(CALL(fake, 2, 0, 0).result.value, 'l');
    ck_assert_uint_eq(CALL(fake, 2, 0, 0).result.value, UINT64_MAX);
    fake_free(fake);
}
END_TEST

START_TEST(test_sbi_legacy_clear_ipi_tells_whether_one_was_pending)
{
    /* 0 when none was pending; positive when one was wanted or already delivered. */
    struct vmm_fake *fake = fake_new(1);

    struct done done = CALL(fake, 3, 0, 0);
    ck_assert_uint_eq(done.result.value, 0);
    ck_assert_uint_eq(done.outcome.soft_clear, 1);
    fake->csr[VCPU_REG_CSR(0x144)] = 2;
    ck_assert_uint_eq(CALL(fake, 3, 0, 0).result.value, 1);
    fake->csr[VCPU_REG_CSR(0x144)] = 0;
    fake->page[0].irq = VCPU_IRQ_SOFT_SET;
    ck_assert_uint_eq(CALL(fake, 3, 0, 0).result.value, 1);
    fake_free(fake);
}
END_TEST

START_TEST(test_sbi_legacy_shutdown_powers_off)
{
    /* Shutdown does not return. */
    struct vmm_fake *fake = fake_new(1);
    ck_assert_int_eq(CALL(fake, 8, 0, 0).result.end, SBI_END_NO_RETURN);
    ck_assert_uint_eq(fake->machine.state->power, DEV_POWER_OFF);
    fake_free(fake);
}
END_TEST

TCase *sbi_legacy_tcase(void)
{
    TCase *tcase = tcase_create("sbi legacy");
    tcase_add_test(tcase, test_sbi_legacy_mask_at_zero_is_everybody);
    tcase_add_test(tcase, test_sbi_legacy_mask_is_read_from_guest_virtual_memory);
    tcase_add_test(tcase, test_sbi_legacy_fence_to_the_end_of_the_address_space);
    tcase_add_test(tcase, test_sbi_legacy_bad_mask_pointer_faults_the_guest);
    tcase_add_test(tcase,
                   test_sbi_legacy_mask_in_a_napot_range_is_read_where_the_guest_has_svnapot);
    tcase_add_test(tcase, test_sbi_legacy_console_and_timer);
    tcase_add_test(tcase, test_sbi_legacy_clear_ipi_tells_whether_one_was_pending);
    tcase_add_test(tcase, test_sbi_legacy_shutdown_powers_off);
    return tcase;
}
