/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The fast path: from a guest to its VMM and back when nothing but that happens.
 *
 *   guest --exit--> vcpu_exit_fast --> VMM --vcpu_run--> vcpu_run_fast --> guest
 *
 * It rests on one fact: between two passages of the kernel by the fast path nothing else has run
 * in it.  So what held when the guest was entered by the slow path still holds: this thread is
 * the one to run, its space, its guest's memory, CSRs and FP registers are loaded, the hart's
 * timer is armed for whatever comes first.  hart->resumable says so;
 * sched_leave() and sched_switch() forget it, and every other way goes through one of them.  What
 * others can change meanwhile is looked at anew: the caller's arguments, the state page, the
 * notification.
 */
#include <kernel/core/vcpu.h>

#include <kernel/core/cnode.h>

static inline struct user_context *exit_record(struct hart *hart, const struct guest_trap *trap,
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
    return exit_record(hart, trap, false, 0);
}

struct user_context *vcpu_exit_fetch(struct hart *hart, const struct guest_trap *trap)
{
    uint64_t insn = 0;

    if (hal_guest_fetch(hart->resumable->page->pc, trap->from_vs, &insn) != OK)
        return NULL;
    return exit_record(hart, trap, true, insn);
}

/* Does the capability name this VCpu, with the right to run it? */
static bool may_run(const struct thread *thread, uint64_t cap, const struct vcpu *vcpu)
{
    const struct slot *slot = running_slot(thread, cap);

    return slot != NULL && slot_known_object(slot) == &vcpu->object &&
           (slot->rights & RIGHT_EXEC) != 0;
}

/* Is the call the one that goes on where this hart is? */
static inline bool is_next(const struct hart *hart, uint64_t cap, uint64_t done,
                           uint64_t deadline_ticks)
{
    const struct vcpu *vcpu = hart->resumable;

    return vcpu != NULL && done == vcpu->seq && deadline_ticks == vcpu->deadline_ticks &&
           may_run(vcpu->thread, cap, vcpu) && !thread_is_signalled(vcpu->thread);
}

/* The bits of the page's interrupt word that are not as the last entry left them. */
static uint64_t news(const struct vcpu *vcpu)
{
    return __atomic_load_n(&vcpu->page->irq, __ATOMIC_RELAXED) ^ vcpu->irq_seen;
}

static struct vcpu_page *enter(struct vcpu *vcpu)
{
    vcpu->page->exit.reason = VCPU_EXIT_NONE; /* its outcome is accepted */
    vcpu->thread->is_in_guest = true;
    return vcpu->page;
}

struct vcpu_page *vcpu_run_fast(struct hart *hart, uint64_t cap, uint64_t done,
                                 uint64_t deadline_ticks)
{
    if (!is_next(hart, cap, done, deadline_ticks) || news(hart->resumable) != 0)
        return NULL;
    return enter(hart->resumable);
}

struct vcpu_page *vcpu_run_timer(struct hart *hart, uint64_t cap, uint64_t done,
                                 uint64_t deadline_ticks)
{
    struct vcpu *vcpu = hart->resumable;

    if (vcpu == NULL || news(vcpu) != VCPU_IRQ_TIMER_SET || !hal_has_sstc() ||
        !is_next(hart, cap, done, deadline_ticks))
        return NULL;
    __atomic_fetch_and(&vcpu->page->irq, ~VCPU_IRQ_TIMER_SET, __ATOMIC_ACQUIRE);
    vcpu_timer_take(vcpu);
    return enter(vcpu);
}
