/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest.h"

/* The value of /chosen/bootargs as a decimal number: a walk over the structure block that stops
 * at the first property of that name (Devicetree Specification, "Flattened Devicetree Format"). */
static uint32_t big32(uint64_t address)
{
    const uint8_t *p = (const uint8_t *)address;

    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static bool string_equal(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

/* The text of /chosen/bootargs, or NULL. */
static const char *bootargs_find(uint64_t dtb)
{
    uint64_t at = dtb + big32(dtb + 8), strings = dtb + big32(dtb + 12);

    for (;;) {
        uint32_t token = big32(at);
        at += 4;
        if (token == 1) {
            while (*(const char *)at != '\0')
                at++;
            at = (at + 4) & ~UINT64_C(3);
        } else if (token == 3) {
            uint32_t length = big32(at);
            const char *name = (const char *)(strings + big32(at + 4));
            at += 8;
            if (string_equal(name, "bootargs"))
                return (const char *)at;
            at = (at + length + 3) & ~UINT64_C(3);
        } else if (token == 9) {
            return NULL;
        }
    }
}

static uint64_t number_at(const char *text)
{
    uint64_t number = 0;

    for (; *text >= '0' && *text <= '9'; text++)
        number = number * 10 + (uint64_t)(*text - '0');
    return number;
}

uint64_t bootargs_number(uint64_t dtb)
{
    const char *text = bootargs_find(dtb);
    return text == NULL ? 0 : number_at(text);
}

uint64_t bootargs_second(uint64_t dtb)
{
    const char *text = bootargs_find(dtb);

    if (text == NULL)
        return 0;
    while (*text >= '0' && *text <= '9')
        text++;
    return *text == ' ' ? number_at(text + 1) : 0;
}
