/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "device.h"

#define UART     UINT64_C(0x10000000)
#define UART_IRQ 10u

const struct device_regs device_regs = {.gpa = UART, .width = 1};

enum reg {
    DATA = 0,
    IER = 1,
    IIR = 2,
    FCR = 2,
    LCR = 3,
    MCR = 4,
    LSR = 5,
    MSR = 6,
    SCR = 7
};

static void uart_type(struct vmm_fake *fake, const char *text)
{
    fake_type(fake, text);
    fake_signal(fake, 0);
}

/* Does IIR name an interrupt? */
static bool uart_interrupts(struct vmm_fake *fake)
{
    return (reg_get(fake, IIR) & 1) == 0;
}

START_TEST(test_uart_reset_is_idle)
{
    /* The registers of an idle 16550A read as Linux's probe requires. */
    struct vmm_fake *fake = fake_new(1);

    reg_expect(fake, LSR, 0x60);
    reg_expect(fake, IIR, 0x01);
    reg_expect(fake, IER, 0);
    reg_expect(fake, MSR, 0xb0);
    reg_expect(fake, LCR, 0x03);
    reg_put(fake, SCR, 0xa5);
    reg_expect(fake, SCR, 0xa5);
    reg_put(fake, FCR, 1);
    reg_expect(fake, IIR, 0xc1);
    fake_free(fake);
}
END_TEST

START_TEST(test_uart_write_goes_out_in_order)
{
    /* Bytes leave in order, and the transmitter is empty again at once. */
    struct vmm_fake *fake = fake_new(1);

    for (const char *c = "hello"; *c; c++) {
        reg_put(fake, DATA, (uint8_t)*c);
        reg_expect(fake, LSR, 0x60);
    }
    ck_assert_uint_eq(fake->out_position, 5);
    ck_assert_mem_eq(fake->out, "hello", 5);
    fake_free(fake);
}
END_TEST

START_TEST(test_uart_full_console_delays_thre_and_loses_nothing)
{
    /* THRE stays low while the console has no room; accepted bytes arrive later. */
    struct vmm_fake *fake = fake_new(1);

    reg_put(fake, FCR, 1);
    reg_put(fake, IER, 2);
    reg_expect(fake, IIR, 0xc2);
    fake->out_limit = 2;
    for (char c = 'a'; c < 'a' + 10; c++)
        reg_put(fake, DATA, (uint8_t)c);
    reg_expect(fake, LSR, 0);
    reg_expect(fake, IIR, 0xc1);
    ck_assert_uint_eq(fake->out_position, 2);
    fake->out_limit = 5;
    fake_signal(fake, 0);
    reg_expect(fake, LSR, 0);
    fake->out_limit = 100;
    fake_signal(fake, 0);
    reg_expect(fake, LSR, 0x60);
    reg_expect(fake, IIR, 0xc2);
    ck_assert_uint_eq(fake->out_position, 10);
    ck_assert_mem_eq(fake->out, "abcdefghij", 10);
    fake_free(fake);
}
END_TEST

START_TEST(test_uart_thre_interrupt_is_cleared_by_iir_or_write)
{
    /* The THRE interrupt comes once each time THRE becomes true, and when it is first enabled. */
    struct vmm_fake *fake = fake_new(1);

    reg_put(fake, IER, 2);
    reg_expect(fake, IIR, 0x02);
    reg_expect(fake, IIR, 0x01);
    reg_put(fake, DATA, 'x');
    reg_expect(fake, IIR, 0x02);
    reg_expect(fake, IIR, 0x01);
    reg_put(fake, IER, 0);
    reg_put(fake, IER, 2);
    reg_expect(fake, IIR, 0x02);
    reg_put(fake, IER, 2); /* already enabled: no new interrupt */
    reg_expect(fake, IIR, 0x01);
    fake_free(fake);
}
END_TEST

START_TEST(test_uart_input_waits_for_room)
{
    /* The receiver takes at most a full FIFO; later bytes follow as it is read; none is lost. */
    struct vmm_fake *fake = fake_new(1);
    char text[] = "0123456789abcdefghijklmnopqrstuvwxyz", got[sizeof text] = {0};

    reg_put(fake, FCR, 1);
    uart_type(fake, text);
    ck_assert_uint_eq(fake->in_released, 16);
    for (size_t i = 0; i < strlen(text); i++) {
        ck_assert_uint_eq(reg_get(fake, LSR) & 1, 1);
        got[i] = (char)reg_get(fake, DATA);
    }
    ck_assert_str_eq(got, text);
    reg_expect(fake, LSR, 0x60);
    reg_expect(fake, DATA, 0);
    ck_assert_uint_eq(fake->in_released, strlen(text));
    fake_free(fake);
}
END_TEST

START_TEST(test_uart_without_fifo_holds_one_byte)
{
    /* With FIFOs off the receiver is one register deep. */
    struct vmm_fake *fake = fake_new(1);

    uart_type(fake, "xy");
    ck_assert_uint_eq(fake->in_released, 1);
    reg_expect(fake, DATA, 'x');
    reg_expect(fake, DATA, 'y');
    fake_free(fake);
}
END_TEST

