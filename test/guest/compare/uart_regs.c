/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The UART's registers: the bits that each keeps, the divisor at DLAB, modem lines, and the FIFO
 * control register.  No byte is sent or received.
 *
 * Specification: PC16550D data sheet, "Registers".
 */
#include "compare.h"

#define REG(n)   (UART_BASE + (n))
#define IER      REG(1)
#define IIR      REG(2)
#define FCR      REG(2)
#define LCR      REG(3)
#define MCR      REG(4)
#define LSR      REG(5)
#define MSR      REG(6)
#define SCR      REG(7)

#define LCR_8N1  0x03u
#define LCR_DLAB 0x80u

static void tell_kept(const char *name, uint64_t reg, uint32_t value)
{
    uint32_t was = read8(reg);

    write8(reg, value);
    say(name);
    say(" after ");
    say_hex(value);
    tell("", read8(reg));
    write8(reg, was);
}

static void keeps(void)
{
    static const uint32_t value[] = {0xff, 0x00, 0x55, 0xaa};

    for (size_t i = 0; i < sizeof value / sizeof value[0]; i++) {
        tell_kept("ier", IER, value[i]);
        tell_kept("lcr", LCR, value[i]);
        tell_kept("mcr", MCR, value[i] & 0xef);
        tell_kept("scr", SCR, value[i]);
        tell_kept("lsr", LSR, value[i]);
        tell_kept("msr", MSR, value[i]);
    }
}

static void divisor(void)
{
    uint32_t ier = read8(IER);

    write8(LCR, LCR_8N1 | LCR_DLAB);
    uint32_t low = read8(REG(0)), high = read8(IER);
    tell("divisor, low", low);
    tell("divisor, high", high);
    write8(REG(0), 0x34);
    write8(IER, 0x12);
    tell("divisor, low written", read8(REG(0)));
    tell("divisor, high written", read8(IER));
    tell("divisor, iir", read8(IIR) & 0x0f);
    tell("divisor, lsr", read8(LSR));
    write8(LCR, LCR_8N1);
    tell("divisor, ier behind it", read8(IER));
    tell("divisor, receiver behind it", read8(REG(0)));
    write8(LCR, LCR_8N1 | LCR_DLAB);
    tell("divisor, low kept", read8(REG(0)));
    write8(REG(0), low);
    write8(IER, high);
    write8(LCR, LCR_8N1);
    write8(IER, ier);
}

static void fifo_control(void)
{
    static const uint32_t value[] = {0x00, 0xff, 0x01, 0x06, 0x07, 0xc0,
                                     0xc1, 0x08, 0x31, 0x81, 0x00};

    for (size_t i = 0; i < sizeof value / sizeof value[0]; i++) {
        write8(FCR, value[i]);
        say("iir after fcr ");
        say_decimal(i);
        say(" ");
        say_hex(value[i]);
        tell("", read8(IIR));
    }
}

/* In loopback the modem's lines are the modem control register's. */
static void modem(void)
{
    static const uint32_t value[] = {0x10, 0x11, 0x12, 0x14, 0x18, 0x1f,
                                     0x10, 0x1b, 0x14, 0x10, 0x00, 0x0b};

    (void)read8(MSR);
    for (size_t i = 0; i < sizeof value / sizeof value[0]; i++) {
        write8(MCR, value[i]);
        say("msr ");
        say_decimal(i);
        say(" after mcr ");
        say_hex(value[i]);
        uint32_t first = read8(MSR);
        say(": ");
        say_hex(first);
        say(" then ");
        say_hex(read8(MSR));
        tell_end();
    }
    write8(IER, 8);
    write8(MCR, 0x12);
    tell("iir with a modem change", read8(IIR));
    tell("msr of it", read8(MSR));
    tell("iir after msr was read", read8(IIR));
    write8(IER, 0);
    write8(MCR, 0);
    (void)read8(MSR);
}

/* The interrupt of an empty transmitter: enabled, seen, gone when IIR was read. */
static void transmitter(void)
{
    write8(IER, 2);
    tell("iir when the transmitter's interrupt is enabled", read8(IIR));
    tell("iir read again", read8(IIR));
    write8(IER, 2);
    tell("iir when it is enabled a second time", read8(IIR));
    write8(IER, 0);
    write8(IER, 2);
    tell("iir when it is enabled anew", read8(IIR));
    write8(IER, 0);
    tell("iir when nothing is enabled", read8(IIR));
    tell("lsr at rest", read8(LSR));
    tell("receiver when empty", read8(REG(0)));
}

void compare_main(uint64_t hart, uint64_t dtb)
{
    (void)hart;
    (void)dtb;
    write8(FCR, 0);
    keeps();
    divisor();
    fifo_control();
    modem();
    transmitter();
}
