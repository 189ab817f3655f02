/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The slow path into a guest and out of it (privileged specification, chapter on the
 * hypervisor extension: "Hypervisor Virtual Interrupt Pending", "Transformed Instruction
 * or Pseudoinstruction for mtinst or htinst").
 */
#include <kernel/core/vcpu.h>

#include <abi/decode.h>
#include <kernel/core/fp.h>
#include <kernel/core/sched.h>
#include <kernel/core/syscall.h>

#define INSN_WFI       UINT64_C(0x10500073)
#define INSN_WFI_BYTES 4u

_Static_assert(VCPU_IRQ_TIMER == HVIP_VSTIP && VCPU_IRQ_EXTERNAL == HVIP_VSEIP &&
                   VCPU_IRQ_SOFT_SET == HVIP_VSSIP,
               "the page's interrupt word has hvip's positions");

/* ---- vcpu_run ---------------------------------------------------------------------- */

void vcpu_return(struct thread *thread, enum vcpu_exit reason)
{
    thread->is_in_guest = false;
    thread->vcpu->is_waiting = false; /* WFI may end at any time, and the VMM may change pc */
    thread->context.x[REG_A0] = OK;
    thread->context.x[REG_A1] = reason;
    thread->context.x[REG_A2] = thread->vcpu->seq;
}

enum err vcpu_run_invoke(struct invocation *inv)
{
    struct vcpu *vcpu = (struct vcpu *)slot_known_object(inv->slot);

    if (vcpu->thread == NULL)
        return ERR_STATE;
    if (vcpu->thread != inv->thread)
        return ERR_BUSY;
    if (inv->arg[0] != vcpu->seq) {
        vcpu->page->exit.seq = vcpu->seq;
        return ERR_STATE;
    }
    vcpu->page->exit.reason = VCPU_EXIT_NONE; /* its outcome is accepted */
    vcpu->deadline_ticks = inv->arg[1];
    inv->thread->is_in_guest = true;
    inv->is_answered = true;
    return OK;
}

/* ---- time -------------------------------------------------------------------------- */

uint64_t vcpu_timer_ticks(const struct vcpu *vcpu)
{
    bool is_pending = (vcpu->hvip_levels & HVIP_VSTIP) != 0;

    return timer_earlier(is_pending ? TIMER_NEVER : vcpu->timer_ticks, vcpu->deadline_ticks);
}

static bool vcpu_deadline_has_passed(uint64_t deadline_ticks)
{
    return deadline_ticks != TIMER_NEVER && deadline_ticks <= hal_time();
}

/* When the wait of a guest in WFI ends: at vcpu_run's deadline, or at the guest's timer if that is
 * enabled. */
static uint64_t wfi_deadline(const struct vcpu *vcpu)
{
    if (!hal_vcpu_timer_wakes())
        return vcpu->deadline_ticks;
    return timer_earlier(hal_vcpu_timer_deadline(), vcpu_timer_ticks(vcpu));
}

/* ---- interrupts -------------------------------------------------------------------- */

static uint64_t irq_read(const struct vcpu *vcpu)
{
    return __atomic_load_n(&vcpu->page->irq, __ATOMIC_ACQUIRE);
}

/* Update hvip from the state page and the software timer. */
static void irq_update(struct vcpu *vcpu)
{
    uint64_t wanted = irq_read(vcpu);
    uint64_t levels = wanted & IRQ_LEVELS, clear = 0, set = 0;

    vcpu->irq_seen = wanted & ~IRQ_EDGES;
    if ((wanted & IRQ_EDGES) != 0) {
        uint64_t taken = __atomic_fetch_and(&vcpu->page->irq, ~IRQ_EDGES, __ATOMIC_ACQ_REL);
        if ((taken & VCPU_IRQ_TIMER_SET) != 0)
            vcpu_timer_take(vcpu);
        if ((taken & VCPU_IRQ_SOFT_CLEAR) != 0)
            clear |= HVIP_VSSIP;
        if ((taken & VCPU_IRQ_SOFT_SET) != 0)
            set |= HVIP_VSSIP;
    }
    if (vcpu_deadline_has_passed(vcpu->timer_ticks))
        levels |= HVIP_VSTIP;
    if (levels != vcpu->hvip_levels) {
        clear |= IRQ_LEVELS & ~levels;
        set |= levels;
        vcpu->hvip_levels = levels;
    }
    if ((clear | set) != 0)
        hal_vcpu_update_hvip(clear, set);
}

/* Does the page request an interrupt that is not in hvip? */
static bool irq_is_new(struct vcpu *vcpu)
{
    uint64_t wanted = irq_read(vcpu);

    return (wanted & IRQ_EDGES) != 0 || (wanted & IRQ_LEVELS & ~vcpu->hvip_levels) != 0;
}

/* The guest waits in WFI and no interrupt is pending: block the thread, unless an interrupt or a
 * signal arrives now.  A sender changes the page or the notification first, and then reads the
 * thread's state; this function does the two in the opposite order. */
static void wfi_block(struct thread *thread, struct vcpu *vcpu)
{
    sched_block(thread, THREAD_BLOCKED_WFI);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (irq_is_new(vcpu) || thread_is_signalled(thread)) {
        sched_ready(thread);
        return;
    }
    uint64_t deadline_ticks = wfi_deadline(vcpu);
    if (deadline_ticks != TIMER_NEVER)
        thread_timer_arm(thread, deadline_ticks);
}

/* The guest is about to be entered: its wait is over. */
static void vcpu_wait_end(struct vcpu *vcpu)
{
    vcpu->is_waiting = false;
    if ((vcpu->irq_seen & VCPU_IRQ_WAIT) != 0) {
        __atomic_fetch_and(&vcpu->page->irq, ~VCPU_IRQ_WAIT, __ATOMIC_RELAXED);
        vcpu->irq_seen &= ~VCPU_IRQ_WAIT;
    }
}

/* ---- entry ------------------------------------------------------------------------- */

/* Could the hart hold translations of another vCPU that match this vCPU's ASIDs?  Each virtual hart
 * has its own ASIDs; and on a hart with few VMIDs several guests share a VMID. */
static bool vcpu_is_stale(const struct hart *hart, const struct space *gspace,
                          const struct vcpu *vcpu)
{
    bool is_id_shared = hal_gspace_id_count() < SPACE_COUNT;

    return gspace->last_vcpu != vcpu || (hart->gspace != gspace && is_id_shared);
}

/* Load the guest's memory and VS CSRs into the hart, if they are not loaded. */
static void vcpu_load(struct hart *hart, struct vcpu *vcpu)
{
    struct space *gspace = vcpu_gspace(vcpu);
    bool is_fence_wanted = vcpu->is_fence_wanted || vcpu_is_stale(hart, gspace, vcpu);

    if (hart->vcpu != NULL && hart->vcpu != vcpu)
        vcpu_release(hart, hart->vcpu); /* a guest's vsatp never meets another's hgatp */
    if (hart->gspace != gspace)
        space_load(hart, gspace);
    if (hart->vcpu == NULL) {
        hal_vcpu_load(&vcpu->regs);
        hart->vcpu = vcpu;
    }
    if (is_fence_wanted) {
        hal_guest_fence_vvma(0, 0);
        hal_guest_fence_i();
        gspace->last_vcpu = vcpu;
        vcpu->is_fence_wanted = false;
    }
}

bool vcpu_prepare(struct hart *hart, struct vcpu *vcpu)
{
    struct thread *thread = vcpu->thread;

    if (thread_is_signalled(thread) || vcpu_deadline_has_passed(vcpu->deadline_ticks)) {
        vcpu_return(thread, VCPU_EXIT_NONE);
        return false;
    }
    vcpu_load(hart, vcpu);
    irq_update(vcpu);
    bool is_waiting = vcpu->is_waiting || (vcpu->irq_seen & VCPU_IRQ_WAIT) != 0;
    if (is_waiting && !hal_vcpu_interrupt_pending()) {
        wfi_block(thread, vcpu);
        return false;
    }
    vcpu_wait_end(vcpu);
    fp_acquire(hart, &vcpu->fp);
    hal_fp_set_user_access(true); /* with FS off the guest would take the trap itself */
    return true;
}

void vcpu_enter(struct vcpu *vcpu)
{
    hal_enter_guest(&vcpu->regs, vcpu->page);
}

/* ---- exit -------------------------------------------------------------------------- */

static enum vcpu_exit exit_reason_of(uint64_t cause)
{
    switch (cause) {
    case CAUSE_ECALL_VS: return VCPU_EXIT_ECALL;
    case CAUSE_LOAD_GUEST: return VCPU_EXIT_LOAD;
    case CAUSE_STORE_GUEST: return VCPU_EXIT_STORE;
    case CAUSE_FETCH_GUEST: return VCPU_EXIT_FETCH;
    case CAUSE_VIRTUAL_INSN: return VCPU_EXIT_VIRTUAL_INSN;
    default: return VCPU_EXIT_OTHER;
    }
}

/* Does the VMM need the instruction, and did the hart not report it? */
static bool is_fetch_needed(enum vcpu_exit reason, const struct guest_trap *trap)
{
    switch (reason) {
    case VCPU_EXIT_LOAD:
    case VCPU_EXIT_STORE: return trap->htinst == 0;
    case VCPU_EXIT_VIRTUAL_INSN: return trap->stval == 0;
    default: return false;
    }
}

void vcpu_exit(struct hart *hart, const struct guest_trap *trap)
{
    struct thread *thread = hart->current;
    struct vcpu *vcpu = thread->vcpu;
    struct vcpu_page *page = vcpu->page;
    enum vcpu_exit reason = exit_reason_of(trap->scause);
    uint64_t pc = page->pc, insn = 0;

    bool has_fetched = is_fetch_needed(reason, trap);
    if (has_fetched && hal_guest_fetch(pc, trap->from_vs, &insn) != OK)
        return; /* unmapped meanwhile: the guest executes it again and takes the page fault */
    if (reason == VCPU_EXIT_VIRTUAL_INSN && trap->from_vs &&
        (has_fetched ? insn : trap->stval) == INSN_WFI) {
        page->pc = pc + INSN_WFI_BYTES;
        vcpu->is_waiting = true;
        return;
    }
    vcpu_record(vcpu, reason, trap, has_fetched, insn);
    if (trace_is_on(&hart->trace))
        trace_exit(hart, vcpu);
    vcpu_return(thread, reason);
}
