/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finds features of this hart that its device tree does not name: reads every CSR number, and
 * tries instructions and page-table bits of extensions with a switch.  It prints those that
 * did not trap:
 *
 *   unnamed: csr 0x100        unnamed: insn cbo.zero        unnamed: pte pbmt
 */
#include "guest.h"

#define CSR_COUNT 4096u
#define INSN_RET  UINT32_C(0x00008067)

static uint32_t code[2] __attribute__((aligned(8)));
static uint64_t line[8] __attribute__((aligned(64))); /* for the cache-block instructions */
static uint64_t root[512] __attribute__((aligned(4096)));

/* Does one instruction run without a trap?  a0 points to memory. */
static bool runs(uint32_t insn)
{
    uint64_t count = trap_last.count;
    register uint64_t a0 __asm__("a0") = (uint64_t)line;

    *(volatile uint32_t *)&code[0] = insn;
    *(volatile uint32_t *)&code[1] = INSN_RET;
    __asm__ volatile("fence.i\n\tjalr %1"
                     : "+r"(a0)
                     : "r"(code)
                     : "ra", "t0", "t1", "memory");
    return trap_last.count == count;
}

static void found(const char *kind, const char *name)
{
    put_string("unnamed: ");
    put_string(kind);
    put_string(" ");
    put_string(name);
}

static void try_csrs(void)
{
    for (uint32_t csr = 0; csr < CSR_COUNT; csr++) {
        if (!runs(csr << 20 | 0x00002573)) /* csrr a0, csr */
            continue;
        found("csr", "");
        put_hex(csr);
        put_string("\n");
    }
}

static void try_instructions(void)
{
    static const struct {
        const char *name;
        uint32_t insn;
    } list[] = {
        { "cbo.inval", 0x0005200f },  { "cbo.clean", 0x0015200f }, { "cbo.flush", 0x0025200f },
        { "cbo.zero", 0x0045200f },   { "vsetivli", 0xcd027057 },  { "vmv.v.i", 0x5e003057 },
        { "ssamoswap.d", 0x48a5352f },
        { "mret", 0x30200073 },       { "hfence.gvma", 0x62000073 }, { "hlv.d", 0x6c054573 },
    };

    for (unsigned i = 0; i < sizeof list / sizeof list[0]; i++) {
        if (runs(list[i].insn)) {
            found("insn", list[i].name);
            put_string("\n");
        }
    }
}

/* A load through a leaf with a bit of each of Svpbmt and Svnapot, and with reserved ones. */
static void try_page_tables(void)
{
    static const struct {
        const char *name;
        uint64_t bits;
    } list[] = {
        { "pbmt nc", UINT64_C(1) << 61 },
        { "pbmt io", UINT64_C(2) << 61 },
        { "pbmt reserved", UINT64_C(3) << 61 },
        { "reserved", UINT64_C(1) << 54 },
    };

    root[2] = RAM_BASE >> 2 | 0xcf; /* the RAM with this program: a leaf of 1 GiB */
    for (unsigned i = 0; i < sizeof list / sizeof list[0]; i++) {
        root[4] = RAM_BASE >> 2 | 0xcf | list[i].bits;
        csr_write(satp, UINT64_C(8) << 60 | (uint64_t)root >> 12);
        __asm__ volatile("sfence.vma" ::: "memory");
        uint64_t count = trap_last.count;
        (void)*(volatile uint64_t *)((UINT64_C(4) << 30) + ((uint64_t)line - RAM_BASE));
        bool is_through = trap_last.count == count;
        csr_write(satp, 0);
        __asm__ volatile("sfence.vma" ::: "memory");
        if (is_through) {
            found("pte", list[i].name);
            put_string("\n");
        }
    }
}

void guest_main(uint64_t hart, uint64_t dtb)
{
    (void)hart, (void)dtb;
    csr_set(sstatus, UINT64_C(3) << 13 | UINT64_C(3) << 9); /* FS, and VS where there is one */
    csr_write(senvcfg, UINT64_MAX);
    put_string("unnamed: begin\n");
    try_csrs();
    try_instructions();
    try_page_tables();
    put_string("unnamed: end\n");
    sbi_reset(0, 0);
}
