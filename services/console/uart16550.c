/* SPDX-License-Identifier: BSD-2-Clause */
#include <services/console/uart16550.h>

enum {
    RBR_THR = 0,
    IER = 1,
    IIR_FCR = 2,
    LCR = 3,
    MCR = 4,
    LSR = 5,
    IER_RECEIVED = 1,
    IER_EMPTY = 2,
    FCR_ENABLE = 1,
    LCR_DIVISOR = 0x80,
    MCR_DTR = 1,
    MCR_RTS = 2,
    MCR_OUT2 = 8, /* on many boards this enables the interrupt line */
    LSR_RECEIVED = 1,
    LSR_EMPTY = 0x20,
};

static uint8_t uart_register_read(struct uart *uart, unsigned reg)
{
    return uart->read(uart->context, reg);
}

static void uart_register_write(struct uart *uart, unsigned reg, uint8_t value)
{
    uart->write(uart->context, reg, value);
}

void uart_init(struct uart *uart)
{
    uart->enabled = IER_RECEIVED;
    uart_register_write(uart, LCR, (uint8_t)(uart_register_read(uart, LCR) & ~LCR_DIVISOR));
    uart_register_write(uart, IER, 0);
    uart_register_write(uart, IIR_FCR, FCR_ENABLE);
    uart_register_write(uart, MCR, MCR_DTR | MCR_RTS | MCR_OUT2);
    uart_register_write(uart, IER, uart->enabled);
}

bool uart_receive(struct uart *uart, _Atomic uint32_t *to, uint32_t tag)
{
    if (!(uart_register_read(uart, LSR) & LSR_RECEIVED))
        return false;
    uart->take(uart->context, to, tag);
    return true;
}

bool uart_can_send(struct uart *uart)
{
    return (uart_register_read(uart, LSR) & LSR_EMPTY) != 0;
}

void uart_send(struct uart *uart, const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        uart_register_write(uart, RBR_THR, bytes[i]);
}

void uart_want(struct uart *uart, bool received, bool empty)
{
    uint8_t enabled = (uint8_t)((received ? IER_RECEIVED : 0) | (empty ? IER_EMPTY : 0));

    if (enabled == uart->enabled)
        return;
    uart->enabled = enabled;
    uart_register_write(uart, IER, enabled);
}
