/* SPDX-License-Identifier: BSD-2-Clause */
#include <test/unit/console/chip.h>

#include <check.h>
#include <stdatomic.h>

#define LSR_RECEIVED 0x01
#define LSR_EMPTY    0x20

uint8_t chip_read(void *context, unsigned reg)
{
    struct chip *chip = context;

    if (reg == 0)
        return (uint8_t)chip->received[chip->received_at++];
    if (reg == 5)
        return (uint8_t)((chip->received_at < chip->received_count ? LSR_RECEIVED : 0) |
                         (chip->is_empty ? LSR_EMPTY : 0));
    return chip->reg[reg];
}

void chip_write(void *context, unsigned reg, uint8_t value)
{
    struct chip *chip = context;

    ck_assert_uint_lt(reg, 8);
    if (reg == 0) {
        ck_assert_uint_lt(chip->sent_count, sizeof chip->sent);
        chip->sent[chip->sent_count++] = (char)value;
    }
    chip->enable_writes += reg == 1;
    chip->reg[reg] = value;
}

void chip_take(void *context, _Atomic uint32_t *to, uint32_t tag)
{
    atomic_init(to, tag | chip_read(context, 0));
}
