/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A 16550A UART without a wire: what the guest sends goes to its console, what is
 * typed there arrives here.  The line's speed means nothing; bytes leave as soon as
 * the console takes them and arrive when there is room for them, so none is lost:
 *  - a console that is full delays "transmitter holding register empty";
 *  - input stays outside until the receive FIFO has room.
 *
 * Specification: National Semiconductor PC16550D data sheet.
 */
#ifndef VMM_DEV_UART16550_H
#define VMM_DEV_UART16550_H

#include <vmm/core/dev.h>

#define UART16550_FIFO_BYTES 16u

extern const struct dev_model uart16550_model;

/*
 * Takes up to `count` bytes out of the receiver, the oldest first, as reads of the receiver buffer
 * register would; returns how many there were.  For the SBI's console, which is the same line.
 * Within a transaction.
 */
size_t uart16550_take(const struct dev_ctx *dev, uint8_t *bytes, size_t count);

#endif
