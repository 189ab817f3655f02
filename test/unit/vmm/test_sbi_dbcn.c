/* SPDX-License-Identifier: BSD-2-Clause */
/* The debug console extension. */
#include "sbi_call.h"
#include "suites.h"

START_TEST(test_sbi_dbcn_bad_addresses_are_refused)
{
    /* Outside RAM, over its end, wrapping, or with a high half: nothing is read or written. */
    const uint64_t end = GUEST_RAM_GPA + FAKE_RAM_BYTES;
    const struct {
        uint64_t bytes, low, high;
    } rows[] = {
        {1, 0, 0},
        {1, GUEST_RAM_GPA - 1, 0},
        {2, end - 1, 0},
        {1, end, 0},
        {1, GUEST_RAM_GPA, 1},
        {1, GUEST_RAM_GPA, UINT64_MAX},
        {UINT64_MAX, GUEST_RAM_GPA, 0},
        {UINT64_MAX - GUEST_RAM_GPA + 2, GUEST_RAM_GPA, 0},
        {8, UINT64_MAX - 3, 0},
        {8, 0x10000000, 0},
    };
    struct vmm_fake *fake = fake_new(1);

    fake_type(fake, "input");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (uint32_t fid = 0; fid < 2; fid++)
            ck_error(CALL(fake, SBI_EID_DBCN, fid, rows[i].bytes, rows[i].low, rows[i].high),
                     SBI_ERR_INVALID_PARAM);
    ck_assert_uint_eq(fake->machine.text.state->out_position, 0);
    ck_assert_uint_eq(fake->machine.text.state->in_position, 0);
    ck_error(CALL(fake, SBI_EID_DBCN, 0, 0, end, 0), SBI_SUCCESS);
    fake_free(fake);
}
END_TEST

START_TEST(test_sbi_dbcn_write_takes_what_there_is_room_for)
{
    /* With a full console a write is partial or empty, never an error. */
    struct vmm_fake *fake = fake_new(1);

    fake->out_limit = 3;
    struct done done = CALL(fake, SBI_EID_DBCN, 0, 10, GUEST_RAM_GPA, 0);
    ck_error(done, SBI_SUCCESS);
    ck_assert_uint_eq(done.result.value, 3);
    ck_assert_uint_eq(done.outcome.text_bytes, 3);
    ck_assert_uint_eq(done.outcome.text_gpa, GUEST_RAM_GPA);
    done = CALL(fake, SBI_EID_DBCN, 0, 10, GUEST_RAM_GPA, 0);
    ck_error(done, SBI_SUCCESS);
    ck_assert_uint_eq(done.result.value, 0);
    fake_free(fake);
}
END_TEST

START_TEST(test_sbi_dbcn_read_gives_what_was_typed)
{
    /* A read gives at most the requested bytes, and none when none were typed. */
    struct vmm_fake *fake = fake_new(1);

    fake_type(fake, "abcdef");
    ck_assert_uint_eq(CALL(fake, SBI_EID_DBCN, 1, 4, GUEST_RAM_GPA + 8, 0).result.value, 4);
    ck_assert_uint_eq(CALL(fake, SBI_EID_DBCN, 1, 4, GUEST_RAM_GPA + 12, 0).result.value, 2);
    ck_assert_uint_eq(CALL(fake, SBI_EID_DBCN, 1, 4, GUEST_RAM_GPA + 16, 0).result.value, 0);
    ck_assert_mem_eq(fake->ram + 8, "abcdef\0\0", 8);
    fake_free(fake);
}
END_TEST

static void uart_write(struct vmm_fake *fake, uint32_t reg, uint64_t value)
{
    fake_put(fake, UINT64_C(0x10000000) + reg, 1, value);
}