START_TEST(test_uart_rx_interrupt_by_trigger_level_or_timeout)
{
    /* IIR: data available at the trigger level, character timeout below, none when empty. */
    struct vmm_fake *fake = fake_new(1);

    reg_put(fake, FCR, 0x81); /* trigger at 8 */
    reg_put(fake, IER, 1);
    uart_type(fake, "1234567");
    reg_expect(fake, IIR, 0xcc);
    uart_type(fake, "8");
    reg_expect(fake, IIR, 0xc4);
    reg_get(fake, DATA);
    reg_expect(fake, IIR, 0xcc);
    for (int i = 0; i < 7; i++)
        reg_get(fake, DATA);
    reg_expect(fake, IIR, 0xc1);
    fake_free(fake);
}
END_TEST

START_TEST(test_uart_interrupts_come_by_priority)
{
    /* IIR's order: line status, data, THRE, modem status; each is cleared in its own way. */
    struct vmm_fake *fake = fake_new(1);

    reg_put(fake, MCR, 0x10);
    reg_put(fake, IER, 0x0f);
    reg_put(fake, DATA, 'a');
    reg_put(fake, DATA, 'b'); /* loopback into a full register: overrun, and the new byte stays */
    reg_put(fake, MCR, 0x1b);
    reg_expect(fake, IIR, 0x06);
    reg_expect(fake, LSR, 0x63);
    reg_expect(fake, LSR, 0x61);
    reg_expect(fake, IIR, 0x04);
    reg_expect(fake, DATA, 'b');
    reg_expect(fake, IIR, 0x02);
    reg_expect(fake, IIR, 0x00);
    ck_assert_uint_eq(reg_get(fake, MSR) & 0xf0, 0xb0);
    reg_expect(fake, IIR, 0x01);
    fake_free(fake);
}
END_TEST

START_TEST(test_uart_overrun_loses_the_old_byte_without_fifos_and_the_new_one_with)
{
    /* LSR bit 1, overrun: without FIFOs the next character replaces the previous one; with FIFOs
     * the FIFO keeps its bytes.  Either way LSR reports the error once. */
    for (uint32_t fcr = 0; fcr < 2; fcr++) {
        struct vmm_fake *fake = fake_new(1);
        uint32_t depth = fcr ? 16 : 1;

        reg_put(fake, FCR, fcr);
        reg_put(fake, MCR, 0x10);
        for (uint32_t i = 0; i <= depth; i++)
            reg_put(fake, DATA, 'a' + i);
        reg_expect(fake, LSR, 0x63);
        reg_expect(fake, LSR, 0x61);
        for (uint32_t i = 0; i < depth; i++)
            reg_expect(fake, DATA, fcr ? 'a' + i : 'b');
        reg_expect(fake, LSR, 0x60);
        fake_free(fake);
    }
}
END_TEST

START_TEST(test_uart_loopback_sends_nothing_out)
{
    /* In loopback bytes are received again, lines follow MCR, and the console sees no byte. */
    struct vmm_fake *fake = fake_new(1);

    reg_put(fake, FCR, 1);
    reg_put(fake, MCR, 0x1f);
    ck_assert_uint_eq(reg_get(fake, MSR) & 0xf0, 0xf0);
    reg_put(fake, MCR, 0x1a); /* RTS and OUT2: what Linux's probe does */
    ck_assert_uint_eq(reg_get(fake, MSR) & 0xf0, 0x90);
    reg_put(fake, DATA, 'q');
    uart_type(fake, "typed");
    reg_expect(fake, DATA, 'q');
    ck_assert_uint_eq(reg_get(fake, LSR) & 1, 0);
    ck_assert_uint_eq(fake->out_position, 0);
    reg_put(fake, MCR, 0);
    reg_expect(fake, DATA, 't');
    fake_free(fake);
}
END_TEST

START_TEST(test_uart_modem_deltas_clear_on_read)
{
    /* MSR's low bits tell which lines changed since MSR was last read. */
    struct vmm_fake *fake = fake_new(1);

    reg_put(fake, MCR, 0x14); /* loopback with OUT1: DCD, DSR, CTS fall, RI rises */
    reg_expect(fake, MSR, 0x4b);
    reg_expect(fake, MSR, 0x40);
    reg_put(fake, MCR, 0x10);
    reg_expect(fake, MSR, 0x04); /* the ring indicator's trailing edge */
    reg_expect(fake, MSR, 0x00);
    fake_free(fake);
}
END_TEST

