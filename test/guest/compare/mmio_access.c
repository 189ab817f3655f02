/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ways to reach a device: widths, signs, compressed and floating-point loads and stores, misaligned
 * ones, atomics, fetches.
 *
 * Specification: unprivileged specification, "Load and Store Instructions", "Zalrsc", "Zaamo", "C
 * Extension", "Single-Precision Load and Store Instructions"; privileged specification, "Physical
 * Memory Attributes".
 */
#include "compare.h"

#define SCRATCH   (UART_BASE + 7)
#define PRIORITY  (PLIC_BASE + 4) /* of source 1, which there is none of */
#define ALARM_LOW (RTC_BASE + 8)

static void widths(void)
{
    static const uint64_t device[] = {SYSCON,          SYSCON + 8,      PRIORITY + 4,
                                      RTC_BASE + 0x10, RTC_BASE + 0x18, RTC_BASE + 0x20,
                                      UART_BASE};

    for (size_t i = 0; i < sizeof device / sizeof device[0]; i++)
        for (unsigned width = 1; width <= 8; width *= 2) {
            tell_load(device[i], width);
            if (device[i] != SYSCON && device[i] != UART_BASE) /* these would act */
                tell_store(device[i], width, 0);
        }
    for (unsigned width = 1; width <= 4; width *= 2)
        tell_load(UART_BASE + 4, width);
    tell_store(SCRATCH, 1, 0x5a);
}

static void misaligned(void)
{
    static const uint64_t address[] = {
        SYSCON + 1,      SYSCON + 2,    SYSCON + 3,      PRIORITY + 1,
        PRIORITY + 2,    PRIORITY + 3,  RTC_BASE + 0x11, RTC_BASE + 0x12,
        RTC_BASE + 0x1e, UART_BASE + 1, UART_BASE + 3,   UART_BASE + 5,
        UART_BASE + 6,   0x100fff,      0x10000007,      0xc5fffff};

    for (size_t i = 0; i < sizeof address / sizeof address[0]; i++)
        for (unsigned width = 2; width <= 8; width *= 2) {
            if (address[i] % width == 0)
                continue;
            tell_load(address[i], width);
            /* The UART's neighbours would change with a store. */
            if (address[i] < UART_BASE || address[i] > UART_BASE + 6)
                tell_store(address[i], width, 0);
        }
}

static void signs(void)
{
    write8(SCRATCH, 0x85);
    tell_seen("lb of 0x85", SEE("lb %[data], (%[address])", SCRATCH, 0));
    tell_seen("lbu of 0x85", SEE("lbu %[data], (%[address])", SCRATCH, 0));
    write32(ALARM_LOW, 0x87654321);
    tell_seen("lw of 0x87654321", SEE("lw %[data], (%[address])", ALARM_LOW, 0));
    tell_seen("lwu of 0x87654321", SEE("lwu %[data], (%[address])", ALARM_LOW, 0));
    tell_seen("lh of it", SEE("lh %[data], (%[address])", ALARM_LOW, 0));
    tell_seen("load to x0", SEE("lw x0, (%[address])", ALARM_LOW, 0x77));
    tell_seen("negative offset", SEE("lw %[data], -2048(%[address])", ALARM_LOW + 2048, 0));
    tell_seen("positive offset", SEE("lw %[data], 2047(%[address])", ALARM_LOW - 2047, 0));
    tell_seen("store of x0", SEE("sw x0, (%[address])", ALARM_LOW, 0x77));
    tell("after the store of x0", read32(ALARM_LOW));
    write32(RTC_BASE + 0x14, 0);
}

/* a4 is data, a5 the address; for sp-relative ones sp is moved and put back. */
#define SEE_COMPRESSED(insn, address_, data_)                                                      \
    ({                                                                                             \
        uint64_t before_ = trap_last.count, pc_;                                                   \
        register uint64_t a4_ __asm__("a4") = (data_);                                             \
        register uint64_t a5_ __asm__("a5") = (address_);                                          \
        __asm__ volatile(".option push\n.option arch, +c\nlla %[pc], 1f\n1: " insn "\n.option pop" \
                         : "+r"(a4_), [pc] "=&r"(pc_)                                              \
                         : "r"(a5_)                                                                \
                         : "t0", "memory");                                                        \
        see_result(before_, pc_, a4_);                                                             \
    })

