/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two of these guests share a hart.  Each fills all its supervisor CSRs and FP registers from a
 * seed, sleeps a moment so that the other runs, and checks that all registers and its memory are
 * unchanged.
 * The seed is the first word of its command line (bootargs: a decimal number); 0 is for the bare
 * machine, whose firmware leaves FP registers as it likes: a new guest's are zero.
 *
 * scounteren and senvcfg have no copies of their own in the hart: a VMM that ran with
 * the values set here would be killed by its next rdtime.
 */
#include "guest.h"

#define ROUNDS    25000u
#define NAP_TICKS 200u

void pattern_fill_fp(uint64_t seed);
uint64_t pattern_check_fp(uint64_t seed);
uint64_t pattern_any_fp(void);

static uint64_t mix(uint64_t seed, uint64_t index)
{
    uint64_t z = seed * UINT64_C(0x9e3779b97f4a7c15) + index * UINT64_C(0xbf58476d1ce4e5b9);

    return z ^ z >> 29;
}

/* ---- the supervisor's CSRs --------------------------------------------------- */

#define SSTATUS_PATTERN                                                                            \
    (UINT64_C(1) << 5 | UINT64_C(1) << 8 | UINT64_C(3) << 18) /* SPIE SPP SUM MXR */
#define SSTATUS_FS   (UINT64_C(3) << 13)
#define SIP_SSIP     UINT64_C(2)
#define SIP_STIP     UINT64_C(0x20)

#define SATP_SV39    (UINT64_C(8) << 60)
#define PTE_GIGAPAGE UINT64_C(0xcf)        /* V R W X A D */
#define WINDOW       UINT64_C(0x200000000) /* the guest's first gigabyte of RAM, once more */

struct csr_set {
    uint64_t sstatus, stvec, sscratch, sepc, scause, stval, scounteren, senvcfg, satp, sie, sip,
        siselect;
};

static bool has_siselect, has_stimecmp; /* 0x150 and 0x14d: not every assembler knows the names */
static _Alignas(4096) uint64_t root_table[512];
static volatile uint64_t my_seed;

static void probe(void)
{
    uint64_t traps = trap_last.count;
    (void)csr_read(0x150);
    has_siselect = trap_last.count == traps;
    traps = trap_last.count;
    (void)csr_read(0x14d);
    has_stimecmp = trap_last.count == traps;
}

/* Sv39: identity mapping, and RAM also through a window. */
static void tables_make(void)
{
    for (uint64_t gigabyte = 0; gigabyte < 4; gigabyte++)
        root_table[gigabyte] = gigabyte << 28 | PTE_GIGAPAGE;
    root_table[WINDOW >> 30] = RAM_BASE >> 12 << 10 | PTE_GIGAPAGE;
    __asm__ volatile("sfence.vma" ::: "memory");
}

static struct csr_set csr_read_all(void)
{
    return (struct csr_set){
        .sstatus = csr_read(sstatus),
        .stvec = csr_read(stvec),
        .sscratch = csr_read(sscratch),
        .sepc = csr_read(sepc),
        .scause = csr_read(scause),
        .stval = csr_read(stval),
        .scounteren = csr_read(scounteren),
        .senvcfg = csr_read(senvcfg),
        .satp = csr_read(satp),
        .sie = csr_read(sie),
        .sip = csr_read(sip) & SIP_SSIP,
        .siselect = has_siselect ? csr_read(0x150) : 0,
    };
}

/* WARL fields: the value that is read back right after the write must stay.  No trap may come from
 * here on: stvec points anywhere.  FS stays dirty, since the FP registers are in use. */
static struct csr_set csr_fill(uint64_t seed)
{
    uint64_t asid = mix(seed, 5) & 0xffff;

