/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A thread of execution in U mode.
 *
 *   SUSPENDED --resume--> READY <--> running (hart->current)
 *        ^                  |  ^
 *        |suspend           v  | message, signal, deadline, interrupt for the guest
 *        +-- every state   BLOCKED_{SEND,RECV,RECV_UNTIL,REPLY,WAIT,WFI}
 *
 * FAULTED: the thread has no fault endpoint, or its fault message was not answered.
 *
 * A thread is in at most one queue: the ready queue of its hart, that of an endpoint, or
 * that of a notification; `queue_next/prev` serve all three.  The code that ends the wait
 * of a blocked thread writes the results of its call to its registers.
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
    THREAD_BLOCKED_RECV_UNTIL, /* a receive with a deadline, which the fast path leaves alone */
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
    bool is_calling;  /* BLOCKED_SEND: it waits for a reply afterwards */
    bool is_fault;    /* BLOCKED_SEND or _REPLY: the message is its fault */
    bool is_in_guest; /* inside vcpu_run */
    bool is_root;     /* of the root server: a fault that stops it ends the machine */
    bool is_message_next; /* its next receive takes a waiting message before a signal */
    struct hart *hart;
    struct thread *queue_next, *queue_prev;
    struct object *blocked_on;         /* the endpoint or notification whose queue it is in */
    uint64_t send_badge;               /* badge of the endpoint capability it sends through */
    struct thread *caller;             /* this thread owes it a reply */
    struct thread *callee;             /* it owes this thread a reply */
    struct notification *notification; /* bound to it, or NULL */
    struct vcpu *vcpu;                 /* bound to it, or NULL */
    struct timer timer;                /* deadline of a wait, a receive or its guest's WFI */
    struct dead_link dead;             /* objects that it condemned and must take apart */
    uint64_t run_since_ticks, runtime_ticks;
    uint64_t slice_left_ticks; /* while it does not run; 0: none, it gets a new slice in its turn */
    uint64_t ticket;           /* in the ready queue; or the newest ticket when it blocked */
    uint64_t fault_word[FAULT_WORDS];
    struct fp_state fp;
};

_Static_assert(sizeof(struct thread) <= UINT64_C(1) << THREAD_BITS_MIN, "Thread's size");

static inline bool thread_is_receiving(const struct thread *thread)
{
    return thread->state == THREAD_BLOCKED_RECV || thread->state == THREAD_BLOCKED_RECV_UNTIL;
}

/* Initialise a suspended thread of `hart` in zeroed memory. */
struct object *thread_create(struct hart *hart, void *memory);

/* Make a suspended thread ready.  ERR_STATE: it has no CNode or VSpace, or is not suspended. */
MUST_CHECK thread_resume(struct thread *thread);

/* Suspend a thread in any phase.  A call that it waits in returns ERR_CANCELLED once the thread is
 * resumed (vcpu_run: OK with reason NONE).  A caller that it holds gets ERR_CANCELLED now. */
void thread_suspend(struct thread *thread);

/* Make a blocked thread, which is in no queue any more, ready: its call returns `err`. */
void thread_answer(struct thread *thread, enum err err);

/* The call of the caller that `thread` holds, if any, returns `err`.  A caller that waits for the
 * reply to its fault becomes FAULTED. */
void thread_drop_caller(struct thread *thread, enum err err);

/* The current thread faulted.  If its VSpace recovers from the fault (space_recovers), the thread
 * continues at the exit; else its handler gets the fault, or the thread stops (FAULTED). */
void thread_fault(struct hart *hart, uint64_t cause, uint64_t tval);

/* The thread is condemned: it leaves every queue and timer and is unbound; the caller it holds gets
 * ERR_PEER_DIED; the current thread, if another one, takes over its ring of dead objects. */
void thread_condemn(struct hart *hart, struct thread *thread);
/* The embedded slot `place` of `thread` is being deleted. */
void thread_lost(struct thread *thread, struct slot *place);

#endif
