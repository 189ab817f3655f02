/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A 16550A UART whose line is the guest's console.  The line's speed has no effect: a byte
 * is sent as soon as the console has room, and received as soon as the FIFO has room.  So no
 * byte is lost:
 *  - a full console delays "transmitter holding register empty";
 *  - input stays in the console's ring until the receive FIFO has room.
 *
 * Specification: National Semiconductor PC16550D data sheet.
 */
#ifndef VMM_DEV_UART16550_H
#define VMM_DEV_UART16550_H

#include <vmm/board/dev.h>

#define UART16550_FIFO_BYTES 16u

extern const struct dev_model uart16550_model;

/*
 * Takes up to `count` bytes out of the receiver, the oldest first, as reads of the receiver buffer
 * register do; returns their number.  For the SBI's console, which shares the line.  Within a
 * transaction.
 */
size_t uart16550_take(const struct dev_ctx *dev, uint8_t *bytes, size_t count);

#endif
