/* SPDX-License-Identifier: BSD-2-Clause */
/* Birth, binding and end of a VCpu. */
#include <kernel/core/vcpu.h>

#include <abi/decode.h>
#include <kernel/core/fp.h>
#include <kernel/core/sched.h>
#include <kernel/core/syscall.h>

struct object *vcpu_create(void *memory)
{
    struct vcpu *vcpu = memory;

    hal_vcpu_reset(&vcpu->regs);
    vcpu->hvip_levels = UINT64_MAX;
    vcpu->timer_guest_ticks = TIMER_NEVER;
    vcpu->timer_ticks = TIMER_NEVER;
    return &vcpu->object;
}

void vcpu_release(struct hart *hart, struct vcpu *vcpu)
{
    if (hart->vcpu != vcpu)
        return;
    hal_vcpu_save(&vcpu->regs);
    hart->vcpu = NULL;
}

/* If the thread is inside vcpu_run, in any phase: vcpu_run returns ERR_STATE. */
static void run_abort(struct thread *thread)
{
    if (!thread->is_in_guest)
        return;
    thread->is_in_guest = false;
    thread->context.x[REG_A0] = ERR_STATE;
    if (thread->state == THREAD_BLOCKED_WFI) {
        thread_timer_cancel(thread);
        sched_ready(thread);
    }
}

void vcpu_unbind(struct hart *hart, struct vcpu *vcpu)
{
    if (vcpu->thread == NULL)
        return;
    struct space *gspace = vcpu_gspace(vcpu);

    vcpu_release(hart, vcpu);
    if (gspace->last_vcpu == vcpu)
        gspace->last_vcpu = NULL;
    run_abort(vcpu->thread);
    vcpu->exit = vcpu->page->exit;
    vcpu->thread->vcpu = NULL;
    vcpu->thread = NULL;
    vcpu->page = NULL;
    vcpu->is_waiting = false;
}

static enum err bind_check(const struct vcpu *vcpu, const struct thread *thread,
                           const struct slot *page)
{
    if (page->size_bits != PAGE_BITS || (page->flags & SLOT_DEVICE) != 0)
        return ERR_INVALID_ARG;
    if (vcpu_is_running(vcpu))
        return ERR_BUSY;
    if (thread->vcpu != NULL && thread->vcpu != vcpu)
        return ERR_EXISTS;
    return OK;
}

enum err vcpu_bind_invoke(struct invocation *inv)
{
    struct vcpu *vcpu = (struct vcpu *)slot_object(inv->slot);
    struct thread *thread = (struct thread *)slot_object(inv->cap[0]);

    enum err err = bind_check(vcpu, thread, inv->cap[2]);
    if (err != OK)
        return err;
    vcpu_unbind(inv->hart, vcpu);
    for (uint32_t i = 0; i < VCPU_PLACES; i++) {
        slot_delete(inv->hart, &vcpu->place[i]);
        slot_embed(&vcpu->place[i], inv->cap[i], &vcpu->object);
    }
    vcpu->thread = thread;
    thread->vcpu = vcpu;
    vcpu->page = hal_phys_to_virt(hpa(vcpu->place[VCPU_PAGE].object));
    vcpu->page->exit = vcpu->exit;
    vcpu->page->exit.seq = vcpu->seq;
    return OK;
}

/* ---- the end -------------------------------------------------------------------- */

void vcpu_condemn(struct hart *hart, struct vcpu *vcpu)
{
    vcpu_unbind(hart, vcpu);
    fp_drop(hart, &vcpu->fp);
}
