/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine under the kernel's core, for host tests: memory, a clock that moves
 * when told to, an interrupt controller, the registers of one hart, and TLBs that
 * remember whatever a hart was ever allowed to cache.
 *
 * Every write to a page table, load, fence and register move is an event in a log,
 * in order.  Leaving the kernel returns to the test, which then plays the thread or
 * guest: fake_leave() says who would run.
 */
#ifndef FAKES_HAL_H
#define FAKES_HAL_H

#include <kernel/core/hart.h>

/* ---- events -------------------------------------------------------------------- */

enum fake_event_kind {
    FAKE_PTE_WRITE,         /* address of the entry (physical), new value */
    FAKE_VSPACE_LOAD,       /* id, root */
    FAKE_VSPACE_UNLOAD,
    FAKE_VSPACE_FENCE_PAGE, /* id, address */
    FAKE_VSPACE_FENCE_ALL,  /* id */
    FAKE_GSPACE_LOAD,
    FAKE_GSPACE_UNLOAD,
    FAKE_GSPACE_FENCE_PAGE,
    FAKE_GSPACE_FENCE_ALL,
    FAKE_TIMER_ARM,         /* deadline */
    FAKE_IRQ_UNMASK,        /* source */
    FAKE_IRQ_MASK,
    FAKE_IRQ_CLAIM,
    FAKE_IRQ_COMPLETE,
    FAKE_FP_SAVE,           /* address of the state */
    FAKE_FP_LOAD,
    FAKE_FP_ACCESS,         /* 0 or 1 */
    FAKE_VCPU_SAVE,         /* address of the registers */
    FAKE_VCPU_LOAD,
    FAKE_HVIP,              /* clear, set */
    FAKE_GUEST_FENCE_I,
    FAKE_GUEST_FENCE_VVMA,  /* address, bytes */
    FAKE_GUEST_FENCE_ASID,  /* address, bytes, asid */
    FAKE_GUEST_FETCH,       /* pc */
    FAKE_ENTER_USER,        /* address of the context */
    FAKE_ENTER_GUEST,       /* address of the registers, of the page */
    FAKE_IDLE,
    FAKE_CONSOLE,           /* bytes written */
};

struct fake_event {
    enum fake_event_kind kind;
    uint64_t word[3];
};

#define FAKE_LOG_EVENTS 4096u /* the latest are kept */

/* How many events there were since the log was cleared; the i-th of them. */
uint64_t fake_event_count(void);
const struct fake_event *fake_event_at(uint64_t index);
/* How many of one kind; the latest of one kind, or NULL. */
uint64_t fake_event_count_of(enum fake_event_kind kind);
const struct fake_event *fake_event_last(enum fake_event_kind kind);
void fake_log_clear(void);

/* ---- the machine ----------------------------------------------------------------- */

#define FAKE_RAM_START   UINT64_C(0x80000000)
#define FAKE_RAM_BYTES   (UINT64_C(64) << 20)
#define FAKE_IRQ_COUNT   95u
#define FAKE_CONSOLE_MAX 4096u

enum fake_left { FAKE_LEFT_USER, FAKE_LEFT_GUEST, FAKE_LEFT_IDLE };

struct fake_irq {
    bool is_enabled, is_pending, is_claimed;
};

struct fake_hal {
    /* May be set by a test. */
    uint64_t now;                 /* ticks */
    bool has_sstc;
    uint64_t vsatp_modes;         /* bit m: vsatp takes MODE m */
    uint32_t vspace_ids, gspace_ids;
    uint32_t preempt_in;          /* the n-th question for a pending interrupt is answered yes */
    bool is_preempting;           /* every such question is */
    uint64_t question_count;      /* such questions so far; those answered yes */
    uint64_t preempt_count;
    void (*on_guest_question)(void); /* runs once, after the next hal_vcpu_interrupt_pending() */
    enum err fetch_err;
    uint64_t fetch_insn;

    /* The hart. */
    uint64_t timer_deadline;
    struct fake_irq irq[FAKE_IRQ_COUNT + 1];
    struct fp_state fp;
    bool is_fp_dirty, is_fp_allowed;
    struct hal_vcpu vs;           /* VS CSRs */
    struct hal_vcpu *entered_vcpu;
    struct vcpu_page *entered_page;
    struct user_context *entered_context;
    char console[FAKE_CONSOLE_MAX];
    size_t console_bytes;
};

extern struct fake_hal fake;

/* Everything as after power-on: memory zero, nothing cached, log empty, Sstc there. */
void fake_reset(void);

/* A device raises its line. */
void fake_irq_raise(uint32_t source);

/* A written FP register, as by the thread or guest that runs. */
void fake_fp_write(uint32_t index, uint64_t value);

/* Let the kernel leave, and say to whom.  A hart with nothing to run but a deadline sleeps until
 * then; IDLE means that it would sleep for ever. */
enum fake_left fake_leave(struct hart *hart);

/* ---- translations ------------------------------------------------------------------ */

/*
 * A hart may cache any valid entry of a loaded space, at any time, down to the tables it
 * passes; so the fake does, whenever an entry is about to change or a space is left.  A
 * fence of one page drops leaves, one of an identifier everything ("Supervisor
 * Memory-Management Fence Instruction", "Hypervisor Memory-Management Fence Instructions").
 */

/* Most of a page table is empty.  These many entries from the first of a line are looked at at
 * once: the tests spend much of their time on that. */
#define FAKE_LINE_ENTRIES 8u

static inline bool fake_line_is_empty(const uint64_t *entry)
{
    return (entry[0] | entry[1] | entry[2] | entry[3] | entry[4] | entry[5] | entry[6] |
            entry[7]) == 0;
}

/* A copy of all that is cached and loaded, and going back to it. */
struct fake_tlb_copy;
struct fake_tlb_copy *fake_tlb_copy(void);
void fake_tlb_restore(const struct fake_tlb_copy *copy);
void fake_tlb_free(struct fake_tlb_copy *copy);

/* Cache all there is of what is loaded now. */
void fake_tlb_fill(void);

/* Does all that is cached under the identifiers of the loaded spaces agree with their tables?  It
 * has to whenever the kernel is left. */
bool fake_tlb_agrees(void);

/* Could the hart reach any byte of this range: by a cached translation, a cached pointer to a
 * table, or from a loaded root? */
bool fake_tlb_reaches(hpa_t start, uint64_t bytes);

#endif
