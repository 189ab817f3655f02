/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtual hart.  Its general registers and pc are in the state page
 * (abi/vcpu_page.h); its VS CSRs are in the hart while hart->vcpu is it, else in
 * `regs`, and move only when another vCPU needs the hart.
 *
 *   VMM: vcpu_run(done) --> enter --> guest runs --> exit record, seq + 1 --> VMM
 *                             ^  |                ^
 *                 interrupt   |  | WFI, nothing   | notification of the thread, or
 *                 or deadline |  v pending        | deadline (reason NONE, no new exit)
 *                           BLOCKED_WFI ----------+
 *
 * Bound means: thread, memory and state page are all there.  Losing any unbinds: a vcpu_run then
 * ends with ERR_STATE, and the exit record is kept for the next page.  Everything the VMM can write
 * in the page is legal: each word is read once, and can only hurt the guest.
 */
#ifndef KERNEL_CORE_VCPU_H
#define KERNEL_CORE_VCPU_H

#include <kernel/core/hart.h>
#include <kernel/core/notification.h>

/* Embedded slots. */
enum vcpu_place { VCPU_THREAD, VCPU_GSPACE, VCPU_PAGE, VCPU_PLACES };

/* Causes of a trap that make an exit ("Supervisor Cause Register", with the H extension's). */
#define CAUSE_ECALL_VS     10u
#define CAUSE_FETCH_GUEST  20u
#define CAUSE_LOAD_GUEST   21u
#define CAUSE_VIRTUAL_INSN 22u
#define CAUSE_STORE_GUEST  23u

#define HVIP_VSSIP (UINT64_C(1) << 2)
#define HVIP_VSTIP (UINT64_C(1) << 6)
#define HVIP_VSEIP (UINT64_C(1) << 10)

struct vcpu {
    struct object object;
    struct slot place[VCPU_PLACES];
    struct thread *thread;      /* NULL: not bound */
    struct vcpu_page *page;     /* while bound */
    uint64_t seq;               /* of the latest exit */
    uint64_t deadline_ticks;    /* when vcpu_run is to return; all ones: not by itself */
    bool is_waiting;            /* the guest executed WFI: enter it when an interrupt is pending */
    bool is_fence_wanted;       /* all its guest's translations and code are to be fenced first */
    uint64_t irq_seen;          /* what the last entry left of the page's interrupt word */
    uint64_t hvip_levels;       /* VSTIP and VSEIP as last written to hvip; all ones: unknown */
    uint64_t timer_guest_ticks; /* software timer, in the guest's time */
    uint64_t timer_ticks;       /* the same in the hart's; all ones: never, or not used */
    struct vcpu_exit_record exit; /* of the latest exit, while not bound: the page has it else */
    struct hal_vcpu regs;
    struct fp_state fp;
};

_Static_assert(sizeof(struct vcpu) <= UINT64_C(1) << VCPU_BITS_MIN, "VCpu's size");

struct object *vcpu_create(void *memory);

/* Its memory; only while bound. */
static inline struct space *vcpu_gspace(const struct vcpu *vcpu)
{
    return (struct space *)slot_known_object(&vcpu->place[VCPU_GSPACE]);
}

/* Is its thread inside vcpu_run? */
static inline bool vcpu_is_running(const struct vcpu *vcpu)
{
    return vcpu->thread != NULL && vcpu->thread->is_in_guest;
}

/* Bring the VS CSRs into `regs` and out of the hart. */
void vcpu_release(struct hart *hart, struct vcpu *vcpu);

/* Separate it from its thread, memory and page, when it is bound anew or one of them goes; a
 * vcpu_run ends with ERR_STATE.  Its VS CSRs leave the hart before its memory does. */
void vcpu_unbind(struct hart *hart, struct vcpu *vcpu);

/* Set the software timer from the guest's deadline and its time offset. */
void vcpu_timer_set(struct vcpu *vcpu, uint64_t guest_ticks);

/* ---- running (vcpu_run.c) ---------------------------------------------------------- */

/* When the hart's timer must fire while the guest runs, for it or for its vcpu_run's deadline; all
 * ones: for neither. */
