/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hart states on a machine with one hart: the errors of refused calls, and a suspended hart.
 *
 * Specification: SBI, "Hart State Management Extension (EID #0x48534D "HSM")", "System Reset
 * Extension (EID #0x53525354 "SRST")".
 */
#include "compare.h"

/*
 * Makes the call.  result[0] is 0 when the call returned with result[1], 1 when the hart
 * resumed into a trap of cause result[1] and stval result[2], and 2 when it resumed at
 * suspend_entry with a0, a1, satp, sstatus, sie, sscratch and stvec in result[1] to [7].
 */
void suspend_try(uint64_t type, uint64_t address, uint64_t opaque, uint64_t result[8]);
void suspend_entry(void);

static const uint64_t harts[] = {
    0, 1, 7, 8, 63, 64, 0x80000000, 0xffffffff, UINT64_C(1) << 32, UINT64_MAX};
static const uint64_t addresses[] = {0,
                                     1,
                                     0x100000,
                                     0x10000000,
                                     0x80000001,
                                     0x200000000,
                                     UINT64_C(1) << 40,
                                     UINT64_MAX,
                                     UINT64_MAX - 1};

static void tell_numbered(const char *name, uint64_t number, struct sbi_result result)
{
    say(name);
    say_hex(number);
    tell_sbi("", result);
}

static void starts(void)
{
    for (size_t i = 0; i < sizeof harts / sizeof harts[0]; i++) {
        tell_numbered("status of hart ", harts[i], sbi_call(SBI_HSM, 2, harts[i], 0, 0, 0));
        tell_numbered("start of hart ", harts[i], sbi_call(SBI_HSM, 0, harts[i], RAM_BASE, 0, 0));
    }
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++)
        tell_numbered("start of this hart at ", addresses[i],
                      sbi_call(SBI_HSM, 0, 0, addresses[i], 0, 0));
}

/* Reserved types, and platform types on a platform without any; the address is ignored then. */
static void suspend_types(void)
{
    static const uint64_t type[] = {1,          0x0fffffff, 0x10000000, 0x7fffffff,
                                    0x80000001, 0x8fffffff, 0x90000000, 0xffffffff};

    for (size_t i = 0; i < sizeof type / sizeof type[0]; i++)
        tell_numbered("suspend of type ", type[i], sbi_call(SBI_HSM, 3, type[i], 0, 0, 0));
}

/*
 * A timer interrupt is pending and enabled, so a suspended hart has to resume at once.  Addresses
 * without memory are not tried: OpenSBI accepts them, points stvec there too, and the hart faults
 * for ever.
 */
static void suspend_with_timer(uint64_t type, uint64_t address, const char *name)
{
    uint64_t seen[8] = {0, 0, 0, 0, 0, 0, 0, 0};

    csr_set(sie, IRQ_TIMER);
    sbi_set_timer(0);
    suspend_try(type, address, 0x1234, seen);
    sbi_set_timer(UINT64_MAX);
    csr_clear(sie, IRQ_TIMER);
    say(name);
    if (seen[0] == 0) {
        tell(": returned", seen[1]);
    } else if (seen[0] == 1) {
        say(": resumed, then cause ");
        say_hex(seen[1]);
        say(" stval ");
        say_hex(seen[2]);
        tell_end();
    } else {
        say(": resumed, a0 ");
        say_hex(seen[1]);
        say(" a1 ");
        say_hex(seen[2]);
        say(" satp ");
        say_hex(seen[3]);
        say(" sie bit ");
        say_hex(seen[4] & SSTATUS_SIE);
        tell_end();
    }
}

static void suspends(void)
{
    suspend_with_timer(0, 0, "retentive suspend");
    suspend_with_timer(0, UINT64_MAX, "retentive suspend with a bad address");
    suspend_with_timer(0x80000000, (uint64_t)suspend_entry, "non-retentive suspend");
    suspend_with_timer(UINT64_C(0x180000000), (uint64_t)suspend_entry,
                       "non-retentive suspend, high bits set");
}

/* A suspended hart wakes when an enabled interrupt becomes pending, and not before. */
static void suspend_until(uint64_t type, const char *name)
{
    uint64_t seen[8] = {0, 0, 0, 0, 0, 0, 0, 0}, begin = time_now(),
             deadline = begin + 20 * TICKS_PER_MS;

    csr_set(sie, IRQ_TIMER);
    sbi_set_timer(deadline);
    suspend_try(type, (uint64_t)suspend_entry, 0, seen);
    uint64_t end = time_now();
    say(name);
    tell(", it waits until the timer comes", end >= deadline);
    say(name);
    tell(", it wakes within 1 s of it", end < deadline + 1000 * TICKS_PER_MS);
    say(name);
    tell(", the timer is still pending", (csr_read(sip) & IRQ_TIMER) != 0);
    sbi_set_timer(UINT64_MAX);
    csr_clear(sie, IRQ_TIMER);
}

/* An IPI that is pending before the call ends the suspend, and is still pending after it. */
static void suspend_with_ipi(uint64_t type, const char *name)
{
    uint64_t seen[8] = {0, 0, 0, 0, 0, 0, 0, 0};

    (void)sbi_call(SBI_IPI, 0, 1, 0, 0, 0);
    csr_set(sie, IRQ_SOFT);
    suspend_try(type, (uint64_t)suspend_entry, 0, seen);
    csr_clear(sie, IRQ_SOFT);
    say(name);
    tell(", the IPI is still pending", wait_pending(IRQ_SOFT, 100));
    csr_clear(sip, IRQ_SOFT);
}

/* The specification leaves these undefined after a non-retentive suspend. */
static void others_after(void)
{
    uint64_t seen[8] = {0, 0, 0, 0, 0, 0, 0, 0};

    csr_write(sscratch, 0x5678);
    csr_set(sie, IRQ_TIMER);
    sbi_set_timer(0);
    suspend_try(0x80000000, (uint64_t)suspend_entry, 0, seen);
    sbi_set_timer(UINT64_MAX);
    csr_clear(sie, IRQ_TIMER);
    tell("non-retentive, sie after", seen[5]);
    tell("non-retentive, sscratch after", seen[6]);
    tell("non-retentive, stvec is the resume address", seen[7] == (uint64_t)suspend_entry);
}

static void waits(void)
{
    others_after();
    suspend_until(0, "retentive");
    suspend_until(0x80000000, "non-retentive");
    suspend_with_ipi(0, "retentive");
    suspend_with_ipi(0x80000000, "non-retentive");
}

static void resets(void)
{
    static const uint64_t reset[][2] = {
        {3, 0},          {0xefffffff, 0}, {0xf0000000, 0}, {0xffffffff, 0}, {0, 2}, {0, 0xdfffffff},
        {0, 0xe0000000}, {0, 0xf0000000}, {0, 0xffffffff}, {1, 2},          {2, 2}};

    for (size_t i = 0; i < sizeof reset / sizeof reset[0]; i++) {
        say("reset of type ");
        say_hex(reset[i][0]);
        tell_numbered(" for ", reset[i][1], sbi_call(SBI_SRST, 0, reset[i][0], reset[i][1], 0, 0));
    }
}

void compare_main(uint64_t hart, uint64_t dtb)
{
    (void)hart;
    (void)dtb;
    starts();
    suspend_types();
    suspends();
    waits();
    resets();
}
