/* SPDX-License-Identifier: BSD-2-Clause */
#include "fuzz.h"

#include <proto/process_start.h>
#include <proto/report.h>
#include <rt/calls.h>
#include <rt/rt.h>
#include <rt/rt_guest.h>
#include <stdio.h>
#include <stdlib.h>

#define SLOTS       8u /* few slots are used: most tries should hit one */
#define METHODS     9u
#define RUN_EVERY   64u
#define WAIT_TICKS  100u
#define RUNS_NEVER  (UINT64_C(1) << 40) /* no exit has so high a number */
#define YIELDS      1009u
#define GARBAGE     100u
#define SP 2
#define GP 3
#define TP 4
#define S0 8
#define A0 10
#define A1 11
#define A2 12
#define A7 17

uint64_t fuzz_before[32], fuzz_after[32];

/* Registers that vcpu_run and messages keep.  Other calls keep all but OTHER_RESULTS. */
#define RUN_KEEPS     UINT64_C(0x11c)      /* sp, gp, tp, s0 */
#define MESSAGE_KEEPS UINT64_C(0xffc031c)  /* sp, gp, tp, s0 to s11 */
#define OTHER_RESULTS UINT64_C(0x1c00)     /* a0, a1, a2 */

_Noreturn void fuzz_fail(const char *what, uint64_t detail)
{
    printf("FAILED: %s: %#llx\n", what, (unsigned long long)detail);
    exit(1);
}

static bool is_message(uint64_t call)
{
    return (call >= CALL_CALL && call <= CALL_RECV) || call == CALL_REPLY_RECV_UNTIL ||
           call == CALL_RECV_UNTIL;
}

/* False: the call would block for ever, or end this process too early; guests run in run.c. */
static bool is_allowed(const uint64_t *x, const struct vmm_start *start)
{
    uint64_t call = x[A7], slot = x[A0];

    if (call == CALL_YIELD) /* costs a turn of each other guest */
        return x[A1] % YIELDS == 500;
    if (slot == PROCESS_SLOT_PARENT && (call == CALL_CALL || call == CALL_SEND))
        return false;
    if (slot == PROCESS_SLOT_WAKE && call == CALL_WAIT)
        return x[A1] < rt_time_ticks() + WAIT_TICKS;
    return call != CALL_VCPU_RUN || slot != start->vcpu_slot || x[A1] > RUNS_NEVER;
}

static void choose_registers(struct random *r)
{
    for (unsigned i = 1; i < 32; i++)
        fuzz_before[i] = random_odd(r);
    fuzz_before[A7] = random_one_in(r, 16) ? random_odd(r) : random_below(r, CALL_COUNT);
    if (!random_one_in(r, 8))
        fuzz_before[A0] = random_below(r, SLOTS);
    if (fuzz_before[A7] == CALL_INVOKE && !random_one_in(r, 8))
        fuzz_before[A1] = random_below(r, METHODS);
    if (fuzz_before[A7] == CALL_WAIT && random_one_in(r, 2))
        fuzz_before[A1] = rt_time_ticks() + random_below(r, WAIT_TICKS);
}

/* Only this process uses fs2, fs3 and this rounding mode. */
static void float_mark(uint64_t mark)
{
    __asm__ volatile("fmv.d.x fs2, %0\n\tfmv.d.x fs3, %1\n\tfsrm %2"
                     :
                     : "r"(mark), "r"(~mark), "r"(3));
}

static void float_check(uint64_t mark)
{
    uint64_t low, high, mode;

    __asm__ volatile("fmv.x.d %0, fs2\n\tfmv.x.d %1, fs3\n\tfrrm %2"
                     : "=r"(low), "=r"(high), "=r"(mode));
    if (low != mark || high != ~mark || mode != 3)
        fuzz_fail("a floating-point register changed", mode);
}

/* Does the value lie in the kernel's mapping or image, and not stem from random_odd()? */
static bool is_kernel_address(uint64_t value)
{
    return (value >> 32 == 0xffffffc0 || value >> 24 == 0xffffffff80) && (value & 0x7fffffff) != 0;
}

/* Calls keep the registers of `kept` (bit n: xn); no other register may show kernel addresses. */
static void check_kept(uint64_t kept)
{
    for (unsigned i = 1; i < 32; i++) {
        bool has_changed = fuzz_after[i] != fuzz_before[i];
        if (has_changed && (kept >> i & 1) != 0)
            fuzz_fail("a register changed", i);
        if (has_changed && is_kernel_address(fuzz_after[i]))
            fuzz_fail("a register holds a kernel address", fuzz_after[i]);
    }
}

static void check_registers(void)
{
    uint64_t results = OTHER_RESULTS;

    if (fuzz_after[A0] >= ERR_COUNT)
        fuzz_fail("a result that is no error number", fuzz_after[A0]);
    if (fuzz_after[A0] != OK)
        results = UINT64_C(1) << A0;
    if (fuzz_before[A7] == CALL_VCPU_RUN && fuzz_after[A0] != ERR_BAD_CALL) {
        check_kept(RUN_KEEPS);
        return;
    }
    if (is_message(fuzz_before[A7])) {
        check_kept(MESSAGE_KEEPS);
        return;
    }
    for (unsigned i = 1; i < 32; i++) {
        if ((results >> i & 1) == 0 && fuzz_after[i] != fuzz_before[i])
            fuzz_fail("a register changed", i);
    }
}

static void call_once(struct random *r, const struct vmm_start *start)
{
    choose_registers(r);
    if (!is_allowed(fuzz_before, start))
        return;
    fuzz_call();
    check_registers();
}

/* Sends meaningless messages; the root server ends this process at the first one. */
static void send_garbage(struct random *r)
{
    for (unsigned i = 0; i < GARBAGE; i++) {
        struct message message = {.tag = random_odd(r) | 0x100,
                                  .send_slot = (uint32_t)random_next(r)};
        for (unsigned word = 0; word < MESSAGE_WORDS; word++)
            message.word[word] = random_odd(r);
        if (ipc_send(cap_at(PROCESS_SLOT_PARENT), &message) == OK)
            printf("a message was taken\n");
    }
}

static void power_off(void)
{
    struct message message = { .tag = REPORT_POWERED_OFF };
    uint64_t bits;

    if (ipc_send(cap_at(PROCESS_SLOT_PARENT), &message) != OK)
        fuzz_fail("the last report", 0);
    while (notification_wait(cap_at(PROCESS_SLOT_WAKE), DEADLINE_NEVER, &bits) == OK)
        ;
}

int main(void)
{
    static struct vmm_start guest;
    const struct vmm_start *start = &guest;

    if (rt_guest_read(rt_start_table(), &guest) != OK)
        return 1;
    char *rest;
    uint64_t seed = strtoull(start->bootargs, &rest, 10);
    uint64_t end = rt_time_ticks() + strtoull(rest, &rest, 10) * rt_timebase_hz();
    struct random r = { .state = seed * 2 + 1 };
    uint64_t calls = 0, runs = 0;

    printf("seed %llu\n", (unsigned long long)seed);
    fflush(stdout);
    float_mark(seed);
    run_fill(&r, start);
    for (; rt_time_ticks() < end; calls++) {
        call_once(&r, start);
        if (calls % RUN_EVERY == 0) {
            run_once(&r, start);
            runs++;
        }
        float_check(seed);
    }
    printf("%llu calls, %llu runs\n", (unsigned long long)calls, (unsigned long long)runs);
    fflush(stdout);
    if (*rest == ' ')
        send_garbage(&r);
    power_off();
    return 1;
}
