/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Driver for a 16550A by interrupt (National Semiconductor PC16550D data sheet).
 * Baud rate and line format stay as firmware set them.
 */
#ifndef SERVICES_CONSOLE_UART16550_H
#define SERVICES_CONSOLE_UART16550_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UART_FIFO_BYTES 16

/* Access to the registers: main.c accesses the device, tests a model of it. */
struct uart {
    uint8_t (*read)(void *context, unsigned reg);
    void (*write)(void *context, unsigned reg, uint8_t value);
    /* Reads the receive register and stores tag | byte into *to with the next instructions: the
     * read takes the byte out of the device. */
    void (*take)(void *context, _Atomic uint32_t *to, uint32_t tag);
    void *context;
    uint8_t enabled; /* what the interrupt enable register holds */
};

/* Enables the FIFOs, keeping their contents, and the interrupt for received bytes. */
void uart_init(struct uart *uart);

/* Stores a received byte as tag | byte into *to; false if none was received.  Clears line errors,
 * and takes a damaged byte as it is.  The low 8 bits of `tag` are 0. */
bool uart_receive(struct uart *uart, _Atomic uint32_t *to, uint32_t tag);

/* True when the transmit FIFO is empty: then up to UART_FIFO_BYTES may be sent. */
bool uart_can_send(struct uart *uart);
void uart_send(struct uart *uart, const uint8_t *bytes, size_t count);

/* Enables interrupts: `received` for received bytes (off while the service has no room for them),
 * `empty` for an empty transmit FIFO (on while the service has bytes to send). */
void uart_want(struct uart *uart, bool received, bool empty);

#endif
