/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The fast path from a guest to its VMM and back.
 *
 *   guest --exit--> vcpu_exit_fast --> VMM --vcpu_run--> vcpu_run_fast --> guest
 *
 * While hart->resumable is set, no other code of the kernel has run since the slow path entered
 * the guest.  So the conditions of that entry still hold: this thread is the one to run; its
 * address space and its guest's memory, CSRs and FP registers are loaded; the hart's timer is armed
 * for the first deadline.  sched_leave() and sched_switch() clear hart->resumable, and every other
 * path out of the kernel ends in one of them.  Only the caller's arguments, the state page and the
 * notification can have changed: these are checked each time.
 */
#include <kernel/core/vcpu.h>

#include <kernel/core/cnode.h>

static inline struct user_context *fast_exit_record(struct hart *hart,
                                                    const struct guest_trap *trap,
                                                    bool has_fetched, uint64_t insn)
{
    struct vcpu *vcpu = hart->resumable;
    struct thread *thread = vcpu->thread;
    enum vcpu_exit reason = trap->scause == CAUSE_ECALL_VS     ? VCPU_EXIT_ECALL
                            : trap->scause == CAUSE_LOAD_GUEST ? VCPU_EXIT_LOAD
                                                               : VCPU_EXIT_STORE;

    vcpu_record(vcpu, reason, trap, has_fetched, insn);
    thread->is_in_guest = false;
    thread->context.x[REG_A1] = reason;
    thread->context.x[REG_A2] = vcpu->seq;
    return &thread->context;
}

struct user_context *vcpu_exit_fast(struct hart *hart, const struct guest_trap *trap)
{
    return fast_exit_record(hart, trap, false, 0);
}

struct user_context *vcpu_exit_fetch(struct hart *hart, const struct guest_trap *trap)
{
    uint64_t insn = 0;

    if (hal_guest_fetch(hart->resumable->page->pc, trap->from_vs, &insn) != OK)
        return NULL;
    return fast_exit_record(hart, trap, true, insn);
}

/* Does the capability name this VCpu, with EXEC? */
static bool fast_may_run(const struct thread *thread, uint64_t cap, const struct vcpu *vcpu)
{
    const struct slot *slot = running_slot(thread, cap);

    return slot != NULL && slot_known_object(slot) == &vcpu->object &&
           (slot->rights & RIGHT_EXEC) != 0;
}

/* Does the call continue the guest that this hart can resume? */
static inline bool fast_is_resume(const struct hart *hart, uint64_t cap, uint64_t done,
                                  uint64_t deadline_ticks)
{
    const struct vcpu *vcpu = hart->resumable;

    return vcpu != NULL && done == vcpu->seq && deadline_ticks == vcpu->deadline_ticks &&
           fast_may_run(vcpu->thread, cap, vcpu) && !thread_is_signalled(vcpu->thread);
}

/* The bits of the page's interrupt word that changed since the last entry. */
static uint64_t fast_irq_changes(const struct vcpu *vcpu)
{
    return __atomic_load_n(&vcpu->page->irq, __ATOMIC_RELAXED) ^ vcpu->irq_seen;
}

static struct vcpu_page *fast_enter(struct vcpu *vcpu)
{
    vcpu->page->exit.reason = VCPU_EXIT_NONE; /* its outcome is accepted */
    vcpu->thread->is_in_guest = true;
    return vcpu->page;
}

struct vcpu_page *vcpu_run_fast(struct hart *hart, uint64_t cap, uint64_t done,
                                 uint64_t deadline_ticks)
{
    if (!fast_is_resume(hart, cap, done, deadline_ticks) || fast_irq_changes(hart->resumable) != 0)
        return NULL;
    return fast_enter(hart->resumable);
}

struct vcpu_page *vcpu_run_timer(struct hart *hart, uint64_t cap, uint64_t done,
                                 uint64_t deadline_ticks)
{
    struct vcpu *vcpu = hart->resumable;

    if (vcpu == NULL || fast_irq_changes(vcpu) != VCPU_IRQ_TIMER_SET || !hal_has_sstc() ||
        !fast_is_resume(hart, cap, done, deadline_ticks))
        return NULL;
    __atomic_fetch_and(&vcpu->page->irq, ~VCPU_IRQ_TIMER_SET, __ATOMIC_ACQUIRE);
    vcpu_timer_take(vcpu);
    return fast_enter(vcpu);
}
