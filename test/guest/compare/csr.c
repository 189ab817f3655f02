/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Supervisor CSRs: which ones exist, and which bits of a written value each keeps (WARL).
 *
 * Specification: privileged specification, "Supervisor-Level ISA"; "CSR Listing" for the numbers.
 */
#include "compare.h"

/* Of csr_all.S: reads CSR `number` and returns its value; there are 4096 of them. */
extern char csr_readers[];
#define READER_BYTES 8u

/* Writes all ones, then the second and third argument; finally restores the CSR. */
#define TELL_KEPT(name, second, third)                                                             \
    do {                                                                                           \
        uint64_t was_ = csr_read(name);                                                            \
        csr_write(name, UINT64_MAX);                                                               \
        uint64_t ones_ = csr_read(name);                                                           \
        csr_write(name, second);                                                                   \
        uint64_t second_ = csr_read(name);                                                         \
        csr_write(name, third);                                                                    \
        uint64_t third_ = csr_read(name);                                                          \
        csr_write(name, 0);                                                                        \
        uint64_t zero_ = csr_read(name);                                                           \
        csr_write(name, was_);                                                                     \
        tell(#name " after all ones", ones_);                                                      \
        tell(#name " after " #second, second_);                                                    \
        tell(#name " after " #third, third_);                                                      \
        tell(#name " after zero", zero_);                                                          \
    } while (0)

static struct seen reader_run(uint64_t number)
{
    uint64_t before = trap_last.count, pc = (uint64_t)csr_readers + READER_BYTES * number;
    register uint64_t a0 __asm__("a0") = 0;

    __asm__ volatile("jalr ra, (%[pc])" : "+r"(a0) : [pc] "r"(pc) : "ra", "memory");
    return see_result(before, pc, a0);
}

/* One line for each CSR number that can be read, without the value. */
static void which(void)
{
    for (uint64_t number = 0; number < 4096; number++) {
        struct seen seen = reader_run(number);
        if (seen.is_trapped && seen.cause == 2)
            continue;
        say("csr ");
        say_hex(number);
        tell_text("", seen.is_trapped ? "another trap" : "can be read");
    }
}

/* Interrupts stay off: no write sets SIE. */
static void status(void)
{
    uint64_t was = csr_read(sstatus);

    csr_write(sstatus, ~SSTATUS_SIE);
    tell("sstatus after all ones but SIE", csr_read(sstatus));
    csr_write(sstatus, 0);
    tell("sstatus after zero", csr_read(sstatus));
    for (unsigned fs = 0; fs < 4; fs++) {
        csr_write(sstatus, (uint64_t)fs << 13);
        say("sstatus with FS ");
        say_decimal(fs);
        tell("", csr_read(sstatus));
    }
    csr_write(sstatus, was);
}

/* The mode field is WARL: an unsupported mode leaves the register unchanged. */
static void translation(void)
{
    static const uint64_t mode[] = {1, 2, 7, 8, 9, 10, 11, 15};

    for (size_t i = 0; i < sizeof mode / sizeof mode[0]; i++) {
        /* This root maps the few instructions here to their physical addresses. */
        static uint64_t root[512] __attribute__((aligned(4096)));
        if (mode[i] > 8 && mode[i] < 11)
            continue;
        if (mode[i] == 8)
            root[2] = (UINT64_C(2) << 28) | 0xcf;
        uint64_t value = mode[i] << 60 | UINT64_C(0xffff) << 44 | (uint64_t)root >> 12;
        csr_write(satp, value);
        uint64_t kept = csr_read(satp);
        csr_write(satp, 0);
        say("satp with mode ");
        say_decimal(mode[i]);
        say(": mode ");
        say_decimal(kept >> 60);
        say(" ASID ");
        say_hex(kept >> 44 & 0xffff);
        tell_end();
    }
}

static void others(void)
{
    TELL_KEPT(sie, 0x222, 0xfffffffffffffddd);
    TELL_KEPT(sip, 0x222, 0xfffffffffffffddd);
    TELL_KEPT(stvec, 0x80000001, 0x80000002);
    TELL_KEPT(sscratch, 0x0123456789abcdef, 1);
    TELL_KEPT(sepc, 0x8000000000000001, 0x80000003);
    TELL_KEPT(scause, 0x8000000000000005, 0x7fffffffffffffff);
    TELL_KEPT(stval, 0x8000000000000000, 0x1234);
    TELL_KEPT(scounteren, 0xffffffff, 2);
    TELL_KEPT(senvcfg, 0xf0, 1);
}

/* Writes to read-only CSRs, and CSR instructions that do not write. */
static void read_only(void)
{
    tell_seen("write to time", SEE("csrw time, %[data]", 0, 0));
    tell_seen("write to cycle", SEE("csrw cycle, %[data]", 0, 0));
    tell_seen("set no bit of instret", SEE("csrrs x0, instret, x0\nli %[data], 5", 0, 0));
    tell_seen("write to an M-mode CSR", SEE("csrw mstatus, %[data]", 0, 0));
    tell_seen("read of mhartid", SEE("csrr %[data], mhartid", 0, 0));
    tell_seen("write to a CSR that is not there", SEE("csrw 0x5c0, %[data]", 0, 0));
    tell_seen("clear by an immediate", SEE("csrrci %[data], sscratch, 0", 0, 0));
}

/* Counters increase, by about the expected amount. */
static void counters(void)
{
    uint64_t time = csr_read(time), cycle = csr_read(cycle), instret = csr_read(instret);

    for (volatile unsigned i = 0; i < 1000; i++)
        ;
    tell("time does not go back", csr_read(time) >= time);
    tell("cycle goes on", csr_read(cycle) > cycle);
    tell("instret goes on", csr_read(instret) > instret + 1000);
}

void compare_main(uint64_t hart, uint64_t dtb)
{
    (void)hart;
    (void)dtb;
    which();
    status();
    translation();
    others();
    read_only();
    counters();
}
