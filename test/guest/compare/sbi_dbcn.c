/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The firmware's console: the bytes that come out, and the calls that are refused.
 *
 * Specification: SBI, "Debug Console Extension (EID #0x4442434E "DBCN")", "Legacy Extensions".
 * A write from missing memory is not tried: OpenSBI would fault for ever.
 */
#include "compare.h"

/* The test prints the bytes between the marks as a line in hexadecimal. */
static void raw_begin(const char *call, const char *what)
{
    tell_flush();
    put_string("<raw ");
    put_string(call);
    put_string(what);
    put_string(">");
}

static void raw_end(const char *call, const char *what, struct sbi_result result)
{
    put_string("</raw>\n");
    say(call);
    tell_sbi(what, result);
}

static void write_raw(const char *what, const char *text, uint64_t bytes)
{
    raw_begin("write of ", what);
    raw_end("write of ", what, sbi_call(SBI_DBCN, 0, bytes, (uint64_t)text, 0, 0));
}

static void byte_raw(const char *what, uint64_t byte)
{
    raw_begin("write_byte of ", what);
    raw_end("write_byte of ", what, sbi_call(SBI_DBCN, 2, byte, 0, 0, 0));
}

static void putchar_raw(const char *what, uint64_t byte)
{
    raw_begin("putchar of ", what);
    raw_end("putchar of ", what, sbi_call(1, 0, byte, 0x99, 0, 0));
}

static void writes(void)
{
    static const char all[] = "\x01\x02\x07\x08\x0b\x0c\x0e\x7f\x80\xc3\xa4\xfe\xff";

    write_raw("text", "hello", 5);
    write_raw("a newline", "a\nb", 3);
    write_raw("return and newline", "a\r\nb", 4);
    write_raw("two newlines", "\n\n", 2);
    write_raw("a zero byte", "a\0b", 3);
    write_raw("bytes of all kinds", all, sizeof all - 1);
    write_raw("nothing", "", 0);
    byte_raw("a letter", 'x');
    byte_raw("a newline", '\n');
    byte_raw("a letter with high bits", 0xffffffffffffff41);
    putchar_raw("a letter", 'y');
    putchar_raw("a newline", '\n');
    putchar_raw("a letter with high bits", 0xffffff42);
}

static void refusals(void)
{
    tell_sbi("write with a high half", sbi_call(SBI_DBCN, 0, 1, RAM_BASE, 1, 0));
    tell_sbi("read with a high half", sbi_call(SBI_DBCN, 1, 1, RAM_BASE, 1, 0));
    tell_sbi("read of no bytes", sbi_call(SBI_DBCN, 1, 0, RAM_BASE + 0x300000, 0, 0));
    tell_sbi("read when nothing was typed", sbi_call(SBI_DBCN, 1, 8, RAM_BASE + 0x300000, 0, 0));
    tell("getchar when nothing was typed", (uint64_t)sbi_call(2, 0, 0, 0x99, 0, 0).error);
    tell("getchar, a1 kept", sbi_call(2, 0, 0, 0x99, 0, 0).value);
}

/* ---- input ----------------------------------------------------------------------------- */

/* Reads up to `count` bytes within half a second. */
static void read_typed(const char *name, uint64_t count)
{
    static char room[16];
    uint64_t had = 0;

    for (uint64_t end = time_now() + 500 * TICKS_PER_MS; had < count && time_now() < end;) {
        struct sbi_result result = sbi_call(SBI_DBCN, 1, count - had, (uint64_t)room + had, 0, 0);
        had += result.error == 0 && result.value <= count - had ? result.value : 0;
    }
    say(name);
    say(":");
    for (uint64_t i = 0; i < had; i++) {
        say(" ");
        say_hex((uint8_t)room[i]);
    }
    tell_end();
}

static int64_t getchar_wait(void)
{
    int64_t byte = -1;

    for (uint64_t end = time_now() + 500 * TICKS_PER_MS; byte < 0 && time_now() < end;)
        byte = sbi_call(2, 0, 0, 0, 0, 0).error;
    return byte;
}

/* All typed bytes arrive, in order, with the UART's FIFOs on and off. */
static void input(void)
{
    for (uint32_t fcr = 0; fcr < 2; fcr++) {
        write8(UART_BASE + 2, fcr);
        tell_type("abcdefgh");
        read_typed(fcr == 0 ? "read, FIFOs off" : "read, FIFOs on", 8);
        tell_type("xyz");
        say(fcr == 0 ? "getchar, FIFOs off:" : "getchar, FIFOs on:");
        for (unsigned i = 0; i < 3; i++) {
            say(" ");
            say_hex((uint64_t)getchar_wait());
        }
        tell_end();
    }
    tell_type("1^]^]2");
    read_typed("the byte 0x1d, twice", 4);
}

void compare_main(uint64_t hart, uint64_t dtb)
{
    (void)hart;
    (void)dtb;
    writes();
    refusals();
    input();
}