START_TEST(test_sbi_dbcn_read_takes_what_the_uart_has_received_first)
{
    /* Bytes in the UART's receiver are read before bytes in the ring, with FIFOs off and on; the
     * read removes them from the receiver, and clears the receiver's interrupt. */
    for (uint32_t fcr = 0; fcr < 2; fcr++) {
        struct vmm_fake *fake = fake_new(1);

        uart_write(fake, 2, fcr);
        uart_write(fake, 1, 1);
        fake_type(fake, "abcdefghijklmnopqrstuvwxyz");
        fake_signal(fake, 0);
        ck_assert_uint_eq(fake->in_released, fcr ? 16 : 1);
        ck_assert_uint_eq(CALL(fake, SBI_EID_DBCN, 1, 1, GUEST_RAM_GPA, 0).result.value, 1);
        struct done done = CALL(fake, SBI_EID_DBCN, 1, 20, GUEST_RAM_GPA + 1, 0);
        ck_assert_uint_eq(done.result.value, 20);
        ck_assert_uint_eq(done.outcome.flags, OUTCOME_INPUT);
        ck_assert_mem_eq(fake->ram, "abcdefghijklmnopqrstu\0", 22);
        fake_signal(fake, 0);
        ck_assert_uint_eq(fake_get(fake, 0x10000000, 1), 'v');
        fake_free(fake);
    }
}
END_TEST

START_TEST(test_sbi_dbcn_read_of_the_last_byte_lowers_the_uart_interrupt)
{
    /* After the read the receiver is empty for the driver too, and takes no byte from the ring. */
    struct vmm_fake *fake = fake_new(1);

    uart_write(fake, 1, 1);
    fake_type(fake, "k");
    fake_signal(fake, 0);
    ck_assert_uint_eq(fake_get(fake, 0xc001000, 4), 1 << 10);
    struct done done = CALL(fake, SBI_EID_DBCN, 1, 8, GUEST_RAM_GPA, 0);
    ck_assert_uint_eq(done.result.value, 1);
    ck_assert_uint_eq(done.outcome.flags, 0);
    ck_assert_uint_eq(fake_get(fake, 0x10000002, 1), 1);
    ck_assert_uint_eq(fake_get(fake, 0x10000005, 1), 0x60);
    fake_free(fake);
}
END_TEST

START_TEST(test_sbi_dbcn_read_undone_leaves_the_uart_its_bytes)
{
    /* A read that was not committed leaves the receiver unchanged. */
    struct vmm_fake *fake = fake_new(1);
    uint64_t arg[6] = {4, GUEST_RAM_GPA};
    struct exit_outcome outcome = {0};
    struct sbi_call call = {
        .machine = &fake->machine, .eid = SBI_EID_DBCN, .fid = 1, .arg = arg, .outcome = &outcome};

    fake_type(fake, "xy");
    fake_signal(fake, 0);
    log_begin(&fake->machine.log);
    ck_assert_uint_eq(sbi_call(&call).value, 2);
    ck_assert_int_eq(log_rollback(&fake->machine.log), OK);
    ck_assert_uint_eq(fake_get(fake, 0x10000000, 1), 'x');
    ck_assert_uint_eq(fake_get(fake, 0x10000000, 1), 'y');
    fake_free(fake);
}
END_TEST

START_TEST(test_sbi_dbcn_write_byte_waits_for_room)
{
    /* The byte is written, or the call is made again later. */
    struct vmm_fake *fake = fake_new(1);

    fake->out_limit = 1;
    struct done done = CALL(fake, SBI_EID_DBCN, 2, 0x141);
    ck_error(done, SBI_SUCCESS);
    ck_assert_uint_eq(done.outcome.text_gpa, 0x41);
    ck_assert_int_eq(CALL(fake, SBI_EID_DBCN, 2, 'B').result.end, SBI_END_WAIT);
    fake_free(fake);
}
END_TEST

TCase *sbi_dbcn_tcase(void)
{
    TCase *tcase = tcase_create("sbi dbcn");
    tcase_add_test(tcase, test_sbi_dbcn_bad_addresses_are_refused);
    tcase_add_test(tcase, test_sbi_dbcn_write_takes_what_there_is_room_for);
    tcase_add_test(tcase, test_sbi_dbcn_read_gives_what_was_typed);
    tcase_add_test(tcase, test_sbi_dbcn_read_takes_what_the_uart_has_received_first);
    tcase_add_test(tcase, test_sbi_dbcn_read_of_the_last_byte_lowers_the_uart_interrupt);
    tcase_add_test(tcase, test_sbi_dbcn_read_undone_leaves_the_uart_its_bytes);
    tcase_add_test(tcase, test_sbi_dbcn_write_byte_waits_for_room);
    return tcase;
}
