/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The map of memory: one address of each range of QEMU's `virt`, and the borders of the devices.
 * An address at which there is nothing raises an access fault with that address in stval
 * (privileged specification, "Supervisor Trap Value (stval) Register").
 */
#include "compare.h"

static const uint64_t words[] = {
    0,          0x1000,      0x100000,    0x100ffc,   0x100004,   0x101100,   0x102000,
    0x2000000,  0x200bff8,   0x2010000,   0x3000000,  0x4000000,  0x6000000,  0xbfffffc,
    0xc000000,  0xc000180,   0xc001000,   0xc00100c,  0xc002100,  0xc201008,  0xc202000,
    0xc5ffffc,  0xc600000,   0x10000008,  0x100000fc, 0x10000100, 0x10009000, 0x10100000,
    0x18000000, 0x20000000,  0x24000000,  0x28000000, 0x30000000, 0x40000000, 0x7ffffffc,
    0x80000000, 0x1fffffffc, 0x400000000,
};

/* At addresses without a device on both machines, each kind of access is tried. */
static const uint64_t holes[] = {0, 0x102000, 0xbfffffc, 0x18000000, 0x1fffffffc};

static void tell_fetch(uint64_t address)
{
    struct seen seen = see_fetch(address);

    say("fetch at ");
    say_hex(address);
    say(": ");
    say_seen(seen);
    tell_end();
}

#define TELL_HOLE(name, insn, address)                                                             \
    do {                                                                                           \
        struct seen seen_ = SEE(insn, address, 0);                                                 \
        say(name " at ");                                                                          \
        say_hex(address);                                                                          \
        say(": ");                                                                                 \
        say_seen(seen_);                                                                           \
        tell_end();                                                                                \
    } while (0)

void compare_main(uint64_t id, uint64_t dtb)
{
    (void)id;
    (void)dtb;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        tell_load(words[i], 4);
    for (size_t i = 0; i < sizeof holes / sizeof holes[0]; i++) {
        uint64_t hole = holes[i];
        tell_load(hole, 1);
        tell_load(hole, 2);
        tell_store(hole, 1, 0);
        tell_store(hole, 2, 0);
        tell_store(hole, 4, 0);
        if (hole % 8 == 0) {
            tell_load(hole, 8);
            tell_store(hole, 8, 0);
        }
        tell_fetch(hole);
        TELL_HOLE("lr.w", "lr.w %[data], (%[address])", hole);
        TELL_HOLE("sc.w", "sc.w %[data], %[data], (%[address])", hole);
        TELL_HOLE("amoadd.w", "amoadd.w %[data], %[data], (%[address])", hole);
        TELL_HOLE("amoswap.w", "amoswap.w %[data], %[data], (%[address])", hole);
    }
}
