/* SPDX-License-Identifier: BSD-2-Clause */
#include <kernel/hal/hal.h>
#include <kernel/print.h>

void print_text(const char *text)
{
    size_t count = 0;

    while (text[count] != '\0')
        count++;
    hal_console_write(text, count);
}

static void print_number(uint64_t value, unsigned base)
{
    char digits[20];
    size_t first = sizeof digits;

    do {
        digits[--first] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    hal_console_write(digits + first, sizeof digits - first);
}

void print_decimal(uint64_t value)
{
    print_number(value, 10);
}

void print_hex(uint64_t value)
{
    print_text("0x");
    print_number(value, 16);
}
