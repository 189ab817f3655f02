/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The fake machine for host tests of the kernel's core: memory, a clock that the test
 * sets, an interrupt controller, the registers of one hart, and TLBs that keep each
 * translation that a hart was ever allowed to cache.
 *
 * Every write to a page table, load, fence and register move is an event in a log,
 * in order.  When the kernel leaves for a thread or a guest, fake_leave() returns which
 * of them to the test, and the test acts as that thread or guest.
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

#define FAKE_LOG_EVENTS 4096u /* the log keeps the latest ones */

/* The number of events since the log was cleared; the event of that index. */
uint64_t fake_event_count(void);
const struct fake_event *fake_event_at(uint64_t index);
/* The number of events of one kind; the latest event of one kind, or NULL. */
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
    uint32_t preempt_in;          /* the n-th check for a pending interrupt finds one */
    bool is_preempting;           /* every such check finds one */
    uint64_t question_count;      /* such checks so far */
    uint64_t preempt_count;       /* such checks that found an interrupt */
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

/* Resets to the state after power-on: memory zero, nothing cached, log empty, Sstc present. */
void fake_reset(void);

/* A device raises its line. */
void fake_irq_raise(uint32_t source);

/* Writes an FP register, as the running thread or guest would. */
void fake_fp_write(uint32_t index, uint64_t value);

/* Lets the kernel leave, and returns for what: user mode, a guest, or idle.  A hart with nothing
 * to run sleeps until the next deadline; IDLE means that there is no deadline. */
enum fake_left fake_leave(struct hart *hart);

/* ---- translations ------------------------------------------------------------------ */

/*
 * A hart may cache any valid entry of a loaded space at any time, leaf or not.  The fake
 * caches all of them whenever an entry is about to change or a space is unloaded.  A fence
 * of one page drops leaves; a fence of an identifier drops all its entries ("Supervisor
 * Memory-Management Fence Instruction", "Hypervisor Memory-Management Fence Instructions").
 */

/* Most entries of a page table are zero.  Walks test a line of this many entries at once,
 * because the tests spend much of their time in walks. */
#define FAKE_LINE_ENTRIES 8u

static inline bool fake_line_is_empty(const uint64_t *entry)
{
    return (entry[0] | entry[1] | entry[2] | entry[3] | entry[4] | entry[5] | entry[6] |
            entry[7]) == 0;
}

/* Copies all cached translations and loaded spaces; restores such a copy. */
struct fake_tlb_copy;
struct fake_tlb_copy *fake_tlb_copy(void);
void fake_tlb_restore(const struct fake_tlb_copy *copy);
void fake_tlb_free(struct fake_tlb_copy *copy);

/* Caches each valid entry of the loaded spaces. */
void fake_tlb_fill(void);

/* Does each translation cached under the identifiers of the loaded spaces agree with their
 * tables?  True whenever the kernel is left. */
bool fake_tlb_agrees(void);

/* Could the hart reach any byte of this range: by a cached translation, a cached pointer to a
 * table, or from a loaded root? */
bool fake_tlb_reaches(hpa_t start, uint64_t bytes);

#endif
