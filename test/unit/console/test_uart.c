/* SPDX-License-Identifier: BSD-2-Clause */
/* services/console: the UART's registers. */
#include <check.h>
#include <string.h>

#include <test/unit/console/chip.h>
#include <test/unit/console/suites.h>

static struct chip chip;

START_TEST(test_uart_drives_the_chip)
{
    /* Set-up keeps the line format, receives waiting bytes, and sends when the FIFO is empty. */
    struct uart uart = {
        .read = chip_read, .write = chip_write, .take = chip_take, .context = &chip};
    _Atomic uint32_t got;
    memset(&chip, 0, sizeof chip);
    chip.reg[3] = 0x83; /* firmware left the divisor latch open */
    uart_init(&uart);
    ck_assert_uint_eq(chip.reg[3], 3);
    ck_assert_uint_eq(chip.reg[1], 1);
    ck_assert_uint_eq(chip.reg[2], 1);
    ck_assert_uint_eq(chip.reg[4], 0xb);
    memcpy(chip.received, "a\xff", 2);
    chip.received_count = 2;
    ck_assert(uart_receive(&uart, &got, 0x100));
    ck_assert_uint_eq(got, 0x161);
    ck_assert(uart_receive(&uart, &got, 0x200));
    ck_assert_uint_eq(got, 0x2ff);
    ck_assert(!uart_receive(&uart, &got, 0x100));
    ck_assert_uint_eq(got, 0x2ff);
    ck_assert(!uart_can_send(&uart));
    chip.is_empty = true;
    ck_assert(uart_can_send(&uart));
    uart_send(&uart, (const uint8_t *)"xyz", 3);
    ck_assert_mem_eq(chip.sent, "xyz", 3);
}
END_TEST

START_TEST(test_uart_want_touches_register_only_for_a_change)
{
    /* The interrupt enable register is written only when its value changes. */
    struct uart uart = {
        .read = chip_read, .write = chip_write, .take = chip_take, .context = &chip};
    memset(&chip, 0, sizeof chip);
    uart_init(&uart);
    unsigned before = chip.enable_writes;
    uart_want(&uart, true, false);
    ck_assert_uint_eq(chip.enable_writes, before);
    uart_want(&uart, true, true);
    ck_assert_uint_eq(chip.reg[1], 3);
    uart_want(&uart, false, true);
    ck_assert_uint_eq(chip.reg[1], 2);
    ck_assert_uint_eq(chip.enable_writes, before + 2);
}
END_TEST

Suite *uart_suite(void)
{
    Suite *suite = suite_create("uart");
    TCase *tc = tcase_create("uart");
    tcase_add_test(tc, test_uart_drives_the_chip);
    tcase_add_test(tc, test_uart_want_touches_register_only_for_a_change);
    suite_add_tcase(suite, tc);
    return suite;
}