    if (has_siselect)
        csr_write(0x150, 0x70 + (mix(seed, 6) & 0x7f));
    csr_write(sstatus, SSTATUS_FS | (mix(seed, 7) & SSTATUS_PATTERN));
    csr_write(stvec, (mix(seed, 8) & 0x3ffffffffc) | (seed & 1));
    csr_write(sscratch, mix(seed, 1));
    csr_write(sepc, mix(seed, 2) & ~UINT64_C(1));
    csr_write(scause, mix(seed, 3) & UINT64_C(0x800000000000003f));
    csr_write(stval, mix(seed, 4));
    csr_write(scounteren, seed & 1 ? 0 : 5);
    csr_write(senvcfg, seed & 1 ? 0xf1 : 0);
    csr_write(satp, seed & 2 ? SATP_SV39 | asid << 44 | (uintptr_t)root_table >> 12 : 0);
    csr_write(sie, SIP_STIP | (seed & 1 ? SIP_SSIP : 0));
    /* Pending but not enabled, so that the interrupt does not end the WFI. */
    if (seed & 1)
        csr_clear(sip, SIP_SSIP);
    else
        csr_set(sip, SIP_SSIP);
    return csr_read_all();
}

static bool csr_equal(const struct csr_set *a, const struct csr_set *b)
{
    const uint64_t *x = (const uint64_t *)a, *y = (const uint64_t *)b;

    for (size_t i = 0; i < sizeof *a / sizeof *x; i++) {
        if (x[i] != y[i])
            return false;
    }
    return true;
}

/* Does the window show this guest's memory?  The translation is cached under the guest's ASID. */
static bool window_is_mine(void)
{
    volatile uint64_t *through = (volatile uint64_t *)((uintptr_t)&my_seed - RAM_BASE + WINDOW);

    return csr_read(satp) >> 60 == 0 || *through == my_seed;
}

/* Writes stimecmp if the hart has it: then only a switch to the other guest takes this guest's
 * CSRs out of the hart. */
static void timer_set(uint64_t deadline)
{
    if (has_stimecmp)
        csr_write(0x14d, deadline);
    else
        sbi_set_timer(deadline);
}

/* Interrupts stay off in sstatus: the pending timer ends the WFI, no trap touches the CSRs.  False:
 * the timer compares with another's time. */
static bool nap(void)
{
    uint64_t deadline = time_now() + NAP_TICKS;

    timer_set(deadline);
    while ((csr_read(sip) & SIP_STIP) == 0)
        __asm__ volatile("wfi");
    bool is_mine = !has_stimecmp || csr_read(0x14d) == deadline;
    timer_set(UINT64_MAX);
    return is_mine;
}

static void report(const char *what, uint64_t round)
{
    put_string("pattern: ");
    put_string(what);
    put_string(" ");
    put_decimal(round);
    put_string("\n");
}

/* One round; returns the name of the state that is another guest's, or NULL. */
static const char *round_run(uint64_t seed, uint64_t round)
{
    uint64_t fp_seed = mix(seed, round + 100), vector = csr_read(stvec);

    pattern_fill_fp(fp_seed);
    struct csr_set mine = csr_fill(seed + round * 2);
    bool is_timer_mine = nap();
    struct csr_set now = csr_read_all();
    bool is_window_mine = window_is_mine();
    csr_write(stvec, vector);
    if (pattern_check_fp(fp_seed) != 0)
        return "FP register of another, round";
    if (!csr_equal(&mine, &now))
        return "CSR of another, round";
    if (!is_timer_mine)
        return "timer of another, round";
    return is_window_mine ? NULL : "page of another, round";
}

void guest_main(uint64_t hart, uint64_t dtb)
{
    uint64_t seed = bootargs_number(dtb), round = 0;
    const char *wrong = NULL;

    (void)hart;
    my_seed = seed;
    csr_set(sstatus, 1u << 13); /* FS: initial */
    report("seed", seed);
    if (seed != 0 && pattern_any_fp() != 0)
        report("FP register of another, at the start", 0);
    probe();
    tables_make();
    while (wrong == NULL && round < ROUNDS)
        wrong = round_run(seed, round++);
    csr_write(satp, 0);
    csr_write(scounteren, 7);
    report(wrong != NULL ? wrong : "all my own, rounds", round);
    sbi_reset(0, 0);
}
