/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A kernel without a UART driver, which reads typed bytes through firmware alone.  The first
 * number in its bootargs is the way: 1 the legacy getchar, 2 the debug console.  With a second
 * number, a boot loader ran before and has left the UART's FIFOs on.  Prints "typed: ready", reads
 * 26 bytes, and prints them as "typed: read BYTES"; after five seconds it prints what came until
 * then.
 */
#include "guest.h"

#define DBCN         UINT64_C(0x4442434e)
#define WAY_GETCHAR  1
#define WANTED       26u
#define FIVE_SECONDS 50000000u

static uint8_t buffer[16];

static void say(const char *text)
{
    for (; *text; text++)
        (void)sbi_call(DBCN, 2, (uint64_t)*text, 0, 0, 0);
}

/* Reads into `buffer`; the number of bytes. */
static uint64_t get(uint64_t way)
{
    if (way != WAY_GETCHAR)
        return sbi_call(DBCN, 1, sizeof buffer, (uint64_t)buffer, 0, 0).value;
    int64_t byte = sbi_call(2, 0, 0, 0, 0, 0).error;
    buffer[0] = (uint8_t)byte;
    return byte >= 0;
}

void guest_main(uint64_t hart, uint64_t dtb)
{
    static char line[WANTED + sizeof buffer + 1];
    uint64_t way = bootargs_number(dtb), count = 0;

    (void)hart;
    if (bootargs_second(dtb) != 0)
        write8(UART_BASE + 2, 7);
    say("typed: ready\n");
    uint64_t until = time_now() + FIVE_SECONDS;
    while (count < WANTED && time_now() < until) {
        uint64_t got = get(way);
        for (uint64_t i = 0; i < got; i++)
            line[count++] = (char)buffer[i];
    }
    say("typed: read ");
    say(line);
    say("\n");
    sbi_reset(0, 0);
}
