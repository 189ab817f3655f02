/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who runs on a hart: the first of the highest priority, in turns of one slice among
 * equals.  A thread that was outranked keeps its place and what is left of its slice; one
 * that blocked starts with a whole one.
 *
 * The running thread is hart->current and in no queue.  A call that blocks it leaves
 * current NULL, or another thread there (sched_handoff); sched_leave() settles the rest.
 */
#ifndef KERNEL_CORE_SCHED_H
#define KERNEL_CORE_SCHED_H

#include <kernel/core/hart.h>

/* Deadlines that one timer interrupt serves; the rest raises the next at once. */
#define TIMER_EXPIRE_MAX 8u

/*
 * When is a passed deadline served?  As soon as its thread would run:
 *   above the current priority    by a timer interrupt at the deadline
 *   of the current priority       when the current slice is over, or the current thread gives way
 *   below the current priority    when nothing of higher priority is ready any more
 */

/* Arm and cancel the timer that ends the wait of a thread. */
static inline void thread_timer_arm(struct thread *thread, uint64_t deadline_ticks)
{
    timer_arm(&thread->hart->timers, &thread->timer, thread->priority, deadline_ticks);
}

static inline void thread_timer_cancel(struct thread *thread)
{
    timer_cancel(&thread->hart->timers, &thread->timer);
}

/* A thread that is in no queue may run again: last of its priority. */
void sched_ready(struct thread *thread);

/* A thread, ready, running or in neither state, goes into `phase`, which is not READY. */
void sched_block(struct thread *thread, enum thread_phase phase);

/* As sched_ready(), for a thread that the current one, blocked just now, was waiting to let run:
 * it takes over at once, within the same slice, unless somebody of higher priority is ready. */
void sched_handoff(struct hart *hart, struct thread *thread);

/* Were the current thread blocked and `next` ready, would sched_pick() choose `next`, and would the
 * timer be armed for all that it has to be?  Neither of them may have a deadline. */
bool sched_may_switch(const struct hart *hart, const struct thread *next);

/* That being so: the current thread goes into `phase`, and `next`, a thread in no queue, runs at
 * once in its stead, within the same slice; the hart is ready for hal_enter_user(). */
void sched_switch(struct hart *hart, enum thread_phase phase, struct thread *next);

/* The current thread's slice is over.  (Not "sched_yield": the host's C library has that.) */
void sched_pass_turn(struct hart *hart);

/* Ticks of the time CSR a thread has run so far. */
uint64_t sched_runtime(const struct thread *thread);

/* Choose who runs next and make it hart->current; NULL: nobody. */
struct thread *sched_pick(struct hart *hart);

/* Serve passed deadlines, TIMER_EXPIRE_MAX at most: waits end with ERR_TIMEOUT, guests wake from
 * WFI.  Those that wait for the current thread to give way are left (see above). */
void timer_expire(struct hart *hart);

/* Leave the kernel: run whoever should, or wait for an interrupt until there is somebody. */
ATTR_NORETURN void sched_leave(struct hart *hart);

#endif
