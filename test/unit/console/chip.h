/* SPDX-License-Identifier: BSD-2-Clause */
/* A model of the 16550: a receive queue, and a transmit FIFO that the test empties. */
#ifndef TEST_UNIT_CONSOLE_CHIP_H
#define TEST_UNIT_CONSOLE_CHIP_H

#include <services/console/uart16550.h>

struct chip {
    uint8_t reg[8];
    char received[4096];
    size_t received_at, received_count;
    char sent[65536];
    size_t sent_count;
    bool is_empty;
    unsigned enable_writes;
};

/* struct uart's functions; the context is the struct chip. */
uint8_t chip_read(void *context, unsigned reg);
void chip_write(void *context, unsigned reg, uint8_t value);
void chip_take(void *context, _Atomic uint32_t *to, uint32_t tag);

#endif
