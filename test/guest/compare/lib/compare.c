/* SPDX-License-Identifier: BSD-2-Clause */
#include "compare.h"

#define ROOM_BYTES 32768u

static char gathered[ROOM_BYTES];
static size_t gathered_bytes;
static bool is_in_line;

static void gather(char c)
{
    if (gathered_bytes < ROOM_BYTES)
        gathered[gathered_bytes++] = c;
}

static void gather_text(const char *text)
{
    while (*text != '\0')
        gather(*text++);
}

void say(const char *text)
{
    if (!is_in_line)
        gather_text("compare: ");
    is_in_line = true;
    gather_text(text);
}

void say_hex(uint64_t value)
{
    char digit[2] = "";

    say("0x");
    for (int shift = 60; shift >= 0; shift -= 4) {
        digit[0] = "0123456789abcdef"[value >> shift & 15];
        if (value >> shift != 0 || shift == 0)
            say(digit);
    }
}

void say_decimal(uint64_t value)
{
    char digits[21];
    size_t at = sizeof digits - 1;

    digits[at] = '\0';
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    say(&digits[at]);
}

void tell_end(void)
{
    gather('\n');
    is_in_line = false;
}

void tell(const char *name, uint64_t value)
{
    say(name);
    say(": ");
    say_hex(value);
    tell_end();
}

void tell_text(const char *name, const char *value)
{
    say(name);
    say(": ");
    say(value);
    tell_end();
}

void tell_sbi(const char *name, struct sbi_result result)
{
    say(name);
    say(": error ");
    if (result.error < 0)
        say("-");
    say_decimal(result.error < 0 ? -(uint64_t)result.error : (uint64_t)result.error);
    say(" value ");
    say_hex(result.value);
    tell_end();
}

void tell_flush(void)
{
    for (size_t i = 0; i < gathered_bytes; i++)
        put_char(gathered[i]);
    if (gathered_bytes == ROOM_BYTES)
        put_string("\ncompare: there is no room for more lines\n");
    gathered_bytes = 0;
}

void tell_type(const char *text)
{
    tell_flush();
    put_string("type: ");
    put_string(text);
    put_string("\n");
}

void guest_main(uint64_t hart, uint64_t dtb)
{
    put_string("\nbegin of the comparison\n");
    compare_main(hart, dtb);
    tell_flush();
    put_string("end of the comparison\n");
    sbi_reset(0, 0);
}
