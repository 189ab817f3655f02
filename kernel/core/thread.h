/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A thread of execution in U mode.
 *
 *   SUSPENDED --resume--> READY <--> running (hart->current)
 *        ^                  |  ^
 *        |suspend           v  | message, signal, deadline, interrupt for the guest
 *        +-- every state   BLOCKED_{SEND,RECV,REPLY,WAIT,WFI}
 *
 * FAULTED: its fault could be sent to nobody, or was not answered.
 *
 * A thread in a queue is in exactly one: the ready queue of its hart, that of an
 * endpoint, or that of a notification; `queue_next/prev` serve all three.  Who ends
 * the wait of a blocked thread writes the results of its call into its registers.
 */
#ifndef KERNEL_CORE_THREAD_H
#define KERNEL_CORE_THREAD_H

#include <kernel/core/object.h>
#include <kernel/core/timer.h>
#include <kernel/hal/hal.h>

#define THREAD_PRIORITY_COUNT TIMER_PRIORITIES

enum thread_phase {
    THREAD_SUSPENDED,
    THREAD_READY, /* in the ready queue, or running */
    THREAD_BLOCKED_SEND,
    THREAD_BLOCKED_RECV,
    THREAD_BLOCKED_REPLY,
    THREAD_BLOCKED_WAIT,
    THREAD_BLOCKED_WFI, /* in vcpu_run; its guest waits for an interrupt */
    THREAD_FAULTED,
};

/* Embedded slots. */
enum thread_place {
    THREAD_CNODE,
    THREAD_VSPACE,
    THREAD_FAULT,
    THREAD_NOTIFICATION,
    THREAD_PLACES
};

#define FAULT_WORDS 5u /* enum fault_word */

struct notification;
struct vcpu;

struct thread_queue {
    struct thread *first, *last;
};

struct thread {
    struct object object;
    struct user_context context;
    struct slot place[THREAD_PLACES];
    uint8_t state; /* enum thread_phase */
    uint8_t priority;
    bool is_calling;  /* BLOCKED_SEND: a reply is wanted */
    bool is_fault;    /* BLOCKED_SEND or _REPLY: the message is its fault */
    bool is_in_guest; /* inside vcpu_run */
    bool is_root;     /* the root server's first: the machine fails with it */
    struct hart *hart;
    struct thread *queue_next, *queue_prev;
    struct object *blocked_on;         /* endpoint or notification it is queued in */
    uint64_t send_badge;               /* of the endpoint capability it sends through */
    struct thread *caller;             /* whom this thread owes a reply */
    struct thread *callee;             /* who owes this thread a reply */
    struct notification *notification; /* bound to it, or NULL */
    struct vcpu *vcpu;                 /* bound to it, or NULL */
    struct timer timer;                /* deadline of a wait, or that ends the guest's WFI */
    struct dead_link dead;             /* objects its calls condemned, for it to take apart */
    uint64_t run_since_ticks, runtime_ticks, slice_left_ticks;
    uint64_t fault_word[FAULT_WORDS];
    struct fp_state fp;
};

_Static_assert(sizeof(struct thread) <= UINT64_C(1) << THREAD_BITS_MIN, "Thread's size");

/* Begin a thread, suspended, in zeroed memory; it will run on `hart`. */
struct object *thread_create(struct hart *hart, void *memory);

/* Let a suspended thread run.  ERR_STATE: it has no CNode or VSpace, or is not suspended. */
MUST_CHECK thread_resume(struct thread *thread);

/* Stop a thread wherever it is.  The call it waits in returns ERR_CANCELLED when it is resumed
 * (vcpu_run: OK with reason NONE); the caller it holds gets ERR_CANCELLED now. */
void thread_suspend(struct thread *thread);

/* A blocked thread, in no queue any more, goes on: its call returns `err`. */
void thread_answer(struct thread *thread, enum err err);

/* The caller that `thread` holds, if any, gets `err`; one that waits for a reply to its fault
 * stays stopped (FAULTED). */
void thread_drop_caller(struct thread *thread, enum err err);

/* Fault of the current thread: send it to its handler, or stop it. */
void thread_fault(struct hart *hart, uint64_t cause, uint64_t tval);

/* Condemned: leave every queue and timer, fail the caller held with ERR_PEER_DIED, unbind; the
 * current thread, unless it is this one, takes over what it was to take apart. */
void thread_condemn(struct hart *hart, struct thread *thread);
/* One of its embedded slots is being deleted. */
void thread_lost(struct thread *thread, struct slot *place);

#endif