static void compressed(void)
{
    write32(ALARM_LOW, 0x89abcdef);
    tell_seen("c.lw", SEE_COMPRESSED("c.lw a4, 0(a5)", ALARM_LOW, 0));
    tell_seen("c.lw with an offset", SEE_COMPRESSED("c.lw a4, 4(a5)", ALARM_LOW - 4, 0));
    tell_seen("c.ld", SEE_COMPRESSED("c.ld a4, 0(a5)", ALARM_LOW, 0));
    tell_seen("c.ld of the UART", SEE_COMPRESSED("c.ld a4, 0(a5)", UART_BASE, 0));
    tell_seen("c.sw", SEE_COMPRESSED("c.sw a4, 0(a5)", ALARM_LOW, 0x13579bdf));
    tell("after c.sw", read32(ALARM_LOW));
    tell_seen("c.sw with an offset", SEE_COMPRESSED("c.sw a4, 8(a5)", ALARM_LOW - 8, 0x2468ace0));
    tell("after c.sw with an offset", read32(ALARM_LOW));
    /* No trap is taken while sp is elsewhere: these reach registers that are there. */
    struct seen seen =
        SEE_COMPRESSED("mv t0, sp\nmv sp, a5\nc.lwsp a4, 4(sp)\nmv sp, t0", ALARM_LOW - 4, 0);
    tell("c.lwsp", seen.value);
    (void)SEE_COMPRESSED("mv t0, sp\nmv sp, a5\nc.swsp a4, 4(sp)\nmv sp, t0", ALARM_LOW - 4,
                         0x11223344);
    tell("after c.swsp", read32(ALARM_LOW));
    tell_seen("c.sd", SEE_COMPRESSED("c.sd a4, 0(a5)", ALARM_LOW, 1));
    tell_seen("c.lw of a hole", SEE_COMPRESSED("c.lw a4, 0(a5)", 0x102000, 0));
    tell_seen("c.sw to a hole", SEE_COMPRESSED("c.sw a4, 4(a5)", 0x102000, 0));
    tell_seen("c.lw misaligned", SEE_COMPRESSED("c.lw a4, 0(a5)", ALARM_LOW + 2, 0));
    write32(RTC_BASE + 0x14, 0);
}

/* Floating point: a value narrower than the register is boxed with ones. */
#define SEE_FP(insn, address_, data_)                                                              \
    SEE(".option push\n.option arch, +d, +c\n" insn "\n.option pop", address_, data_)

static void floating(void)
{
    csr_set(sstatus, UINT64_C(1) << 13);
    write32(ALARM_LOW, 0x40490fdb);
    tell_seen("fmv.d.x", SEE_FP("fmv.d.x f1, %[data]", 0, 0x1122334455667788));
    csr_clear(sstatus, UINT64_C(1) << 13);
    csr_set(sstatus, UINT64_C(2) << 13);
    csr_clear(sstatus, UINT64_C(1) << 13);
    tell_seen("flw", SEE_FP("flw f1, (%[address])", ALARM_LOW, 0));
    tell("sstatus.FS after flw", csr_read(sstatus) >> 13 & 3);
    tell_seen("what flw loaded", SEE_FP("fmv.x.d %[data], f1", 0, 0));
    tell_seen("fmv.d.x again", SEE_FP("fmv.d.x f1, %[data]", 0, 0x1122334455667788));
    tell_seen("fsw", SEE_FP("fsw f1, (%[address])", ALARM_LOW, 0));
    tell("after fsw", read32(ALARM_LOW));
    tell_seen("fld", SEE_FP("fld f1, (%[address])", ALARM_LOW, 0));
    tell_seen("fsd", SEE_FP("fsd f1, (%[address])", ALARM_LOW, 0));
    tell_seen("fld of the UART", SEE_FP("fld f1, (%[address])", UART_BASE, 0));
    tell_seen("flw of a hole", SEE_FP("flw f1, (%[address])", 0x102000, 0));
    tell_seen("fsd to a hole", SEE_FP("fsd f1, (%[address])", 0x102000, 0));
    csr_clear(sstatus, UINT64_C(3) << 13);
    tell_seen("flw with FS off", SEE_FP("flw f1, (%[address])", ALARM_LOW, 0));
    csr_set(sstatus, UINT64_C(3) << 13);
    write32(RTC_BASE + 0x14, 0);
}

static void atomics(void)
{
    static const uint64_t device[] = {PRIORITY, RTC_BASE + 0x18, SYSCON + 4, UART_BASE};

    for (size_t i = 0; i < sizeof device / sizeof device[0]; i++) {
        struct seen seen[] = {
            SEE("lr.w %[data], (%[address])", device[i], 0),
            SEE("amoor.w %[data], x0, (%[address])", device[i], 0),
            SEE("amoswap.w %[data], %[data], (%[address])", device[i], 0),
            SEE("amomaxu.w %[data], x0, (%[address])", device[i], 0),
            SEE("amoadd.d %[data], x0, (%[address])", device[i] & ~UINT64_C(7), 0),
            SEE("lr.d %[data], (%[address])", device[i] & ~UINT64_C(7), 0),
            see_fetch(device[i]),
        };
        static const char *const name[] = {"lr.w",     "amoor.w", "amoswap.w", "amomaxu.w",
                                           "amoadd.d", "lr.d",    "fetch"};
        for (size_t j = 0; j < sizeof seen / sizeof seen[0]; j++) {
            say(name[j]);
            say(" at ");
            say_hex(device[i]);
            tell_seen("", seen[j]);
        }
    }
    /* Misaligned atomics, in RAM and at a device. */
    static uint64_t word[2];
    struct seen ram = SEE("amoadd.w %[data], x0, (%[address])", (uint64_t)word + 2, 0);
    tell("amoadd.w misaligned in RAM, cause", ram.is_trapped ? ram.cause : 0);
    tell_seen("amoadd.w misaligned", SEE("amoadd.w %[data], x0, (%[address])", PRIORITY + 2, 0));
    tell_seen("lr.w misaligned", SEE("lr.w %[data], (%[address])", PRIORITY + 2, 0));
}

void compare_main(uint64_t hart, uint64_t dtb)
{
    (void)hart;
    (void)dtb;
    tell_flush();
    widths();
    misaligned();
    signs();
    compressed();
    floating();
    atomics();
}
