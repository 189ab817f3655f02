/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a trap to the core and back.  A return to U mode or to a guest drops the contents
 * of the kernel's stack.  Interrupts stay off in the kernel.
 */
#include <kernel/core/fp.h>
#include <kernel/core/hart.h>
#include <kernel/core/ipc.h>
#include <kernel/core/irq.h>
#include <kernel/core/sched.h>
#include <kernel/core/syscall.h>
#include <kernel/core/vcpu.h>
#include <kernel/hal/riscv64/cpu.h>
#include <kernel/hal/riscv64/csr.h>
#include <kernel/hal/riscv64/sbi.h>
#include <kernel/hal/riscv64/trap.h>
#include <kernel/print.h>

uint64_t hal_time(void)
{
    return CSR_READ(CSR_TIME);
}

void hal_timer_arm(uint64_t deadline_ticks)
{
    if (cpu_this()->has_sstc)
        CSR_WRITE(CSR_STIMECMP, deadline_ticks);
    else
        (void)sbi_call(SBI_EXT_TIME, SBI_TIME_SET, deadline_ticks, 0, 0);
}

bool hal_interrupt_pending(void)
{
    return (CSR_READ(CSR_SIP) & CSR_READ(CSR_SIE)) != 0;
}

/* A guest's interrupts must not end the wait: wfi_block() arms the timer for them. */
void hal_idle(void)
{
    uint64_t guest_enabled = CSR_SWAP(CSR_VSIE, 0);

    __asm__ volatile("wfi" : : : "memory");
    CSR_WRITE(CSR_VSIE, guest_enabled);
}

/* Registers without a VS copy: save the guest's values and load U mode's.  Guests cannot access
 * sstateen0 (setup.c). */
static void guest_registers_leave(struct hal_vcpu *vcpu)
{
    vcpu->scounteren = CSR_SWAP(CSR_SCOUNTEREN, COUNTEREN_TIME);
    vcpu->senvcfg = CSR_SWAP(CSR_SENVCFG, 0);
}

static void guest_registers_enter(const struct hal_vcpu *vcpu)
{
    CSR_WRITE(CSR_SCOUNTEREN, vcpu->scounteren);
    CSR_WRITE(CSR_SENVCFG, vcpu->senvcfg);
}

void hal_enter_user(struct user_context *context)
{
    struct cpu *cpu = cpu_this();

    CSR_CLEAR(CSR_SSTATUS, SSTATUS_SPP | SSTATUS_SPIE | SSTATUS_SPELP);
    CSR_CLEAR(CSR_HSTATUS, HSTATUS_SPV);
    cpu_leave(cpu, context);
}

void hal_enter_guest(struct hal_vcpu *vcpu, struct vcpu_page *page)
{
    struct cpu *cpu = cpu_this();

    cpu->vcpu = vcpu;
    guest_registers_enter(vcpu);
    CSR_CLEAR(CSR_SSTATUS, SSTATUS_SPP | SSTATUS_SPIE | SSTATUS_SPELP);
    if (vcpu->is_vs != 0)
        CSR_SET(CSR_SSTATUS, SSTATUS_SPP);
    CSR_SET(CSR_HSTATUS, HSTATUS_SPV);
    cpu_leave(cpu, page);
}

static struct guest_trap guest_leave(struct cpu *cpu, uint64_t cause)
{
    struct guest_trap trap = {
        .scause = cause,
        .stval = CSR_READ(CSR_STVAL),
        .htval = CSR_READ(CSR_HTVAL),
        .htinst = hart_htinst(),
        .from_vs = (CSR_READ(CSR_SSTATUS) & SSTATUS_SPP) != 0,
    };

    cpu->vcpu->is_vs = trap.from_vs ? 1 : 0;
    guest_registers_leave(cpu->vcpu);
    return trap;
}

/* ---- the fast path ------------------------------------------------------------------- */

/* As guest_leave() and hal_enter_user(); U mode cannot use the FP registers afterwards. */
static inline struct guest_trap guest_leave_fast(struct cpu *cpu, uint64_t cause, uint64_t htinst)
{
    uint64_t status = CSR_READ_CLEAR(CSR_SSTATUS, SSTATUS_SPP | SSTATUS_FS);
    struct guest_trap trap = { cause, CSR_READ(CSR_STVAL), CSR_READ(CSR_HTVAL), htinst,
                               (status & SSTATUS_SPP) != 0 };

    CSR_CLEAR(CSR_HSTATUS, HSTATUS_SPV);
    cpu->fp_status = status & (SSTATUS_SPP | SSTATUS_FS);
    cpu->vcpu->is_vs = trap.from_vs;
    guest_registers_leave(cpu->vcpu);
    return trap;
}

/* An exit that needs nothing but the trap's CSRs. */
static inline struct user_context *exit_fast(struct cpu *cpu, uint64_t cause, uint64_t htinst)
{
    struct guest_trap trap = guest_leave_fast(cpu, cause, htinst);

    return vcpu_exit_fast(cpu->hart, &trap);
}

/* The hart does not report which instruction trapped.  A function of its own, so that exit_fast()
 * saves no registers for the calls here.  A fetch that faults overwrites sepc, scause and other
 * trap CSRs; they are not read afterwards. */
