/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two of these share a hart.  Each fills all its supervisor CSRs and FP registers from a
 * seed, sleeps a moment so that the other runs, and looks whether every one is still its own.
 * The seed is the first word of its command line (bootargs: a decimal number); 0 is for the bare
 * machine, whose firmware leaves FP registers as it likes: a new guest's are zero.
 *
 * scounteren and senvcfg have no copies of their own in the hart: a VMM that ran with
 * the values set here would be killed by its next rdtime.
 */
#include "guest.h"

#define ROUNDS     10000u
#define NAP_TICKS  200u

void pattern_fill_fp(uint64_t seed);
uint64_t pattern_check_fp(uint64_t seed);
uint64_t pattern_any_fp(void);

static uint64_t mix(uint64_t seed, uint64_t index)
{
    uint64_t z = seed * UINT64_C(0x9e3779b97f4a7c15) + index * UINT64_C(0xbf58476d1ce4e5b9);

    return z ^ z >> 29;
}

struct csr_set {
    uint64_t sscratch, sepc, scause, stval, scounteren, senvcfg, satp, sie, siselect;
};

/* A hart with AIA has it (by its number: not every assembler knows the name). */
static bool has_siselect(void)
{
    static uint64_t tried, trapped;

    if (tried++ == 0) {
        (void)csr_read(0x150);
        trapped = trap_last.count;
    }
    return trapped == 0;
}

static struct csr_set csr_read_all(void)
{
    return (struct csr_set){ csr_read(sscratch),   csr_read(sepc),    csr_read(scause),
                             csr_read(stval),      csr_read(scounteren), csr_read(senvcfg),
                             csr_read(satp),       csr_read(sie),
                             has_siselect() ? csr_read(0x150) : 0 };
}

/* WARL fields: what was read back right after writing is what must stay. */
static struct csr_set csr_fill(uint64_t seed)
{
    if (has_siselect())
        csr_write(0x150, 0x70 + (mix(seed, 6) & 0x7f));
    csr_write(sscratch, mix(seed, 1));
    csr_write(sepc, mix(seed, 2) & ~UINT64_C(1));
    csr_write(scause, mix(seed, 3) & UINT64_C(0x800000000000003f));
    csr_write(stval, mix(seed, 4));
    csr_write(scounteren, seed & 1 ? 0 : 5);
    csr_write(senvcfg, seed & 1 ? 0xf1 : 0);
    csr_write(satp, (mix(seed, 5) & 0xffff) << 44); /* Bare: mode 0 */
    csr_write(sie, 1u << 5 | (seed & 1 ? 1u << 1 : 0));
    return csr_read_all();
}

static bool csr_equal(const struct csr_set *a, const struct csr_set *b)
{
    return a->sscratch == b->sscratch && a->sepc == b->sepc && a->scause == b->scause &&
           a->stval == b->stval && a->scounteren == b->scounteren && a->senvcfg == b->senvcfg &&
           a->satp == b->satp && a->sie == b->sie && a->siselect == b->siselect;
}

/* Interrupts stay off in sstatus: the pending timer ends the WFI, no trap touches the CSRs. */
static void nap(void)
{
    sbi_set_timer(time_now() + NAP_TICKS);
    while ((csr_read(sip) & 1u << 5) == 0)
        __asm__ volatile("wfi");
    sbi_set_timer(UINT64_MAX);
}

static void report(const char *what, uint64_t round)
{
    put_string("pattern: ");
    put_string(what);
    put_string(" ");
    put_decimal(round);
    put_string("\n");
}

void guest_main(uint64_t hart, uint64_t dtb)
{
    uint64_t seed = bootargs_number(dtb);

    (void)hart;
    csr_set(sstatus, 1u << 13); /* FS: initial */
    report("seed", seed);
    if (seed != 0 && pattern_any_fp() != 0)
        report("FP register of another, at the start", 0);
    for (uint64_t round = 0; round < ROUNDS; round++) {
        uint64_t fp_seed = mix(seed, round + 100);
        struct csr_set mine = csr_fill(seed + round * 2);
        pattern_fill_fp(fp_seed);
        nap();
        struct csr_set now = csr_read_all();
        if (pattern_check_fp(fp_seed) != 0) {
            report("FP register of another, round", round);
            break;
        }
        if (!csr_equal(&mine, &now)) {
            report("CSR of another, round", round);
            break;
        }
        if (round + 1 == ROUNDS)
            report("all my own, rounds", ROUNDS);
    }
    csr_write(scounteren, 7);
    sbi_reset(0, 0);
}
