/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How long interrupts stay off.  A stretch begins at an entry into the kernel or at a check for a
 * pending interrupt.  It ends at the next check, or where interrupts are on again.  With QEMU's
 * -icount a tick of the time CSR is a fixed number of instructions, so the longest stretch is
 * exact and reproducible.  Saving and restoring the registers at the two ends is not measured.
 */
#include "stretch.h"

#include <kernel/core/hart.h>
#include <kernel/hal/hal.h>

struct cpu;

/* The linker's --wrap: __wrap_x replaces x, and __real_x is the kernel's x. */
struct user_context *__wrap_trap_from_below(struct cpu *cpu);
struct user_context *__real_trap_from_below(struct cpu *cpu);
ATTR_NORETURN void __wrap_trap_vcpu_run(uint64_t cap, uint64_t done, uint64_t deadline_ticks);
ATTR_NORETURN void __real_trap_vcpu_run(uint64_t cap, uint64_t done, uint64_t deadline_ticks);
ATTR_NORETURN void __wrap_trap_message(void);
ATTR_NORETURN void __real_trap_message(void);
bool __wrap_hal_interrupt_pending(void);
bool __real_hal_interrupt_pending(void);
void __wrap_hal_idle(void);
void __real_hal_idle(void);
ATTR_NORETURN void __wrap_hal_enter_user(struct user_context *context);
ATTR_NORETURN void __real_hal_enter_user(struct user_context *context);
ATTR_NORETURN void __wrap_hal_enter_guest(struct hal_vcpu *vcpu, struct vcpu_page *page);
ATTR_NORETURN void __real_hal_enter_guest(struct hal_vcpu *vcpu, struct vcpu_page *page);

static struct stretch longest;
static uint64_t from_ticks, call;

void stretch_begin(void)
{
    from_ticks = hal_time();
}

void stretch_name(uint64_t number, uint64_t method)
{
    call = number << 8 | (method & 0xff);
}

static void stretch_end(void)
{
    uint64_t ticks = hal_time() - from_ticks;

    if (ticks > longest.ticks)
        longest = (struct stretch){ .ticks = ticks, .call = call };
}

struct stretch stretch_take(void)
{
    struct stretch taken = longest;

    longest = (struct stretch){ 0 };
    return taken;
}

struct user_context *__wrap_trap_from_below(struct cpu *cpu)
{
    stretch_begin();
    call = STRETCH_NO_CALL;
    struct user_context *context = __real_trap_from_below(cpu);
    stretch_end();
    return context;
}

void __wrap_trap_vcpu_run(uint64_t cap, uint64_t done, uint64_t deadline_ticks)
{
    stretch_begin();
    stretch_name(CALL_VCPU_RUN, 0);
    __real_trap_vcpu_run(cap, done, deadline_ticks);
}

void __wrap_trap_message(void)
{
    stretch_begin();
    stretch_name(CALL_CALL, 0); /* or CALL_REPLY_RECV: the dispatcher sets the right name */
    __real_trap_message();
}

bool __wrap_hal_interrupt_pending(void)
{
    stretch_end();
    stretch_begin();
    return __real_hal_interrupt_pending();
}

void __wrap_hal_idle(void)
{
    stretch_end();
    __real_hal_idle();
    stretch_begin();
}

void __wrap_hal_enter_user(struct user_context *context)
{
    stretch_end();
    __real_hal_enter_user(context);
}

void __wrap_hal_enter_guest(struct hal_vcpu *vcpu, struct vcpu_page *page)
{
    stretch_end();
    __real_hal_enter_guest(vcpu, page);
}
