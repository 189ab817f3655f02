/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs beside random guests (fuzz.c): for some seconds (bootargs "SEED SECONDS") this guest fills
 * its whole RAM, FP registers and CSRs with words of its own mark, and checks them, its timer and
 * its clock.  The other guests check that they never see the mark.  A difference is printed, and
 * ends the guest as failed.
 */
#include "guest.h"

#define SECONDS      6u /* when bootargs does not say */
#define TICKS_SECOND UINT64_C(10000000)
#define NAP_TICKS    UINT64_C(2000)
#define RAM_BYTES    (UINT64_C(16) << 20)
#define DTB_BYTES    (UINT64_C(2) << 20) /* at the end of the RAM */
#define CHUNK        8192u               /* words looked at in a round */
#define SSTATUS_FS   (UINT64_C(3) << 13)
#define SIP_STIP     UINT64_C(0x20)

void pattern_fill_fp(uint64_t seed);
uint64_t pattern_check_fp(uint64_t seed);

static volatile uint64_t *const memory = (volatile uint64_t *)(RAM_BASE + (UINT64_C(4) << 20));
#define WORDS ((RAM_BYTES - DTB_BYTES - (UINT64_C(4) << 20)) / 8)

static const char *memory_check(uint64_t round)
{
    uint64_t begin = round * CHUNK % WORDS;

    for (uint64_t i = begin; i < begin + CHUNK && i < WORDS; i++)
        if (memory[i] != secret(i))
            return "a word of memory changed";
    return NULL;
}

/* The timer fires when it should, and time goes on meanwhile and never back. */
static const char *nap(uint64_t *last)
{
    uint64_t before = time_now();

    if (before < *last)
        return "time went back";
    sbi_set_timer(before + NAP_TICKS);
    while ((csr_read(sip) & SIP_STIP) == 0)
        __asm__ volatile("wfi");
    *last = time_now();
    sbi_set_timer(UINT64_MAX);
    return *last < before + NAP_TICKS ? "the timer came too early" : NULL;
}

static const char *round_run(uint64_t round, uint64_t *last)
{
    uint64_t cycle = csr_read(cycle), instret = csr_read(instret), vector = csr_read(stvec);

    pattern_fill_fp(secret(round * 64));
    csr_write(sscratch, secret(round));
    csr_write(sepc, secret(round) & ~UINT64_C(1));
    csr_write(stval, secret(round + 1));
    csr_write(stvec, secret(round) & ~UINT64_C(3));
    const char *wrong = nap(last);
    uint64_t found = csr_read(stvec) ^ (secret(round) & ~UINT64_C(3));
    csr_write(stvec, vector);
    if (wrong != NULL)
        return wrong;
    if (found != 0 || csr_read(sscratch) != secret(round) || csr_read(stval) != secret(round + 1) ||
        csr_read(sepc) != (secret(round) & ~UINT64_C(1)))
        return "a CSR changed";
    if (pattern_check_fp(secret(round * 64)) != 0)
        return "an FP register changed";
    if (csr_read(cycle) <= cycle || csr_read(instret) <= instret)
        return "a counter stands still";
    if (csr_read(scounteren) != 7 || csr_read(satp) != 0)
        return "scounteren or satp changed";
    return memory_check(round);
}

void guest_main(uint64_t hart, uint64_t dtb)
{
    uint64_t seconds = bootargs_second(dtb), round = 0, last = time_now();
    uint64_t end = last + (seconds ? seconds : SECONDS) * TICKS_SECOND;
    const char *wrong = NULL;

    (void)hart;
    put_string("secret: begin\n");
    for (uint64_t i = 0; i < WORDS; i++)
        memory[i] = secret(i);
    csr_set(sstatus, SSTATUS_FS);
    csr_write(sie, SIP_STIP); /* ends the WFI; sstatus.SIE is off, so no trap comes */
    while (wrong == NULL && last < end)
        wrong = round_run(round++, &last);
    for (uint64_t i = 0; wrong == NULL && i < WORDS; i += CHUNK)
        wrong = memory_check(i / CHUNK);
    put_string("secret: ");
    put_string(wrong != NULL ? wrong : "all my own");
    put_string(", rounds ");
    put_decimal(round);
    put_string("\n");
    sbi_reset(0, wrong != NULL);
}
