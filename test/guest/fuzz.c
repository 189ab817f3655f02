/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For some seconds, at random, from the seed in bootargs ("SEED SECONDS"): instructions in user and
 * supervisor mode, every CSR, device registers, SBI calls, page tables, jumps.  The result of a
 * step is ignored; each step ends by a trap or by the timer, and finally the guest powers off.  If
 * the guest ever finds the mark of secret.c, in a register or in memory, it ends as failed.
 *
 *   code     in the middle of RAM, far from this image, with nothing around it to run
 *   scratch  behind it: what stores may hit
 */
#include "guest.h"

#define FUZZ_SECONDS  6u /* when bootargs does not say */
#define WATCH_EVERY   16u
#define KINDS         8u
#define RAM_BYTES     (UINT64_C(16) << 20)
#define TICKS_SECOND  UINT64_C(10000000)
#define WATCHDOG      5000u /* ticks */
#define CODE          (RAM_BASE + UINT64_C(0x800000))
#define SCRATCH       (RAM_BASE + UINT64_C(0xa00000))
#define SCRATCH_BYTES UINT64_C(0x10000)
#define CODE_INSNS    16u

#define SSTATUS_SPIE  (UINT64_C(1) << 5)
#define SSTATUS_SPP   (UINT64_C(1) << 8)
#define SSTATUS_FS    (UINT64_C(3) << 13)
#define SATP          0x180u
#define INSN_EBREAK   0x00100073u
#define INSN_SYSTEM   0x73u
#define PTE_TABLE     UINT64_C(0x01)
#define PTE_KERNEL    UINT64_C(0xcf)
#define PTE_USER_ALL  UINT64_C(0xdf)
#define USER_BASE     UINT64_C(0x40000000) /* the user's view of code and scratch, 2 MiB each */

struct fuzz_context {
    uint64_t x[32]; /* x[0] is not used */
    uint64_t pc, sstatus;
    uint64_t ours[28];
};

uint64_t fuzz_run(struct fuzz_context *context);
void fuzz_trap(void);
void fuzz_read_fp(uint64_t f[32]);

static struct fuzz_context context;
static uint64_t root[512] __attribute__((aligned(4096)));
static uint64_t middle[512] __attribute__((aligned(4096)));
static uint64_t state;
static uint64_t steps[KINDS];
static uint64_t fp[32];

static uint64_t next(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state * UINT64_C(0x2545f4914f6cdd1d);
}

static uint64_t below(uint64_t count)
{
    return next() % count;
}

/* ---- values ------------------------------------------------------------------------- */

/* An address of a device of this machine, or of none; not of the device that powers off. */
static uint64_t device_address(void)
{
    static const struct {
        uint64_t base, bytes;
    } list[] = {
        { 0x101000, 0x1000 },     { 0x2000000, 0x10000 },  { 0xc000000, 0x3000 },
        { 0xc200000, 0x4000 },    { 0xc5ffff0, 0x20 },     { 0x10000000, 0x108 },
        { 0x10001000, 0x1000 },   { 0x28000000, 0x2000 },  { 0x30000000, 0x1000 },
        { 0x80fffff0, 0x20 },     { 0x81000000, 0x1000 },  { 0x1fffffff000, 0x2000 },
        { 0xffffffff000, 0x2000 },
    };
    uint64_t i = below(sizeof list / sizeof list[0]);

    return list[i].base + below(list[i].bytes);
}

/* A value that may point into scratch, at a device, or to no memory. */
static uint64_t value(void)
{
    switch (below(6)) {
    case 0: return below(64);
    case 1: return SCRATCH + 0x800 + below(SCRATCH_BYTES - 0x1000);
    case 2: return device_address();
    case 3: return ~below(16);
    case 4: return (UINT64_C(1) << below(64)) + UINT64_C(0x100000000000);
    default: return next() | UINT64_C(0x4000000000000000);
    }
}

static void registers_fill(void)
{
    for (unsigned i = 1; i < 32; i++)
        context.x[i] = value();
}

/* ---- one step ------------------------------------------------------------------------ */

static void code_put(unsigned index, uint64_t insn)
{
    ((volatile uint32_t *)CODE)[index] = (uint32_t)insn;
}

static void go(uint64_t pc, uint64_t sstatus)
{
    context.pc = pc;
    context.sstatus = sstatus;
    __asm__ volatile("fence.i" ::: "memory");
    csr_write(sie, 1u << 5);
    sbi_set_timer(time_now() + WATCHDOG);
    (void)fuzz_run(&context);
}

/* Any instruction but SYSTEM, which other steps execute. */
static uint32_t random_insn(void)
{
    uint32_t insn = (uint32_t)next();

    return (insn & 0x7f) == INSN_SYSTEM ? INSN_EBREAK : insn;
}

