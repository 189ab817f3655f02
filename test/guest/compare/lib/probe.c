/* SPDX-License-Identifier: BSD-2-Clause */
#include "compare.h"

struct seen see_result(uint64_t count_before, uint64_t pc, uint64_t value)
{
    if (trap_last.count == count_before)
        return (struct seen){ .value = value };
    return (struct seen){ .is_trapped = true,
                          .is_pc_right = trap_last.pc == pc,
                          .value = value,
                          .cause = trap_last.cause,
                          .stval = trap_last.value };
}

struct seen see_load(uint64_t address, unsigned width)
{
    switch (width) {
    case 1:
        return SEE("lbu %[data], (%[address])", address, 0);
    case 2:
        return SEE("lhu %[data], (%[address])", address, 0);
    case 4:
        return SEE("lwu %[data], (%[address])", address, 0);
    default:
        return SEE("ld %[data], (%[address])", address, 0);
    }
}

struct seen see_store(uint64_t address, unsigned width, uint64_t value)
{
    switch (width) {
    case 1:
        return SEE("sb %[data], (%[address])", address, value);
    case 2:
        return SEE("sh %[data], (%[address])", address, value);
    case 4:
        return SEE("sw %[data], (%[address])", address, value);
    default:
        return SEE("sd %[data], (%[address])", address, value);
    }
}

struct seen see_fetch(uint64_t address)
{
    uint64_t before = trap_last.count, resume;

    __asm__ volatile("lla %[resume], 1f\n"
                     "sd %[resume], (%[slot])\n"
                     "jalr ra, (%[address])\n"
                     "1: sd zero, (%[slot])\n"
                     : [resume] "=&r"(resume)
                     : [slot] "r"(&trap_resume_pc), [address] "r"(address)
                     : "ra", "memory");
    return see_result(before, address, 0);
}

void say_seen(struct seen seen)
{
    if (!seen.is_trapped) {
        say_hex(seen.value);
        return;
    }
    say("cause ");
    say_decimal(seen.cause);
    say(" stval ");
    say_hex(seen.stval);
    if (!seen.is_pc_right)
        say(" sepc wrong");
}

static void say_access(const char *what, unsigned width, uint64_t address)
{
    say(what);
    say_decimal(width);
    say(" at ");
    say_hex(address);
    say(": ");
}

void tell_load(uint64_t address, unsigned width)
{
    struct seen seen = see_load(address, width);

    say_access("load ", width, address);
    say_seen(seen);
    tell_end();
}

void tell_store(uint64_t address, unsigned width, uint64_t value)
{
    struct seen seen = see_store(address, width, value);

    say_access("store ", width, address);
    if (seen.is_trapped)
        say_seen(seen);
    else
        say("done");
    tell_end();
}
