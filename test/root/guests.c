/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two guests make one environment call after the other, and their VMM does the minimum: it steps
 * over the call.  This measures the kernel's part of an exit, and of a switch between guests.
 */
#include "root.h"

#define ROUNDS       UINT64_C(10000)
#define GUEST_COUNT  2u
#define GUEST_AT     UINT64_C(0x80000000) /* guest physical */
#define STATE_AT     UINT64_C(0x2200000000)
#define STATE_STRIDE UINT64_C(0x1000)
#define GSPACE_BITS  17u
#define ECALL_BYTES  4u

__asm__(".balign 4\n"
        "guest_code:\n"
        "1:  ecall\n"
        "    j    1b\n"
        "guest_code_end:\n");
extern const char guest_code[], guest_code_end[];

static uint64_t seq[GUEST_COUNT];

volatile struct vcpu_page *guest_state(unsigned guest)
{
    return (volatile struct vcpu_page *)(STATE_AT + guest * STATE_STRIDE);
}

void guest_make(unsigned guest, cap_t thread, const void *code, uint64_t bytes)
{
    make(OBJ_VCPU, VCPU_BITS_MIN, SLOT_VCPU + guest);
    make(OBJ_GSPACE, GSPACE_BITS, SLOT_GSPACE + guest);
    make(OBJ_FRAME, FRAME_BITS_MIN, SLOT_STATE + guest);
    make(OBJ_FRAME, FRAME_BITS_MIN, SLOT_GUEST_CODE + guest);
    frame_fill(SLOT_GUEST_CODE + guest, code, bytes);
    must(frame_map(cap(SLOT_GUEST_CODE + guest), cap(SLOT_GSPACE + guest), GUEST_AT,
                   RIGHT_READ | RIGHT_EXEC));
    must(frame_map(cap(SLOT_STATE + guest), cap_at(BOOT_SLOT_VSPACE),
                   STATE_AT + guest * STATE_STRIDE, RIGHTS_RW));
    must(vcpu_bind(cap(SLOT_VCPU + guest), thread, cap(SLOT_GSPACE + guest),
                   cap(SLOT_STATE + guest)));
    guest_state(guest)->pc = GUEST_AT;
}

/* Runs the guest up to its next environment call, and steps over the call. */
static void guest_exit(unsigned guest)
{
    uint64_t reason = VCPU_EXIT_NONE;

    must(vcpu_run(cap(SLOT_VCPU + guest), seq[guest], UINT64_MAX, &reason, &seq[guest]));
    if (reason != VCPU_EXIT_ECALL)
        root_end();
    guest_state(guest)->pc += ECALL_BYTES;
}

static void exit_and_entry(void)
{
    guest_exit(0);
}

static void exit_and_yield(void)
{
    guest_exit(0);
    thread_yield();
}

static void runner_thread(void)
{
    for (;;) {
        guest_exit(1);
        thread_yield();
    }
}

void guests_measure(void)
{
    uint64_t code_bytes = (uint64_t)(guest_code_end - guest_code);

    make(OBJ_THREAD, THREAD_BITS_MIN, SLOT_RUNNER);
    guest_make(0, cap_at(BOOT_SLOT_THREAD), guest_code, code_bytes);
    guest_make(1, cap(SLOT_RUNNER), guest_code, code_bytes);
    time_it("exit and entry, least VMM", exit_and_entry, ROUNDS);
    time_it("exit, yield to oneself, entry", exit_and_yield, ROUNDS);
    thread_start(SLOT_RUNNER, runner_thread, PRIORITY);
    time_it("vCPU switch, there and back (two exits)", exit_and_yield, ROUNDS);
}