/* More loads, stores, atomics, floating-point and compressed instructions than by chance. */
static uint32_t memory_insn(void)
{
    static const uint8_t opcode[] = { 0x03, 0x23, 0x2f, 0x07, 0x27, 0x0f };

    if (below(4) == 0)
        return (uint32_t)below(0x10000);
    return (uint32_t)next() << 7 | opcode[below(sizeof opcode)];
}

/* In supervisor mode: interrupts on, so that a loop ends. */
static void step_supervisor(void)
{
    registers_fill();
    code_put(0, below(3) == 0 ? random_insn() : memory_insn());
    for (unsigned i = 1; i < CODE_INSNS; i++)
        code_put(i, INSN_EBREAK);
    go(CODE, SSTATUS_SPP | SSTATUS_SPIE | (next() & SSTATUS_FS));
}

/* One access to any CSR; then restores the CSRs that the return needs. */
static void step_csr(void)
{
    uint64_t csr = below(4) == 0 ? below(0x1000) : 0x100 + below(0x100), source = 1 + below(28);

    registers_fill();
    if (csr == SATP)
        context.x[source] &= UINT64_C(0x0fffffffffffffff); /* stays Bare: else no way back */
    context.x[29] = (uint64_t)fuzz_trap;
    context.x[30] = (uint64_t)&context;
    code_put(0, csr << 20 | source << 15 | (1 + below(3)) << 12 | below(29) << 7 | INSN_SYSTEM);
    code_put(1, 0x140f1073); /* csrw sscratch, x30 */
    code_put(2, 0x105e9073); /* csrw stvec, x29 */
    code_put(3, 0x18001073); /* csrw satp, zero */
    code_put(4, INSN_EBREAK);
    go(CODE, SSTATUS_SPP);
}

/* One access of any kind, width and alignment to a device's register, or to an empty address. */
static void step_mmio(void)
{
    static const uint32_t list[] = {
        /* loads and stores, of FP registers too; LR, SC; AMOs; cache blocks */
        0x00000003, 0x00001003, 0x00002003, 0x00003003, 0x00004003, 0x00005003, 0x00006003,
        0x00000023, 0x00001023, 0x00002023, 0x00003023, 0x00002007, 0x00003007, 0x00002027,
        0x00003027, 0x1000202f, 0x1000302f, 0x1800202f, 0x1800302f, 0x0000202f, 0x0000302f,
        0x0800202f, 0x2000302f, 0x4000202f, 0x6000302f, 0x8000202f, 0xa000302f, 0xc000202f,
        0x0000200f, 0x0010200f, 0x0020200f, 0x0040200f,
    };
    uint32_t insn = list[below(sizeof list / sizeof list[0])];
    uint32_t opcode = insn & 0x7f, rd = 1 + (uint32_t)below(31);

    registers_fill();
    context.x[10] = device_address();
    insn |= 10u << 15;
    if (opcode == 0x23 || opcode == 0x27 || opcode == 0x2f)
        insn |= rd << 20 & ((insn >> 27) == 2 ? 0 : ~0u);
    if (opcode == 0x03 || opcode == 0x07 || opcode == 0x2f)
        insn |= rd << 7;
    code_put(0, insn);
    code_put(1, INSN_EBREAK);
    go(CODE, SSTATUS_SPP | (next() & SSTATUS_FS));
}

/* Jumps to anywhere but this program, in either mode. */
static void step_jump(void)
{
    uint64_t target = below(3) == 0 ? value() : device_address();

    if (target >= RAM_BASE && target < RAM_BASE + RAM_BYTES)
        target = 0x10000000 + below(0x1000);
    registers_fill();
    go(target, (below(2) == 0 ? SSTATUS_SPP : 0) | SSTATUS_SPIE);
}

/* Supervisor instructions that are no CSR accesses, with any operands. */
static void step_privileged(void)
{
    static const uint32_t list[] = { 0x10500073, 0x10200073, 0x12000073, 0x16000073, 0x18000073,
                                     0x18100073, 0x22000073, 0x62000073, 0x30200073, 0x00d00073,
                                     0x01d00073, 0x60004073, 0x68004073, 0x00000073 };
    uint64_t operands = below(32) << 20 | below(32) << 15 | below(32) << 7;

    registers_fill();
    csr_write(sepc, value());
    code_put(0, list[below(sizeof list / sizeof list[0])] | (below(2) == 0 ? operands : 0));
    code_put(1, INSN_EBREAK);
    /* An ecall gets an extension that does not exist. */
    context.x[17] = 0x7eadbeef;
    go(CODE, SSTATUS_SPP | SSTATUS_SPIE);
}

