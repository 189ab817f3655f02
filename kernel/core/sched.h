/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The scheduler of a hart runs the first ready thread of the highest priority.  Threads of
 * equal priority take turns of one time slice.  A preempted thread keeps its place in the
 * queue and the rest of its slice; a thread that blocked starts with a whole slice.
 *
 * The running thread is hart->current and in no queue.  A call that blocks it leaves current
 * NULL, or another thread there (sched_handoff); sched_leave() then chooses the next thread.
 */
#ifndef KERNEL_CORE_SCHED_H
#define KERNEL_CORE_SCHED_H

#include <kernel/core/hart.h>

/* Deadlines that one timer interrupt serves at most; if more have passed, the next interrupt comes
 * at once. */
#define TIMER_EXPIRE_MAX 8u

/*
 * A passed deadline is served when its thread could run.  A thread's priority is
 *   above the current priority    at the deadline, by a timer interrupt
 *   the current priority          when the current slice ends, or the current thread gives way
 *   below the current priority    when no thread of higher priority is ready any more
 */

/* Arm or cancel the timer that ends a thread's wait. */
static inline void thread_timer_arm(struct thread *thread, uint64_t deadline_ticks)
{
    timer_arm(&thread->hart->timers, &thread->timer, thread->priority, deadline_ticks);
}

static inline void thread_timer_cancel(struct thread *thread)
{
    timer_cancel(&thread->hart->timers, &thread->timer);
}

/* Must the long call of the current thread give way to an interrupt, or to a ready thread of higher
 * priority, which that call may have woken? */
static inline bool sched_must_give_way(const struct hart *hart)
{
    const struct thread *current = hart->current;

    return (current != NULL && hart->ready.present >> current->priority > 1) ||
           hal_interrupt_pending();
}

/* Make a thread that is in no queue ready: the last of its priority. */
void sched_ready(struct thread *thread);

/* Put a thread of any phase into `phase`, which is not READY. */
void sched_block(struct thread *thread, enum thread_phase phase);

/* As sched_ready(); but if the current thread has just blocked, `thread` runs at once in the rest
 * of the same slice, unless a thread of higher priority is ready. */
void sched_handoff(struct hart *hart, struct thread *thread);

/* If the current thread blocked and `next` became ready: would sched_pick() choose `next`, and is
 * the timer armed early enough for `next`?  Neither thread may have a deadline. */
bool sched_may_switch(const struct hart *hart, const struct thread *next);

/* After sched_may_switch(): put the current thread into `phase` and run `next`, which is in no
 * queue, in the rest of the same slice.  The hart is then ready for hal_enter_user(). */
void sched_switch(struct hart *hart, enum thread_phase phase, struct thread *next);

/* End the current thread's slice.  (Not "sched_yield": the host's C library has that name.) */
void sched_pass_turn(struct hart *hart);

/* Ticks of the time CSR a thread has run so far. */
uint64_t sched_runtime(const struct thread *thread);

/* Choose the next thread and make it hart->current; NULL: no thread is ready. */
struct thread *sched_pick(struct hart *hart);

/* Serve passed deadlines, at most TIMER_EXPIRE_MAX: waits end with ERR_TIMEOUT, guests wake from
 * WFI.  Deadlines that must wait for the current thread stay (table above). */
void timer_expire(struct hart *hart);

/* Leave the kernel: run the thread to choose, or wait for interrupts until one is ready. */
ATTR_NORETURN void sched_leave(struct hart *hart);

#endif
