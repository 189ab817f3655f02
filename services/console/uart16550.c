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
    MCR_OUT2 = 8, /* on many boards this lets the interrupt out */
    LSR_RECEIVED = 1,
    LSR_EMPTY = 0x20,
};

static uint8_t get(struct uart *uart, unsigned reg)
{
    return uart->read(uart->context, reg);
}

static void put(struct uart *uart, unsigned reg, uint8_t value)
{
    uart->write(uart->context, reg, value);
}

void uart_init(struct uart *uart)
{
    uart->enabled = IER_RECEIVED;
    put(uart, LCR, (uint8_t)(get(uart, LCR) & ~LCR_DIVISOR));
    put(uart, IER, 0);
    put(uart, IIR_FCR, FCR_ENABLE);
    put(uart, MCR, MCR_DTR | MCR_RTS | MCR_OUT2);
    put(uart, IER, uart->enabled);
}

size_t uart_receive(struct uart *uart, uint8_t *to, size_t most)
{
    size_t count = 0;

    while (count < most && (get(uart, LSR) & LSR_RECEIVED))
        to[count++] = get(uart, RBR_THR);
    return count;
}

bool uart_can_send(struct uart *uart)
{
    return (get(uart, LSR) & LSR_EMPTY) != 0;
}

void uart_send(struct uart *uart, const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        put(uart, RBR_THR, bytes[i]);
}

void uart_want(struct uart *uart, bool received, bool empty)
{
    uint8_t enabled = (uint8_t)((received ? IER_RECEIVED : 0) | (empty ? IER_EMPTY : 0));

    if (enabled == uart->enabled)
        return;
    uart->enabled = enabled;
    put(uart, IER, enabled);
}