uint64_t vcpu_timer_ticks(const struct vcpu *vcpu);

/* The current thread is in vcpu_run: make the hart ready for its guest.  False: it did not come to
 * that, the thread has its result or waits in WFI. */
bool vcpu_prepare(struct hart *hart, struct vcpu *vcpu);
ATTR_NORETURN void vcpu_enter(struct vcpu *vcpu);

/* The current thread's guest trapped with an exception: record the exit, or let it go on. */
void vcpu_exit(struct hart *hart, const struct guest_trap *trap);

/* End the vcpu_run that `thread` is in, with OK, a reason and the latest exit's number. */
void vcpu_return(struct thread *thread, enum vcpu_exit reason);

/* ---- running by the fast path (vcpu_fast.c) ------------------------------------------ */

/* As vcpu_exit() and the way to U mode, while hart->resumable is the running guest's: an ECALL, or
 * a LOAD or STORE with its htinst.  The caller's context, the results in x[11] and x[12]. */
struct user_context *vcpu_exit_fast(struct hart *hart, const struct guest_trap *trap);
/* The same for a LOAD or STORE whose htinst is 0: the instruction is fetched.  NULL: it is unmapped
 * meanwhile, so there is no exit, and the guest is to run again. */
struct user_context *vcpu_exit_fetch(struct hart *hart, const struct guest_trap *trap);

/* vcpu_run of the current thread.  The guest's page: enter it, nothing else is to be loaded.
 * NULL: nothing has happened yet, the call must go through the dispatcher. */
struct vcpu_page *vcpu_run_fast(struct hart *hart, uint64_t cap, uint64_t done,
                                 uint64_t deadline_ticks);
/* The same where the page asks for a timer and nothing else, and that is a CSR of the guest (Sstc):
 * nothing of the hart's own moves. */
struct vcpu_page *vcpu_run_timer(struct hart *hart, uint64_t cap, uint64_t done,
                                 uint64_t deadline_ticks);

/* ---- parts that both ways have in common (vcpu_run.c) --------------------------------- */

/* What can be asked for in the page's interrupt word. */
#define IRQ_LEVELS (VCPU_IRQ_TIMER | VCPU_IRQ_EXTERNAL)
#define IRQ_EDGES  (VCPU_IRQ_SOFT_SET | VCPU_IRQ_SOFT_CLEAR | VCPU_IRQ_TIMER_SET)

/* The loaded vCPU's timer, by CSR or by software, becomes what its page says. */
void vcpu_timer_take(struct vcpu *vcpu);

/*
 * The guest physical address of a guest-page fault.  Its two low bits are those of the virtual
 * address, but zero for an implicit access to a page table, which a pseudoinstruction in htinst
 * marks: not zero, and bit 0 clear (privileged specification, "Hypervisor Trap Value Register",
 * "Transformed Instruction or Pseudoinstruction for mtinst or htinst").
 */
static inline uint64_t vcpu_fault_gpa(const struct guest_trap *trap)
{
    bool is_implicit = trap->htinst != 0 && (trap->htinst & 1) == 0;

    return trap->htval << 2 | (is_implicit ? 0 : trap->stval & 3);
}

/* Count an exit of a guest and write its record. */
static inline void vcpu_record(struct vcpu *vcpu, enum vcpu_exit reason,
                               const struct guest_trap *trap, bool has_fetched, uint64_t insn)
{
    struct vcpu_page *page = vcpu->page;
    bool has_gpa = reason == VCPU_EXIT_LOAD || reason == VCPU_EXIT_STORE ||
                   reason == VCPU_EXIT_FETCH;

    vcpu->seq++;
    page->exit = (struct vcpu_exit_record){
        .seq = vcpu->seq,
        .reason = reason,
        .insn_valid = has_fetched,
        .cause = trap->scause,
        .tval = trap->stval,
        .gpa = has_gpa ? vcpu_fault_gpa(trap) : 0,
        .htinst = trap->htinst,
        .insn = insn,
        .pc = page->pc,
        .mode = trap->from_vs,
    };
}

/* ---- the end ------------------------------------------------------------------------ */

void vcpu_condemn(struct hart *hart, struct vcpu *vcpu);

#endif
