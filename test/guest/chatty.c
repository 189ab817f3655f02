/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes more than the consoles between guest and terminal can hold, by each way to write, and
 * powers itself off.
 */
#include "guest.h"

#define BYTES_EACH    (64u << 10)
#define UART_LSR      5u
#define LSR_THR_EMPTY 0x20u
#define LINE_BYTES    64u

#define SBI_PUTCHAR   1
#define SBI_DBCN      0x4442434e

static char line[LINE_BYTES];

static void write_uart(char c)
{
    while ((read8(UART_BASE + UART_LSR) & LSR_THR_EMPTY) == 0)
        ;
    write8(UART_BASE, (uint8_t)c);
}

static void write_dbcn(void)
{
    uint64_t done = 0;

    while (done < LINE_BYTES)
        done += sbi_call(SBI_DBCN, 0, LINE_BYTES - done, (uintptr_t)line + done, 0, 0).value;
}

void guest_main(uint64_t hart, uint64_t dtb)
{
    (void)hart;
    (void)dtb;
    for (unsigned i = 0; i < LINE_BYTES; i++)
        line[i] = i == LINE_BYTES - 1 ? '\n' : 'c';
    for (unsigned at = 0; at < BYTES_EACH; at++)
        write_uart(line[at % LINE_BYTES]);
    for (unsigned at = 0; at < BYTES_EACH; at++)
        (void)sbi_call(SBI_PUTCHAR, 0, (uint8_t)line[at % LINE_BYTES], 0, 0, 0);
    for (unsigned at = 0; at < BYTES_EACH; at += LINE_BYTES)
        write_dbcn();
    sbi_reset(0, 0);
}
