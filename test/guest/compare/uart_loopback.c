/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The UART in loopback, with FIFOs off and on: order of bytes, overrun, trigger
 * levels, the character timeout, the order of interrupts.
 *
 * Specification: PC16550D data sheet, "Modem Control Register" (bit 4), "FIFO
 * Control Register", "Line Status Register", "Interrupt Identification
 * Register", "FIFO Interrupt Mode Operation".
 */
#include "compare.h"

#define DATA        UART_BASE
#define IER         (UART_BASE + 1)
#define IIR         (UART_BASE + 2)
#define FCR         (UART_BASE + 2)
#define LCR         (UART_BASE + 3)
#define MCR         (UART_BASE + 4)
#define LSR         (UART_BASE + 5)

#define MCR_LOOP    0x10u
#define LSR_DR      0x01u

#define UART_SOURCE 10u

static void begin(uint32_t fcr)
{
    write8(IER, 0);
    write8(MCR, MCR_LOOP);
    write8(FCR, 0);
    write8(FCR, fcr);
    while (read8(LSR) & LSR_DR)
        (void)read8(DATA);
}

/* The line status bits that time does not move: data ready, overrun, parity,
 * framing, break. */
static uint32_t line_status(void)
{
    return read8(LSR) & 0x9f;
}

static void tell_all(const char *name)
{
    say(name);
    say(": lsr ");
    say_hex(line_status());
    say(" bytes");
    while (read8(LSR) & LSR_DR) {
        say(" ");
        say_hex(read8(DATA));
    }
    say(" lsr ");
    say_hex(line_status());
    tell_end();
}

static void send(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        write8(DATA, 0x41 + i);
        for (uint64_t end = time_now() + TICKS_PER_MS / 5; time_now() < end;)
            ; /* longer than a byte takes at 115200 baud; reading LSR would clear an
           overrun */
    }
}

static void bytes(uint32_t fcr, const char *const name[3])
{
    begin(fcr);
    send(1);
    tell_all(name[0]);
    send(2);
    tell_all(name[1]);
    send(20);
    tell_all(name[2]);
}

/* Waits for the interrupt identified by `iir`; returns the last value of IIR. */
static uint32_t iir_wait(uint32_t iir)
{
    uint32_t seen = read8(IIR) & 0x0f;

    for (uint64_t end = time_now() + 500 * TICKS_PER_MS; seen != iir && time_now() < end;)
        seen = read8(IIR) & 0x0f;
    return seen;
}

/* With the largest divisor a byte takes seconds, and the timeout does not fire. */
static void speed(uint32_t divisor)
{
    write8(LCR, 0x83);
    write8(DATA, divisor & 0xff);
    write8(IER, divisor >> 8);
    write8(LCR, 0x03);
}

static void triggers(void)
{
    static const uint32_t fcr[4] = {0x01, 0x41, 0x81, 0xc1};
    static const unsigned level[4] = {1, 4, 8, 14};

    speed(0xffff);
    for (unsigned i = 0; i < 4; i++) {
        begin(fcr[i]);
        write8(IER, 1);
        say("trigger ");
        say_decimal(level[i]);
        say(", slow line: empty ");
        say_hex(read8(IIR) & 0x0f);
        send(level[i]);
        say(" at the level ");
        say_hex(read8(IIR) & 0x0f);
        (void)read8(DATA);
        say(" one below ");
        say_hex(read8(IIR) & 0x0f);
        tell_end();
    }
    speed(1);
    for (unsigned i = 0; i < 4; i++) {
        begin(fcr[i]);
        write8(IER, 1);
        send(level[i]);
        (void)read8(DATA);
        say("trigger ");
        say_decimal(level[i]);
        say(", fast line: one below ");
        say_hex(level[i] > 1 ? iir_wait(0x0c) : read8(IIR) & 0x0fu);
        for (unsigned j = 1; j < level[i]; j++)
            (void)read8(DATA);
        say(" empty again ");
        say_hex(read8(IIR) & 0x0f);
        tell_end();
    }
}

static void timeout(void)
{
    begin(0xc1);
    write8(IER, 1);
    send(3);
    tell("timeout, iir of three bytes", iir_wait(0x0c));
    (void)read8(DATA);
    tell("timeout, iir after one was read", iir_wait(0x0c));
    (void)read8(DATA);
    (void)read8(DATA);
    tell("timeout, iir when all were read", read8(IIR));
}

/* Line status before data, data before the transmitter, and that before the
 * modem. */
static void priorities(void)
{
    begin(0);
    write8(IER, 0);
    send(2);
    write8(MCR, MCR_LOOP | 2);
    write8(IER, 0x0f);
    tell("order, overrun first", read8(IIR) & 0x0f);
    tell("order, lsr of it", line_status());
    tell("order, then data", read8(IIR) & 0x0f);
    tell("order, the byte", read8(DATA));
    tell("order, then the transmitter", read8(IIR) & 0x0f);
    tell("order, then the modem", read8(IIR) & 0x0f);
    (void)read8(UART_BASE + 6);
    tell("order, then none", read8(IIR) & 0x0f);
}

static void clearing(void)
{
    begin(0x01);
    send(3);
    write8(FCR, 0x03);
    tell_all("receiver cleared");
    send(3);
    write8(FCR, 0x05);
    tell_all("transmitter cleared");
    send(3);
    write8(FCR, 0x00);
    tell_all("FIFOs switched off");
    send(1);
    write8(FCR, 0x01);
    tell_all("FIFOs switched on");
    send(3);
    write8(FCR, 0x81);
    tell_all("trigger level changed");
    send(3);
    write8(FCR, 0x06);
    tell_all("cleared with bit 0 clear");
}

/* The line to the interrupt controller follows the interrupts. */
static void line(void)
{
    uint64_t pending = PLIC_BASE + 0x1000, claim = PLIC_BASE + 0x201004;

    write32(PLIC_BASE + 4 * UART_SOURCE, 1);
    write32(PLIC_BASE + 0x2080, 1u << UART_SOURCE);
    write32(PLIC_BASE + 0x201000, 0);
    begin(0x01);
    (void)read32(claim);
    write32(claim, UART_SOURCE);
    tell("line, nothing", read32(pending));
    write8(IER, 1);
    send(1);
    tell("line, a byte", read32(pending));
    tell("line, claim", read32(claim));
    (void)read8(DATA);
    write32(claim, UART_SOURCE);
    tell("line, the byte read", read32(pending));
}

void compare_main(uint64_t hart, uint64_t dtb)
{
    static const char *const off[3] = {"off, one byte", "off, two bytes", "off, twenty bytes"};
    static const char *const on[3] = {"on, one byte", "on, two bytes", "on, twenty bytes"};

    (void)hart;
    (void)dtb;
    bytes(0x00, off);
    bytes(0x01, on);
    triggers();
    timeout();
    priorities();
    clearing();
    line();
    begin(0);
    write8(MCR, 0);
}
