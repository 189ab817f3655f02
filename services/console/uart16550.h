/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A 16550A by interrupt (National Semiconductor PC16550D data sheet).  The rate
 * and the form of the line stay as firmware set them.
 */
#ifndef SERVICES_CONSOLE_UART16550_H
#define SERVICES_CONSOLE_UART16550_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UART_FIFO_BYTES 16

/* How the registers are reached: main.c's touch the device, tests have a model of it. */
struct uart {
    uint8_t (*read)(void *context, unsigned reg);
    void (*write)(void *context, unsigned reg, uint8_t value);
    void *context;
    uint8_t enabled; /* what the interrupt enable register holds */
};

/* FIFOs on, with what is in them; interrupts for received bytes on. */
void uart_init(struct uart *uart);

/* Takes received bytes, `most` at the most; errors of the line are cleared and what came damaged is
 * taken as it is. */
size_t uart_receive(struct uart *uart, uint8_t *to, size_t most);

/* True when the transmit FIFO is empty: then up to UART_FIFO_BYTES may be sent. */
bool uart_can_send(struct uart *uart);
void uart_send(struct uart *uart, const uint8_t *bytes, size_t count);

/* Which interrupts the service wants: bytes received (off while it has no room for them), and
 * transmit FIFO empty (on while it has something to send). */
void uart_want(struct uart *uart, bool received, bool empty);

#endif
