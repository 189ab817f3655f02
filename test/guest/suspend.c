/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hart that suspends itself, retentively and not, waits until an enabled interrupt is pending,
 * and finds it pending afterwards: a timer set by SBI or by stimecmp, an IPI sent before.
 * Prints "suspend: NAME: MS ms, pending" (or "lost"), in the end "suspend: long" before and
 * "suspend: end" after one suspend of each kind of four seconds.
 *
 * Specification: SBI 3.0, "Function: Hart suspend".
 */
#include "guest.h"

#define IPI           UINT64_C(0x735049)
#define SSIP          (UINT64_C(1) << 1)
#define STIP          (UINT64_C(1) << 5)
#define NON_RETENTIVE UINT64_C(0x80000000)
#define TICKS_PER_MS  UINT64_C(10000)

void suspend_and_resume(uint64_t type, uint64_t opaque);

static void say(const char *how, const char *what, uint64_t began, uint64_t pending)
{
    uint64_t ms = (time_now() - began) / TICKS_PER_MS;

    put_string("suspend: ");
    put_string(how);
    put_string(what);
    put_string(": ");
    put_decimal(ms);
    put_string(pending ? " ms, pending\n" : " ms, lost\n");
}

static void timer_set(uint64_t deadline_ticks, bool by_csr)
{
    if (by_csr)
        csr_write(0x14d, deadline_ticks); /* stimecmp */
    else
        sbi_set_timer(deadline_ticks);
}

static void timer_try(const char *how, uint64_t type, uint64_t ms, bool by_csr)
{
    uint64_t began = time_now();

    csr_write(sie, STIP);
    timer_set(began + ms * TICKS_PER_MS, by_csr);
    suspend_and_resume(type, 0);
    say(how, by_csr ? " by stimecmp" : " by timer", began, csr_read(sip) & STIP);
    timer_set(UINT64_MAX, by_csr);
}

static void ipi_try(const char *how, uint64_t type, uint64_t hart)
{
    uint64_t began = time_now();

    csr_write(sie, SSIP);
    (void)sbi_call(IPI, 0, 1, hart, 0, 0);
    suspend_and_resume(type, 0);
    say(how, " by IPI", began, csr_read(sip) & SSIP);
    csr_clear(sip, SSIP);
}

/* Without Sstc the CSR is an illegal instruction. */
static bool has_stimecmp(void)
{
    uint64_t before = trap_last.count;

    (void)csr_read(0x14d);
    return trap_last.count == before;
}

void guest_main(uint64_t hart, uint64_t dtb)
{
    static const struct {
        const char *how;
        uint64_t type;
    } kinds[] = { { "retentive", 0 }, { "non-retentive", NON_RETENTIVE } };
    bool is_by_csr = has_stimecmp();

    (void)dtb;
    for (size_t i = 0; i < 2; i++) {
        timer_try(kinds[i].how, kinds[i].type, 200, false);
        if (is_by_csr)
            timer_try(kinds[i].how, kinds[i].type, 200, true);
        ipi_try(kinds[i].how, kinds[i].type, hart);
    }
    put_string("suspend: long\n");
    for (size_t i = 0; i < 2; i++)
        timer_try(kinds[i].how, kinds[i].type, 4000, false);
    put_string("suspend: end\n");
    sbi_reset(0, 0);
}
