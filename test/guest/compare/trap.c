/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exceptions: cause, stval and sepc of instructions that trap in supervisor and in user mode.
 *
 * Specification: privileged specification, "Supervisor Cause (scause) Register", "Supervisor Trap
 * Value (stval) Register", "Supervisor Counter-Enable (scounteren) Register".
 */
#include "compare.h"

/* A function for user mode: one instruction, then the ecall that brings it back. */
#define USER_FUNCTION(name, insn)                                                                  \
    static __attribute__((naked)) void name(void)                                                  \
    {                                                                                              \
        __asm__ volatile(insn "\necall");                                                          \
    }

USER_FUNCTION(user_nothing, "li a0, 7")
USER_FUNCTION(user_time, "csrr a0, time\nli a0, 1")
USER_FUNCTION(user_cycle, "csrr a0, cycle\nli a0, 1")
USER_FUNCTION(user_instret, "csrr a0, instret\nli a0, 1")
USER_FUNCTION(user_hpm3, "csrr a0, hpmcounter3\nli a0, 1")
USER_FUNCTION(user_sstatus, "csrr a0, sstatus")
USER_FUNCTION(user_sret, "sret")
USER_FUNCTION(user_mret, "mret")
USER_FUNCTION(user_sfence, "sfence.vma")
USER_FUNCTION(user_fence, "fence\nfence.i\nli a0, 1")
USER_FUNCTION(user_ebreak, "ebreak")
USER_FUNCTION(user_illegal, ".word 0xffffffff")
USER_FUNCTION(user_zero, ".hword 0")
USER_FUNCTION(user_load, "lui a0, 0x102\nlw a0, (a0)")
USER_FUNCTION(user_store, "lui a0, 0x102\nsw a0, (a0)")
USER_FUNCTION(user_uart, "lui a0, 0x10000\nlbu a0, 5(a0)")
USER_FUNCTION(user_misaligned, "auipc a0, 0\naddi a0, a0, 1\nlw a0, (a0)\nli a0, 1")

static void tell_user(const char *name, void (*function)(void))
{
    struct seen seen = see_user(function);

    say("user ");
    say(name);
    say(": ");
    if (!seen.is_trapped) {
        say_hex(seen.value);
    } else {
        say("cause ");
        say_decimal(seen.cause);
        say(" stval ");
        say_hex(seen.stval);
        say(" sepc + ");
        say_decimal(trap_last.pc - (uint64_t)function);
    }
    tell_end();
}

static void user(void)
{
    uint64_t enabled = csr_read(scounteren);

    tell_user("nothing", user_nothing);
    for (uint64_t bits = 0; bits < 8; bits++) {
        csr_write(scounteren, bits);
        say("scounteren ");
        say_hex(bits);
        say(", kept ");
        say_hex(csr_read(scounteren));
        tell_user("time", user_time);
        say("scounteren ");
        say_hex(bits);
        tell_user(" cycle", user_cycle);
        say("scounteren ");
        say_hex(bits);
        tell_user(" instret", user_instret);
    }
    csr_write(scounteren, enabled);
    tell_user("hpmcounter3", user_hpm3);
    tell_user("sstatus", user_sstatus);
    tell_user("sret", user_sret);
    tell_user("mret", user_mret);
    tell_user("sfence.vma", user_sfence);
    tell_user("fence and fence.i", user_fence);
    tell_user("illegal", user_illegal);
    tell_user("illegal of two bytes", user_zero);
    tell_user("load from a hole", user_load);
    tell_user("store to a hole", user_store);
    tell_user("line status of the UART", user_uart);
    tell_user("misaligned load", user_misaligned);
}

/* ebreak sets stval to the address of the instruction, or to 0. */
static void breakpoint(void)
{
    uint64_t before = trap_last.count;
    struct seen seen = SEE("ebreak", 0, 0);

    tell("ebreak, traps", trap_last.count - before);
    tell("ebreak, cause", seen.cause);
    tell("ebreak, stval is sepc or 0", seen.stval == trap_last.pc || seen.stval == 0);
    tell("ebreak, stval is sepc", seen.stval == trap_last.pc);
    seen = see_user(user_ebreak);
    tell("user ebreak, cause", seen.cause);
    tell("user ebreak, stval is sepc", seen.stval == trap_last.pc);
}

#define TELL_INSN(name, insn) tell_seen(name, SEE(insn, RAM_BASE + 0x300000, 0))

/* Instructions that the assembler may not know are written as words. */
static void supervisor(void)
{
    TELL_INSN("all ones", ".word 0xffffffff");
    TELL_INSN("two zero bytes", ".hword 0");
    TELL_INSN("mret", "mret");
    TELL_INSN("read of mstatus", "csrr %[data], mstatus");
    TELL_INSN("write of mtvec", "csrw mtvec, %[data]");
    TELL_INSN("read of hstatus", "csrr %[data], hstatus");
    TELL_INSN("read of vsstatus", "csrr %[data], vsstatus");
    TELL_INSN("read of scountovf", "csrr %[data], 0xda0");
    TELL_INSN("hlv.w", ".word 0x6c004573");
    TELL_INSN("hfence.vvma", ".word 0x22000073");
    TELL_INSN("hfence.gvma", ".word 0x62000073");
    TELL_INSN("sinval.vma", ".word 0x16000073");
    TELL_INSN("sfence.w.inval", ".word 0x18000073");
    TELL_INSN("sfence.inval.ir", ".word 0x18100073");
    TELL_INSN("sfence.vma", "sfence.vma");
    TELL_INSN("sfence.vma of an address", "sfence.vma %[address], x0");
    TELL_INSN("fence.i", "fence.i");
    TELL_INSN("fence", ".word 0x0ff0000f");
    TELL_INSN("fence.tso", ".word 0x8330000f");
    TELL_INSN("pause", ".word 0x0100000f");
    TELL_INSN("wrs.nto", ".word 0x00d00073");
    TELL_INSN("wrs.sto", ".word 0x01d00073");
}

/* Jumps to addresses without memory; sepc and stval have the address. */
static void fetches(void)
{
    static const uint64_t address[] = {0,
                                       2,
                                       0x102000,
                                       0x100000,
                                       0x10000000,
                                       0xc000000,
                                       UINT64_C(1) << 40,
                                       UINT64_C(1) << 55,
                                       UINT64_C(1) << 63,
                                       UINT64_MAX - 1};

    for (size_t i = 0; i < sizeof address / sizeof address[0]; i++) {
        say("fetch at ");
        say_hex(address[i]);
        tell_seen("", see_fetch(address[i]));
    }
}

/* Physical addresses have 56 bits; accesses above that range trap. */
static void far_addresses(void)
{
    static const uint64_t address[] = {UINT64_C(1) << 40, UINT64_C(1) << 55,
                                       UINT64_C(1) << 56, (UINT64_C(1) << 56) + RAM_BASE,
                                       UINT64_C(1) << 63, UINT64_MAX - 7};

    for (size_t i = 0; i < sizeof address / sizeof address[0]; i++) {
        tell_load(address[i], 8);
        tell_store(address[i], 8, 0);
    }
}

static void interrupts_wait(void)
{
    csr_set(sie, IRQ_SOFT);
    csr_set(sip, IRQ_SOFT);
    TELL_INSN("wfi", "wfi");
    csr_clear(sip, IRQ_SOFT);
    csr_clear(sie, IRQ_SOFT);
}

void compare_main(uint64_t hart, uint64_t dtb)
{
    (void)hart;
    (void)dtb;
    user();
    breakpoint();
    supervisor();
    interrupts_wait();
    fetches();
    far_addresses();
}
