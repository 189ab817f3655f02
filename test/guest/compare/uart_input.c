/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All typed bytes arrive at the UART's receiver, in order, with FIFOs off and on, polled and by
 * interrupt.
 *
 * Specification: PC16550D data sheet, "Line Status Register", "FIFO Interrupt Mode Operation".
 */
#include "compare.h"

#define DATA        UART_BASE
#define IER         (UART_BASE + 1)
#define IIR         (UART_BASE + 2)
#define FCR         (UART_BASE + 2)
#define LSR         (UART_BASE + 5)
#define LSR_DR      0x01u

#define UART_SOURCE 10u
#define CLAIM       (PLIC_BASE + 0x201004)

/* Waits at most two seconds for a byte; returns whether there is one. */
static bool wait_byte(void)
{
    for (uint64_t end = time_now() + 2000 * TICKS_PER_MS; time_now() < end;)
        if (read8(LSR) & LSR_DR)
            return true;
    return false;
}

static void say_bytes(unsigned count)
{
    say(":");
    for (unsigned i = 0; i < count && wait_byte(); i++) {
        say(" ");
        say_hex(read8(DATA));
    }
    say(" lsr ");
    say_hex(read8(LSR) & 0x9f);
    tell_end();
}

/* More bytes are typed than a FIFO holds, while the guest does not read. */
static void typed(uint32_t fcr, const char *name)
{
    write8(FCR, fcr);
    tell_type("abcdefghijklmnopqrstuvwxyz");
    for (uint64_t end = time_now() + 50 * TICKS_PER_MS; time_now() < end;)
        ;
    say(name);
    say_bytes(26);
}

/* The line to the interrupt controller is high while a byte waits. */
static void interrupt(uint32_t fcr, const char *name)
{
    write32(PLIC_BASE + 4 * UART_SOURCE, 1);
    write32(PLIC_BASE + 0x2080, 1u << UART_SOURCE);
    write32(PLIC_BASE + 0x201000, 0);
    write8(FCR, fcr);
    (void)read32(CLAIM);
    write32(CLAIM, UART_SOURCE);
    write8(IER, 1);
    tell_type("q");
    say(name);
    say(": pending ");
    say_decimal(wait_pending(IRQ_EXTERNAL, 2000));
    say(" claimed ");
    say_decimal(read32(CLAIM));
    say(" data ");
    say_decimal((read8(IIR) & 7) == 4);
    say(" byte ");
    say_hex(read8(DATA));
    write32(CLAIM, UART_SOURCE);
    say(" then iir ");
    say_hex(read8(IIR) & 0x0f);
    say(" seip ");
    say_decimal((csr_read(sip) & IRQ_EXTERNAL) != 0);
    tell_end();
    write8(IER, 0);
}

void compare_main(uint64_t hart, uint64_t dtb)
{
    (void)hart;
    (void)dtb;
    typed(0x00, "FIFOs off");
    typed(0x01, "FIFOs on");
    interrupt(0x00, "interrupt, FIFOs off");
    interrupt(0x01, "interrupt, FIFOs on");
    interrupt(0xc1, "interrupt below the trigger level");
    write8(FCR, 0x01);
    tell_type("1^]^]2");
    say("the byte 0x1d, twice");
    say_bytes(4);
}
