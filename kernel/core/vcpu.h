/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtual hart.  Its general registers and pc are in the state page
 * (abi/vcpu_page.h).  While hart->vcpu points at it, its VS CSRs are in the hart, else in
 * `regs`; they move only when another vCPU needs the hart.
 *
 *   VMM: vcpu_run(done) --> enter --> guest runs --> exit record, seq + 1 --> VMM
 *                             ^  |                ^
 *                 interrupt   |  | WFI, nothing   | notification of the thread, or
 *                 or deadline |  v pending        | deadline (reason NONE, no new exit)
 *                           BLOCKED_WFI ----------+
 *
 * A bound vCPU has a thread, memory and a state page.  Losing any of them unbinds it: a vcpu_run
 * in progress ends with ERR_STATE, and the exit record is kept for the next page.  The VMM may
 * write any value in the page: the kernel reads each word once, and can only hurt the guest by it.
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
    uint64_t deadline_ticks;    /* when vcpu_run must return; all ones: never */
    bool is_waiting;            /* in WFI: enter it when an interrupt is pending */
    bool is_fence_wanted;       /* before the next entry: fence translations and code */
    uint64_t irq_seen;          /* the page's interrupt word after the last entry */
    uint64_t hvip_levels;       /* VSTIP and VSEIP as last written to hvip; all ones: unknown */
    uint64_t timer_guest_ticks; /* software timer, in the guest's time */
    uint64_t timer_ticks;       /* the same in the hart's; all ones: never, or not used */
    struct vcpu_exit_record exit; /* the latest exit while unbound; else in the page */
    struct hal_vcpu regs;
    struct fp_state fp;
};

_Static_assert(sizeof(struct vcpu) <= UINT64_C(1) << VCPU_BITS_MIN, "VCpu's size");

struct object *vcpu_create(void *memory);

/* The guest's memory; only while bound. */
static inline struct space *vcpu_gspace(const struct vcpu *vcpu)
{
    return (struct space *)slot_known_object(&vcpu->place[VCPU_GSPACE]);
}

/* Is its thread inside vcpu_run? */
static inline bool vcpu_is_running(const struct vcpu *vcpu)
{
    return vcpu->thread != NULL && vcpu->thread->is_in_guest;
}

/* If its VS CSRs are in the hart: move them to `regs`. */
void vcpu_release(struct hart *hart, struct vcpu *vcpu);

/* Separate the vCPU from its thread, memory and page: one of them is deleted, or the vCPU is bound
 * again.  A vcpu_run in progress ends with ERR_STATE.  The VS CSRs leave the hart before the memory
 * does. */
void vcpu_unbind(struct hart *hart, struct vcpu *vcpu);

/* Set the software timer from the guest's deadline and its time offset. */
void vcpu_timer_set(struct vcpu *vcpu, uint64_t guest_ticks);

/* ---- running (vcpu_run.c) ---------------------------------------------------------- */

/* When the hart's timer must fire while the guest runs: for the guest's software timer or for the
 * deadline of vcpu_run; all ones: for neither. */
uint64_t vcpu_timer_ticks(const struct vcpu *vcpu);

/* The current thread is in vcpu_run: make the hart ready for its guest.  False: the guest is not
 * entered; vcpu_run has its result, or the guest waits in WFI. */
bool vcpu_prepare(struct hart *hart, struct vcpu *vcpu);
ATTR_NORETURN void vcpu_enter(struct vcpu *vcpu);

/* The current thread's guest trapped with an exception: record the exit, or let the guest go on. */
void vcpu_exit(struct hart *hart, const struct guest_trap *trap);

/* End the vcpu_run that `thread` is in, with OK, a reason and the latest exit's number. */
void vcpu_return(struct thread *thread, enum vcpu_exit reason);

/* ---- the fast path (vcpu_fast.c) ----------------------------------------------------- */

/* As vcpu_exit(), then to U mode, while hart->resumable is the running guest's vCPU.  For an ECALL,
 * or a LOAD or STORE whose htinst is not 0.  Returns the context of the thread in vcpu_run, with
 * the results in x[11] and x[12]. */
struct user_context *vcpu_exit_fast(struct hart *hart, const struct guest_trap *trap);
/* The same for a LOAD or STORE whose htinst is 0: fetches the instruction.  NULL: the fetch faulted
 * because the page was unmapped meanwhile; there is no exit, the guest must run again. */
struct user_context *vcpu_exit_fetch(struct hart *hart, const struct guest_trap *trap);

/* vcpu_run of the current thread.  Returns the guest's state page: the hart is ready, enter the
 * guest.  NULL: nothing was changed, take the slow path. */
struct vcpu_page *vcpu_run_fast(struct hart *hart, uint64_t cap, uint64_t done,
                                 uint64_t deadline_ticks);
/* The same if the page requests a timer and nothing else, and the hart has Sstc: then only the
 * guest's own vstimecmp changes. */
struct vcpu_page *vcpu_run_timer(struct hart *hart, uint64_t cap, uint64_t done,
                                 uint64_t deadline_ticks);

/* ---- parts of both paths -------------------------------------------------------------- */

/* Levels and requests in the page's interrupt word. */
#define IRQ_LEVELS (VCPU_IRQ_TIMER | VCPU_IRQ_EXTERNAL)
#define IRQ_EDGES  (VCPU_IRQ_SOFT_SET | VCPU_IRQ_SOFT_CLEAR | VCPU_IRQ_TIMER_SET)

/* Set the loaded vCPU's timer (vstimecmp or the software timer) to the value in its page. */
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
