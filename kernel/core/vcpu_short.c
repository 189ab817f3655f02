/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The short way: from a guest to its VMM and back when nothing but that happens.
 *
 *   guest --exit--> vcpu_exit_short --> VMM --vcpu_run--> vcpu_run_short --> guest
 *
 * It rests on one fact: between two passages of the kernel by the short way nothing else has run
 * in it.  So what held when the guest was entered by the long way still holds: this thread is
 * the one to run, its space, its guest's memory, CSRs and FP registers are loaded, the hart's
 * timer is armed for whatever comes first, nobody waits to be reaped.  hart->resumable says so;
 * sched_leave(), through which every other way goes, forgets it.  What others can change
 * meanwhile is looked at anew: the caller's arguments, the state page, the notification.
 */
#include <kernel/core/vcpu.h>

#include <kernel/core/syscall.h>

void vcpu_allow_short(struct hart *hart, struct vcpu *vcpu)
{
    struct object *vspace = slot_known_object(&vcpu->thread->place[THREAD_VSPACE]);

    /* A thread that was woken in its guest may have another's space before it. */
    if (hart->vspace == (struct space *)vspace)
        hart->resumable = vcpu;
}

struct user_context *vcpu_exit_short(struct hart *hart, const struct guest_trap *trap)
{
    struct vcpu *vcpu = hart->resumable;
    struct thread *thread = vcpu->thread;
    enum vcpu_exit reason = trap->scause == CAUSE_ECALL_VS     ? VCPU_EXIT_ECALL
                            : trap->scause == CAUSE_LOAD_GUEST ? VCPU_EXIT_LOAD
                                                               : VCPU_EXIT_STORE;

    vcpu_record(vcpu, reason, trap, false, 0);
    thread->is_in_guest = false;
    thread->context.x[REG_A1] = reason;
    thread->context.x[REG_A2] = vcpu->seq;
    return &thread->context;
}

/* Does the capability name this VCpu, with the right to run it? */
static bool may_run(struct thread *thread, uint64_t cap, const struct vcpu *vcpu)
{
    const struct slot *slot = thread_slot(thread, cap);

    return slot != NULL && slot_known_object(slot) == &vcpu->object &&
           (slot->rights & RIGHT_EXEC) != 0;
}

struct vcpu_page *vcpu_run_short(struct hart *hart, uint64_t cap, uint64_t done,
                                 uint64_t deadline_ticks)
{
    struct vcpu *vcpu = hart->resumable;

    if (vcpu == NULL || done != vcpu->seq || deadline_ticks != vcpu->deadline_ticks)
        return NULL;
    struct thread *thread = vcpu->thread;
    uint64_t irq_change = (vcpu_irq_read(vcpu) & (IRQ_LEVELS | IRQ_EDGES)) ^ vcpu->irq_seen;
    /* What the hart's timer is armed for depends on the timer's level. */
    if (!may_run(thread, cap, vcpu) || vcpu_is_kicked(thread) || (irq_change & VCPU_IRQ_TIMER) != 0)
        return NULL;
    vcpu->page->exit.reason = VCPU_EXIT_NONE; /* its outcome is accepted */
    if (irq_change != 0)
        vcpu_irq_update(vcpu);
    thread->is_in_guest = true;
    return vcpu->page;
}