static ATTR_NOINLINE struct user_context *exit_fetch(struct cpu *cpu, uint64_t cause)
{
    struct guest_trap trap = guest_leave_fast(cpu, cause, 0);
    struct user_context *caller = vcpu_exit_fetch(cpu->hart, &trap);

    if (caller == NULL)
        sched_leave(cpu->hart);
    return caller;
}

static ATTR_NORETURN void call_slow(struct hart *hart)
{
    syscall_dispatch(hart);
    sched_leave(hart);
}

/* As hal_enter_guest(), with the guest's mode and FS as at its exit. */
static inline void run_resume(struct cpu *cpu, struct vcpu_page *page)
{
    guest_registers_enter(cpu->vcpu);
    CSR_SET(CSR_SSTATUS, cpu->fp_status);
    CSR_SET(CSR_HSTATUS, HSTATUS_SPV);
    cpu_resume(cpu, page);
}

/* Not inline: trap_vcpu_run() then saves no register for the calls here. */
static ATTR_NOINLINE void run_timer_or_slow(uint64_t cap, uint64_t done, uint64_t deadline_ticks)
{
    struct cpu *cpu = cpu_this();
    struct user_context *context = cpu->regs;
    struct vcpu_page *page = vcpu_run_timer(cpu->hart, cap, done, deadline_ticks);

    if (page != NULL) {
        run_resume(cpu, page);
        return;
    }
    context->x[REG_A0] = cap;
    context->x[REG_A1] = done;
    context->x[REG_A2] = deadline_ticks;
    context->x[REG_A7] = CALL_VCPU_RUN;
    context->pc -= ECALL_BYTES; /* the dispatcher expects pc at the ecall */
    call_slow(cpu->hart);
}

void trap_vcpu_run(uint64_t cap, uint64_t done, uint64_t deadline_ticks)
{
    struct cpu *cpu = cpu_this();
    struct vcpu_page *page = vcpu_run_fast(cpu->hart, cap, done, deadline_ticks);

    if (page != NULL)
        run_resume(cpu, page);
    else
        run_timer_or_slow(cap, done, deadline_ticks);
}

void trap_message(void)
{
    struct cpu *cpu = cpu_this();
    struct user_context *next = ipc_fast(cpu->hart);

    if (next == NULL)
        call_slow(cpu->hart);
    cpu_resume_message(cpu, next, cpu->regs);
}

/* ---- the slow path --------------------------------------------------------------------- */

/* The kernel did not enable this interrupt and cannot clear its cause: it would repeat for ever. */
static void interrupt_disable(uint64_t number)
{
    uint64_t bit = UINT64_C(1) << (number % 64);

    CSR_CLEAR(CSR_SIE, bit);
    CSR_CLEAR(CSR_HIE, bit);
    print_text("Warren: interrupt ");
    print_decimal(number);
    print_text(" is unknown and now off\n");
}

static void interrupt_handle(struct hart *hart, uint64_t number, bool is_guest)
{
    if (trace_is_on(&hart->trace))
        trace_record(hart, hart->current,
                     TRACE_INTERRUPT | (uint64_t)is_guest << 8 | number << 16, 0, 0);
    if (number == IRQ_S_TIMER)
        timer_expire(hart);
    else if (number == IRQ_S_EXTERNAL)
        irq_handle(hart);
    else
        interrupt_disable(number);
}

static void user_fault(struct hart *hart, uint64_t cause, uint64_t tval)
{
    const struct thread *thread = hart->current;

    thread_fault(hart, cause, tval);
    if (thread->is_root && thread->state == THREAD_FAULTED)
        trap_root_fault(cause, tval, &thread->context);
}

static void user_exception(struct hart *hart, uint64_t cause)
{
    uint64_t tval = CSR_READ(CSR_STVAL);

    if (cause != CAUSE_ILLEGAL || !fp_trap(hart))
        user_fault(hart, cause, tval);
}

static ATTR_NOINLINE ATTR_NORETURN void trap_slow(struct cpu *cpu, uint64_t cause)
{
    struct hart *hart = cpu->hart;
    bool is_guest = (CSR_READ(CSR_HSTATUS) & HSTATUS_SPV) != 0;
    struct guest_trap trap;

    if (is_guest)
        trap = guest_leave(cpu, cause);
    if ((cause & SCAUSE_INTERRUPT) != 0)
        interrupt_handle(hart, cause & ~SCAUSE_INTERRUPT, is_guest);
    else if (is_guest)
        vcpu_exit(hart, &trap);
    else
        user_exception(hart, cause);
    sched_leave(hart);
}

static ATTR_NOINLINE ATTR_NORETURN void call_or_trap(struct cpu *cpu, uint64_t cause)
{
    if (cause == CAUSE_ECALL_U)
        call_slow(cpu->hart);
    trap_slow(cpu, cause);
}

struct user_context *trap_from_below(struct cpu *cpu)
{
    uint64_t cause = CSR_READ(CSR_SCAUSE);

    if (cpu->hart->resumable != NULL) {
        if (cause == CAUSE_ECALL_VS)
            return exit_fast(cpu, CAUSE_ECALL_VS, hart_htinst());
        if (cause == CAUSE_LOAD_GUEST || cause == CAUSE_STORE_GUEST) {
            uint64_t htinst = hart_htinst();
            return htinst != 0 ? exit_fast(cpu, cause, htinst) : exit_fetch(cpu, cause);
        }
    }
    call_or_trap(cpu, cause);
}
