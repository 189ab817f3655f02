/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The base of the SBI: versions, the available extensions, the answers to undefined calls, and the
 * registers that a call keeps.
 *
 * Specification: RISC-V Supervisor Binary Interface, "Binary Encoding", "Base Extension (EID
 * #0x10)".
 */
#include "compare.h"

static void tell_numbered(const char *name, uint64_t number, struct sbi_result result)
{
    say(name);
    say(" ");
    say_hex(number);
    tell_sbi("", result);
}

static void base(void)
{
    static const char *const name[] = {"version of the specification",
                                       "implementation",
                                       "version of the implementation",
                                       NULL,
                                       "mvendorid",
                                       "marchid",
                                       "mimpid"};

    for (uint64_t function = 0; function < 7; function++)
        if (name[function] != NULL)
            tell_sbi(name[function], sbi_call(SBI_BASE, function, 0, 0, 0, 0));
    for (uint64_t function = 7; function < 10; function++)
        tell_numbered("base function", function, sbi_call(SBI_BASE, function, 0, 0, 0, 0));
    tell_numbered("base function", UINT64_MAX, sbi_call(SBI_BASE, UINT64_MAX, 0, 0, 0, 0));
    tell_numbered("base function", UINT64_C(1) << 32,
                  sbi_call(SBI_BASE, UINT64_C(1) << 32, 0, 0, 0, 0));
}

static void probes(void)
{
    static const uint64_t extension[] = {
        SBI_BASE,
        SBI_TIME,
        SBI_IPI,
        SBI_RFENCE,
        SBI_HSM,
        SBI_SRST,
        SBI_DBCN,
        0x504d55 /* PMU */,
        0x53555350 /* SUSP */,
        0x43505043 /* CPPC */,
        0x4e41434c /* NACL */,
        0x535441 /* STA */,
        0x535345 /* SSE */,
        0x46574654 /* FWFT */,
        0x44425452 /* DBTR */,
        0x4d505859 /* MPXY */,
        0x8000000 /* experimental */,
        0x9000000 /* vendor */,
        0xa000000 /* firmware */,
        0x12345678,
        0xffffffff,
        UINT64_MAX,
        SBI_BASE | UINT64_C(1) << 32,
        SBI_TIME | UINT64_C(1) << 63,
    };

    for (uint64_t legacy = 0; legacy < 16; legacy++)
        tell_numbered("probe", legacy, sbi_call(SBI_BASE, 3, legacy, 0, 0, 0));
    for (size_t i = 0; i < sizeof extension / sizeof extension[0]; i++)
        tell_numbered("probe", extension[i], sbi_call(SBI_BASE, 3, extension[i], 0, 0, 0));
}

/* Functions that an extension does not have, and extensions that do not exist. */
static void unknown(void)
{
    static const uint64_t extension[] = {SBI_TIME, SBI_IPI,  SBI_RFENCE,
                                         SBI_HSM,  SBI_SRST, SBI_DBCN};
    static const uint64_t absent[] = {0x9,
                                      0xa,
                                      0xf,
                                      0x11,
                                      0x12345678,
                                      0x8000000,
                                      0x9000000,
                                      0xa000000,
                                      0xffffffff,
                                      UINT64_MAX,
                                      SBI_BASE | UINT64_C(1) << 32,
                                      SBI_TIME | UINT64_C(1) << 63};
    static const uint64_t function[] = {7, 100, 0xffffffff, UINT64_C(1) << 32, UINT64_MAX};

    for (size_t i = 0; i < sizeof extension / sizeof extension[0]; i++)
        for (size_t j = 0; j < sizeof function / sizeof function[0]; j++) {
            say("function ");
            say_hex(function[j]);
            tell_numbered(" of", extension[i], sbi_call(extension[i], function[j], 0, 0, 0, 0));
        }
    for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++)
        tell_numbered("call of", absent[i], sbi_call(absent[i], 0, 0, 0, 0, 0));
}

/* One call keeps all registers but a0 and a1. */
static void kept(void)
{
    static const uint64_t argument[6] = {0x10, 0x1111, 0x2222, 0x3333, 0x4444, 0x5555};
    register uint64_t r2 __asm__("a2") = argument[2];
    register uint64_t r3 __asm__("a3") = argument[3];
    register uint64_t r4 __asm__("a4") = argument[4];
    register uint64_t r5 __asm__("a5") = argument[5];
    register uint64_t r6 __asm__("a6") = 3;
    register uint64_t r7 __asm__("a7") = SBI_BASE;
    register uint64_t t0 __asm__("t0") = 0x6666;
    register uint64_t t6 __asm__("t6") = 0x7777;

    __asm__ volatile("li a0, 0x10\nli a1, 0x1111\necall"
                     : "+r"(r2), "+r"(r3), "+r"(r4), "+r"(r5), "+r"(r6), "+r"(r7), "+r"(t0),
                       "+r"(t6)
                     :
                     : "a0", "a1", "memory");
    const uint64_t after[] = {r2, r3, r4, r5, r6, r7, t0, t6};
    for (size_t i = 0; i < 8; i++) {
        say("register ");
        say_decimal(i);
        tell(" after a call", after[i]);
    }
}

void compare_main(uint64_t hart, uint64_t dtb)
{
    (void)hart;
    (void)dtb;
    base();
    probes();
    unknown();
    kept();
}
