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
 * A thread in a queue is in exactly one: the ready queue of its hart, that of an
 * endpoint, or that of a notification; `queue_next/prev` serve all three.
 */
#ifndef KERNEL_CORE_THREAD_H
#define KERNEL_CORE_THREAD_H

#include <kernel/core/object.h>
#include <kernel/core/timer.h>
#include <kernel/hal/hal.h>

#define THREAD_PRIORITY_COUNT 64u

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
enum thread_place { THREAD_CNODE, THREAD_VSPACE, THREAD_FAULT, THREAD_NOTIFICATION, THREAD_PLACES };

struct endpoint;
struct notification;
struct vcpu;

struct thread {
    struct object object;
    struct user_context context;
    struct slot place[THREAD_PLACES];
    uint8_t state; /* enum thread_phase */
    uint8_t priority;
    bool is_calling;    /* BLOCKED_SEND: a reply is wanted */
    bool is_fault;      /* BLOCKED_SEND or _REPLY: the message is its fault */
    bool fp_used;       /* has FP state */
    bool is_in_guest;   /* inside vcpu_run */
    struct hart *hart;
    struct thread *queue_next, *queue_prev;
    struct object *blocked_on;     /* endpoint or notification it is queued in */
    uint64_t send_badge;           /* of the endpoint capability it sends through */
    struct thread *caller;         /* whom this thread owes a reply */
    struct thread *callee;         /* who owes this thread a reply */
    struct vcpu *vcpu;             /* bound to it, or NULL */
    struct timer timer;            /* deadline of a wait, or of the guest's WFI */
    uint64_t run_since_ticks, runtime_ticks;
    uint64_t fault_word[5];        /* enum fault_word */
    struct fp_state fp;
};

_Static_assert(sizeof(struct thread) <= 2048, "OBJ_THREAD's size");

/* Stop a thread wherever it is (see Thread.suspend). */
void thread_suspend(struct hart *hart, struct thread *thread);

/* Condemned: leave every queue and timer, fail the caller held, unbind. O(1). */
void thread_condemn(struct hart *hart, struct thread *thread);
/* One of its embedded slots was deleted under it. */
void thread_lost(struct hart *hart, struct thread *thread, struct slot *place);

/* Fault of the current thread: send it to its handler, or stop it. */
void thread_fault(struct hart *hart, uint64_t cause, uint64_t tval);

#endif