START_TEST(test_uart_dlab_selects_the_divisor)
{
    /* With DLAB the first two registers are the divisor, and no byte goes out. */
    struct vmm_fake *fake = fake_new(1);

    reg_put(fake, LCR, 0x83);
    reg_put(fake, DATA, 0x12);
    reg_put(fake, IER, 0x34);
    reg_expect(fake, DATA, 0x12);
    reg_expect(fake, IER, 0x34);
    reg_put(fake, LCR, 0x03);
    reg_expect(fake, LCR, 0x03);
    reg_expect(fake, IER, 0);
    ck_assert_uint_eq(fake->out_position, 0);
    fake_free(fake);
}
END_TEST

START_TEST(test_uart_fcr_clears_fifos)
{
    /* Clear bits and switching empty the FIFOs; without the enable bit other bits are ignored. */
    struct vmm_fake *fake = fake_new(1);

    reg_put(fake, FCR, 1);
    fake->out_limit = 0;
    reg_put(fake, DATA, 'x');
    uart_type(fake, "abc");
    reg_put(fake, FCR, 0x05);
    reg_expect(fake, LSR, 0x61);
    reg_put(fake, FCR, 0x03);
    reg_expect(fake, LSR, 0x60);
    uart_type(fake, "de");
    reg_put(fake, FCR, 0xc6); /* enable off: FIFOs switch off, and so are emptied */
    reg_expect(fake, LSR, 0x60);
    reg_expect(fake, IIR, 0x01);
    fake_free(fake);
}
END_TEST

START_TEST(test_uart_interrupt_line_reaches_the_controller)
{
    /* The interrupt line is source 10, a level that falls when the cause is cleared. */
    struct vmm_fake *fake = fake_new(1);

    irq_enable(fake, UART_IRQ);
    reg_put(fake, IER, 1);
    ck_assert(!uart_interrupts(fake));
    uart_type(fake, "k");
    machine_sync_irq(&fake->machine, 0);
    ck_assert(fake->page[0].irq & VCPU_IRQ_EXTERNAL);
    ck_assert(fake_irq_is_pending(fake, UART_IRQ));
    ck_assert_uint_eq(irq_claim(fake), UART_IRQ);
    reg_expect(fake, DATA, 'k');
    irq_complete(fake, UART_IRQ);
    ck_assert(!(fake->page[0].irq & VCPU_IRQ_EXTERNAL));
    fake_free(fake);
}
END_TEST

START_TEST(test_uart_wide_access_reaches_one_register)
{
    /* Wider accesses reach the register at their address; after the eighth there is none. */
    struct vmm_fake *fake = fake_new(1);
    uint64_t value;

    fake_put(fake, UART, 8, UINT64_C(0x1122334455667741));
    ck_assert_mem_eq(fake->out, "A", 1);
    ck_assert_uint_eq(fake->out_position, 1);
    ck_assert_uint_eq(fake_get(fake, UART + 4, 4), 0);
    ck_assert_int_eq(fake_read(fake, UART + 8, 1, &value), ERR_RANGE);
    fake_free(fake);
}
END_TEST

START_TEST(test_uart_any_state_bits_are_survived)
{
    /* With any garbage in the UART's state, no access reads or writes out of bounds. */
    for (uint32_t fill = 0; fill < 256; fill += 5) {
        struct vmm_fake *fake = fake_new(1);
        const struct dev_ctx *dev = fake_device(fake, "uart16550");
        memset(dev->state, (int)fill, dev->model->state.bytes);
        uart_type(fake, "some input that is longer than a FIFO");
        for (uint32_t turn = 0; turn < 3; turn++)
            for (uint32_t reg = 0; reg < 8; reg++) {
                reg_get(fake, reg);
                reg_put(fake, reg, reg * 37 + fill);
            }
        fake_free(fake);
    }
}
END_TEST

TCase *device_tcase(void)
{
    TCase *tcase = tcase_create("uart16550");
    tcase_add_test(tcase, test_uart_reset_is_idle);
    tcase_add_test(tcase, test_uart_write_goes_out_in_order);
    tcase_add_test(tcase, test_uart_full_console_delays_thre_and_loses_nothing);
    tcase_add_test(tcase, test_uart_thre_interrupt_is_cleared_by_iir_or_write);
    tcase_add_test(tcase, test_uart_input_waits_for_room);
    tcase_add_test(tcase, test_uart_without_fifo_holds_one_byte);
    tcase_add_test(tcase, test_uart_rx_interrupt_by_trigger_level_or_timeout);
    tcase_add_test(tcase, test_uart_interrupts_come_by_priority);
    tcase_add_test(tcase, test_uart_overrun_loses_the_old_byte_without_fifos_and_the_new_one_with);
    tcase_add_test(tcase, test_uart_loopback_sends_nothing_out);
    tcase_add_test(tcase, test_uart_modem_deltas_clear_on_read);
    tcase_add_test(tcase, test_uart_dlab_selects_the_divisor);
    tcase_add_test(tcase, test_uart_fcr_clears_fifos);
    tcase_add_test(tcase, test_uart_interrupt_line_reaches_the_controller);
    tcase_add_test(tcase, test_uart_wide_access_reaches_one_register);
    tcase_add_test(tcase, test_uart_any_state_bits_are_survived);
    return tcase;
}
