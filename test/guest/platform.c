/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Prints what a kernel finds when it starts, a line each: "platform: NAME: VALUE".
 * The same lines come from the bare machine under its firmware; where a guest's differ,
 * docs/devices/platform.md says so.
 */
#include "guest.h"

#define PLIC     UINT64_C(0xc000000)
#define RTC      UINT64_C(0x101000)

static void tell(const char *name, uint64_t value)
{
    put_string("platform: ");
    put_string(name);
    put_string(": ");
    put_hex(value);
    put_string("\n");
}

/* ---- the hart ---------------------------------------------------------------------------- */

#define TELL_CSR(name)                                                                            \
    do {                                                                                          \
        uint64_t before_ = trap_last.count, value_ = csr_read(name);                              \
        if (trap_last.count != before_)                                                           \
            put_string("platform: " #name ": illegal\n");                                         \
        else                                                                                      \
            tell(#name, value_);                                                                  \
    } while (0)

/* What can be set: all ones are written, and what was there is put back. */
#define TELL_MASK(name)                                                                           \
    do {                                                                                          \
        uint64_t was_ = csr_read(name);                                                           \
        csr_write(name, UINT64_MAX);                                                              \
        uint64_t mask_ = csr_read(name);                                                          \
        csr_write(name, was_);                                                                    \
        tell(#name " holds", mask_);                                                              \
    } while (0)

static void hart(uint64_t id, uint64_t dtb)
{
    tell("a0", id);
    tell("a1 aligned to 8", dtb % 8 == 0);
    TELL_CSR(sstatus);
    TELL_CSR(sie);
    TELL_CSR(sip);
    TELL_CSR(satp);
    TELL_CSR(scounteren);
    TELL_CSR(senvcfg);
    TELL_CSR(stimecmp);
    TELL_MASK(stvec);
    TELL_MASK(sepc);
    TELL_MASK(sscratch);
    TELL_MASK(stval);
    TELL_MASK(sie);
    TELL_MASK(scounteren);
    tell("cycle counts", csr_read(cycle) != csr_read(cycle));
    tell("instret counts", csr_read(instret) != csr_read(instret));
}

/* ---- memory and devices --------------------------------------------------------------------- */

static uint64_t load(uint64_t address, unsigned width)
{
    uint64_t value = 0;

    switch (width) {
    case 1: __asm__ volatile("lbu %0, (%1)" : "+r"(value) : "r"(address)); break;
    case 2: __asm__ volatile("lhu %0, (%1)" : "+r"(value) : "r"(address)); break;
    case 4: __asm__ volatile("lwu %0, (%1)" : "+r"(value) : "r"(address)); break;
    default: __asm__ volatile("ld %0, (%1)" : "+r"(value) : "r"(address)); break;
    }
    return value;
}

static void tell_load(uint64_t address, unsigned width)
{
    uint64_t before = trap_last.count, value = load(address, width);

    put_string("platform: load ");
    put_decimal(width);
    put_string(" at ");
    put_hex(address);
    if (trap_last.count != before) {
        put_string(": cause ");
        put_decimal(trap_last.cause);
    } else {
        put_string(": ");
        put_hex(value);
    }
    put_string("\n");
}

static void memory(void)
{
    /* One address of each range of QEMU's map, and the borders of the devices that are here. */
    static const uint64_t words[] = {
        0,          0x1000,     0x100000,   0x100ffc,   0x100004,   RTC + 0x08, RTC + 0x0c,
        RTC + 0x10, RTC + 0x14, RTC + 0x18, RTC + 0x1c, RTC + 0x20, RTC + 0x24, RTC + 0x100,
        0x102000,   0x2000000,  0x200bff8,  0x2010000,  0x3000000,  0x4000000,  0x6000000,
        0xbfffffc,  PLIC,       PLIC + 4,   PLIC + 0x28, PLIC + 0x17c, PLIC + 0x180, PLIC + 0x1000,
        PLIC + 0x1008, PLIC + 0x100c, PLIC + 0x2080, PLIC + 0x2100, PLIC + 0x200000,
        PLIC + 0x201000, PLIC + 0x201004, PLIC + 0x201008, PLIC + 0x202000, PLIC + 0x5ffffc,
        PLIC + 0x600000, 0x10000008, 0x100000fc, 0x10000100, 0x10001000, 0x10001004, 0x10001008,
        0x10009000, 0x10100000, 0x20000000, 0x24000000, 0x28000000, 0x30000000, 0x40000000,
        0x7ffffffc, 0x80000000, 0x1fffffffc, 0x400000000,
    };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        tell_load(words[i], 4);
    for (unsigned width = 1; width <= 8; width *= 2) {
        tell_load(0x100000, width);
        tell_load(RTC + 0x18, width);
        tell_load(PLIC + 0x28, width);
        tell_load(PLIC + 0x2a, width);
        tell_load(0x18000000, width);
    }
    for (uint64_t reg = 1; reg < 8; reg++)
        tell_load(UART_BASE + reg, 1);
    tell_load(UART_BASE + 4, 2);
    tell_load(UART_BASE + 4, 4);
    tell_load(UART_BASE + 1, 4);
    tell_load(UART_BASE, 8);
}

/* What the registers of the interrupt controller keep of all ones. */
static void plic(void)
{
    static const uint64_t reg[] = { 0x4,    0x28,   0x17c,  0x180,   0x2080,
                                    0x2084, 0x2088, 0x208c, 0x201000 };

    for (size_t i = 0; i < sizeof reg / sizeof reg[0]; i++) {
        uint64_t was = load(PLIC + reg[i], 4);
        write32(PLIC + reg[i], UINT32_MAX);
        put_string("platform: plic ");
        put_hex(reg[i]);
        put_string(" keeps: ");
        put_hex(load(PLIC + reg[i], 4));
        put_string("\n");
        write32(PLIC + reg[i], (uint32_t)was);
    }
}

void guest_main(uint64_t id, uint64_t dtb)
{
    hart(id, dtb);
    memory();
    plic();
    put_string("platform: end\n");
    sbi_reset(0, 0);
}
