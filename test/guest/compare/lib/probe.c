/* SPDX-License-Identifier: BSD-2-Clause */
#include "compare.h"

struct seen see_result(uint64_t count_before, uint64_t pc, uint64_t value)
{
    if (trap_last.count == count_before)
        return (struct seen){.value = value};
    return (struct seen){.is_trapped = true,
                         .is_pc_right = trap_last.pc == pc,
                         .value = value,
                         .cause = trap_last.cause,
                         .stval = trap_last.value};
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

void tell_seen(const char *name, struct seen seen)
{
    say(name);
    say(": ");
    say_seen(seen);
    tell_end();
}

struct seen see_user(void (*function)(void))
{
    uint64_t before = trap_last.count, resume;
    register uint64_t value __asm__("a0") = 0;

    __asm__ volatile("lla %[resume], 1f\n"
                     "sd %[resume], (%[slot])\n"
                     "csrw sepc, %[function]\n"
                     "csrc sstatus, %[spp]\n"
                     "sret\n"
                     ".balign 4\n"
                     "1:\n"
                     : "+r"(value), [resume] "=&r"(resume)
                     : [slot] "r"(&trap_resume_pc), [function] "r"(function),
                       [spp] "r"(SSTATUS_SPP | SSTATUS_SPIE)
                     : "ra", "t0", "t1", "t2", "t3", "t4", "t5", "t6", "a1", "a2", "a3", "a4", "a5",
                       "a6", "a7", "memory");
    struct seen seen = see_result(before, (uint64_t)function, value);
    seen.is_trapped = trap_last.cause != CAUSE_ECALL_U;
    return seen;
}

bool wait_pending(uint64_t bit, uint64_t ms)
{
    for (uint64_t end = time_now() + ms * TICKS_PER_MS; time_now() < end;)
        if (csr_read(sip) & bit)
            return true;
    return (csr_read(sip) & bit) != 0;
}

struct sbi_result sbi_call6(uint64_t extension, uint64_t function, const uint64_t argument[6])
{
    register uint64_t r0 __asm__("a0") = argument[0];
    register uint64_t r1 __asm__("a1") = argument[1];
    register uint64_t r2 __asm__("a2") = argument[2];
    register uint64_t r3 __asm__("a3") = argument[3];
    register uint64_t r4 __asm__("a4") = argument[4];
    register uint64_t r5 __asm__("a5") = argument[5];
    register uint64_t r6 __asm__("a6") = function;
    register uint64_t r7 __asm__("a7") = extension;

    __asm__ volatile("ecall"
                     : "+r"(r0), "+r"(r1)
                     : "r"(r2), "r"(r3), "r"(r4), "r"(r5), "r"(r6), "r"(r7)
                     : "memory");
    return (struct sbi_result){.error = (int64_t)r0, .value = r1};
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