/* In user mode, with page tables that are random but for the needed mappings. */
static void step_user(void)
{
    registers_fill();
    for (unsigned i = 0; i < CODE_INSNS; i++)
        code_put(i, below(2) == 0 ? memory_insn() : (uint32_t)next());
    for (unsigned i = 0; i < 512; i += 1 + (unsigned)below(8)) {
        root[i] = (device_address() >> 12) << 10 | (next() & 0x3ff);
        middle[i] = (device_address() >> 12) << 10 | (next() & 0x3ff);
    }
    root[RAM_BASE >> 30] = RAM_BASE >> 2 | PTE_KERNEL;
    root[USER_BASE >> 30] = (uint64_t)middle >> 2 | PTE_TABLE;
    root[0] = (uint64_t)root >> 2 | PTE_TABLE;
    middle[0] = CODE >> 2 | PTE_USER_ALL;
    middle[1] = SCRATCH >> 2 | PTE_USER_ALL;
    for (unsigned i = 1; i < 32; i += 2)
        context.x[i] = USER_BASE + below(1 << 24);
    csr_write(satp, (8 + below(3)) << 60 | below(0x10000) << 44 | (uint64_t)root >> 12);
    __asm__ volatile("sfence.vma" ::: "memory");
    go(csr_read(satp) == 0 ? 0 : USER_BASE, next() & SSTATUS_FS);
}

/* ---- SBI ------------------------------------------------------------------------------- */

#define SBI_HSM  UINT64_C(0x48534d)
#define SBI_SRST UINT64_C(0x53525354)
#define SBI_DBCN UINT64_C(0x4442434e)

/* Does it end the guest, or stop its only hart? */
static bool is_last(uint64_t extension, uint64_t function)
{
    return extension == 8 || extension == SBI_SRST ||
           (extension == SBI_HSM && (function == 1 || function == 3));
}

static void step_sbi(void)
{
    static const uint64_t extensions[] = { 0x10,       0x54494d45, 0x735049, 0x52464e43,
                                           SBI_HSM,    SBI_SRST,   SBI_DBCN, 0x504d55,
                                           0x53555350, 0x535441,   0x46574654 };
    uint64_t extension = below(4) == 0 ? below(16) : extensions[below(11)];
    uint64_t function = below(8) == 0 ? value() : below(9);
    uint64_t argument = value();

    if (below(32) == 0)
        extension = next() | 0x10000;
    if (is_last(extension, function & UINT32_MAX))
        return;
    if (extension == SBI_DBCN || extension == 1)
        argument = below(2) == 0 ? below(4) : ~below(16);
    (void)sbi_call(extension, function, argument, value(), value(), value());
}

/* ---- the mark of another guest -------------------------------------------------------------- */

static uint64_t leaks;

static void watch_words(const uint64_t *word, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        leaks += is_secret(word[i]);
}

static void watch_hart(void)
{
    uint64_t csr[] = { csr_read(sepc), csr_read(stval), csr_read(scause), csr_read(stvec),
                       csr_read(satp), csr_read(scounteren) };

    watch_words(csr, sizeof csr / sizeof csr[0]);
    csr_set(sstatus, SSTATUS_FS);
    fuzz_read_fp(fp);
    watch_words(fp, 32);
}

/* ---- all of it ---------------------------------------------------------------------------- */

static void steps_run(uint64_t end_ticks)
{
    static void (*const list[KINDS])(void) = { step_user,       step_supervisor, step_csr,
                                               step_privileged, step_sbi,        step_supervisor,
                                               step_mmio,       step_jump };

    for (uint64_t count = 0; time_now() < end_ticks && leaks == 0; count++) {
        uint64_t which = below(KINDS);
        list[which]();
        steps[which]++;
        watch_words(context.x, 32);
        if (count % WATCH_EVERY == 0)
            watch_hart();
    }
    watch_words((const uint64_t *)__bss_end, (RAM_BASE + RAM_BYTES - (uint64_t)__bss_end) / 8);
}

/* Restores the UART's registers to the state that firmware leaves. */
static void uart_restore(void)
{
    write8(UART_BASE + 3, 3);
    write8(UART_BASE + 1, 0);
    write8(UART_BASE + 2, 7);
    write8(UART_BASE + 4, 0);
}

void guest_main(uint64_t hart, uint64_t dtb)
{
    uint64_t seed = bootargs_number(dtb), seconds = bootargs_second(dtb);

    (void)hart;
    state = seed * 2 + 1;
    put_string("fuzz: begin\nfuzz: seed ");
    put_decimal(seed);
    put_string("\n");
    steps_run(time_now() + (seconds ? seconds : FUZZ_SECONDS) * TICKS_SECOND);
    uart_restore();
    csr_write(scounteren, 7);
    if (leaks != 0)
        put_string("\nfuzz: LEAK\n");
    put_string("\nfuzz: end, steps");
    for (unsigned i = 0; i < KINDS; i++) {
        put_string(" ");
        put_decimal(steps[i]);
    }
    put_string("\n");
    sbi_reset(0, leaks != 0);
}
