/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The eight places of QEMU's `virt` for devices by "Virtio Over MMIO" (Virtual I/O Device
 * specification), without devices: every register of each, the widths that they accept, the value
 * after a store, and the end of each.
 */
#include "compare.h"

#define SLOTS          8u
#define SLOT(n)        (UINT64_C(0x10001000) + 0x1000 * (uint64_t)(n))
#define REGISTER_BYTES 0x200u

/* A line for each 16 bytes of registers. */
static void tell_registers(const char *when, unsigned slot)
{
    for (unsigned at = 0; at < REGISTER_BYTES; at += 16) {
        say(when);
        say_hex(SLOT(slot) + at);
        say(":");
        for (unsigned i = 0; i < 16; i += 4) {
            say(" ");
            say_seen(see_load(SLOT(slot) + at + i, 4));
        }
        tell_end();
    }
    tell_flush();
}

static void tell_widths(unsigned slot)
{
    for (unsigned at = 0; at < 16; at++) {
        tell_load(SLOT(slot) + at, 1);
        if (at % 2 == 0)
            tell_load(SLOT(slot) + at, 2);
        if (at % 8 == 0)
            tell_load(SLOT(slot) + at, 8);
    }
    tell_flush();
}

static void tell_ends(unsigned slot)
{
    static const unsigned widths[] = {1, 2, 4, 8};

    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
        tell_load(SLOT(slot) + REGISTER_BYTES - widths[i], widths[i]);
        tell_load(SLOT(slot) + REGISTER_BYTES, widths[i]);
        tell_load(SLOT(slot) + 0x1000 - widths[i], widths[i]);
        tell_store(SLOT(slot) + REGISTER_BYTES, widths[i], 0);
    }
    tell_flush();
}

void compare_main(uint64_t id, uint64_t dtb)
{
    (void)id, (void)dtb;
    for (unsigned slot = 0; slot < SLOTS; slot++)
        tell_registers("registers at ", slot);
    for (unsigned slot = 0; slot < SLOTS; slot++) {
        for (unsigned at = 0; at < REGISTER_BYTES; at += 4)
            (void)see_store(SLOT(slot) + at, 4, UINT32_MAX);
        (void)see_store(SLOT(slot), 8, 0);
        (void)see_store(SLOT(slot), 1, 0);
        tell_registers("after stores at ", slot);
        tell_widths(slot);
        tell_ends(slot);
    }
}
