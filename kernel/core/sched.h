/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The scheduler of a hart runs the first ready thread of the highest priority.  Threads of equal
 * priority ("equals") share their time by slices of 10 ms.  A thread that sleeps often must not
 * wait for the slices of its equals at each wake-up, and must not get more than its share
 * (docs/adr/0017-the-rest-of-a-slice.md).
 *
 *   - A thread that blocks keeps the rest of its slice.  If it wakes with a rest, it runs before
 *     its equals, and preempts the one that runs.
 *   - A preempted thread goes to the front of its queue with its rest.
 *   - A thread whose slice is used up goes to the end of its queue, and gets a new slice when it
 *     comes to run.  A rest below 50 us (slice.least_ticks) counts as used up.
 *   - A thread that wakes gets a new slice at once if each equal that was ready when it blocked has
 *     used up a slice since, or has blocked.  Otherwise it wakes with its rest, if it has one, and
 *     goes to the end of its queue if not.
 *
 * The queue of one priority, in the order in which its threads run:
 *
 *     woke, not looked at yet | were preempted, or woke | used up
 *     oldest first            | latest first            | oldest first, each with its ticket
 *       last: hart->woken           rest > 0                 rest = 0
 *
 * So a thread of the last part begins a new slice only when no equal with a rest is ready.
 *
 * Tickets tell when a new slice is due.  ready.ticket counts the entries into the last part, of all
 * priorities; each entry takes the next number as its ticket.  served[p] is the ticket of the
 * thread of priority p that last began a new slice.  At that moment each ready thread of priority p
 * had that ticket or a later one.  A thread that blocks notes ready.ticket: the threads that are
 * ready then have this ticket or earlier ones.  When it wakes and served[p] is greater than what it
 * noted, all of them have had their slice or have blocked.  A thread that is alone in its priority
 * is not queued when its slice is over; slice_begin_alone() does the same by the clock when an
 * equal wakes.
 *
 * The bound.  Let thread X enter the last part with ticket x.  Until X has used up its next slice
 * or blocks, an equal cannot run for more than one slice.  When its slice is used up, it enters the
 * last part behind X.  When it blocks, it notes x or a later ticket, and gets no new slice before a
 * thread with a later ticket than x begins one.  So each of n equals gets 1/n of the time, and no
 * ready thread waits for longer than the slices of its equals and the time of higher priorities.
 * A thread that is created or configured has no rest, and notes the ticket of that moment: no
 * process gains by making threads or by moving them to another priority and back.
 *
 * Time is charged by the clock, the kernel's work included: a thread starts when the one before it
 * stopped, so a hart that is never idle charges every tick to a thread.  What an interruption costs
 * the preempted thread (trap, switch, cold TLB) would be charged to that thread, and threads that
 * wake often could use up most of its slice by interruptions alone.  So a thread that preempts an
 * equal pays slice.preempt_ticks (5 us) out of its rest to the preempted thread.  The rest of the
 * preempted thread grows to a whole slice at most.
 *
 * A message that switches directly from one thread to the other (sched_handoff, sched_switch)
 * leaves the slice where it is: the receiver goes on with it.  In exchange, the blocked sender
 * takes the rest of the receiver.  The reply exchanges both again.  So there is always one slice
 * for each thread, and the fast path of a message reads the clock once, for sched_runtime().  (The
 * time CSR is one instruction in QEMU and on most harts; a hart without the CSR traps into firmware
 * for each read.)  An exit of a guest that resumes the same vCPU reads no clock.
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
 *   the current priority or above  at the deadline, by a timer interrupt
 *   below the current priority     when no thread of higher priority is ready any more
 */

/* Set the times for a slice of `whole_ticks`. */
static inline void slice_set(struct slice *slice, uint64_t whole_ticks)
{
    *slice = (struct slice){ .whole_ticks = whole_ticks,
                             .least_ticks = (whole_ticks + 199) / 200,
                             .preempt_ticks = whole_ticks / 2000 };
}

/* Arm or cancel the timer that ends a thread's wait. */
static inline void thread_timer_arm(struct thread *thread, uint64_t deadline_ticks)
{
    timer_arm(&thread->hart->timers, &thread->timer, thread->priority, deadline_ticks);
}

static inline void thread_timer_cancel(struct thread *thread)
{
    timer_cancel(&thread->hart->timers, &thread->timer);
}

/* Must the long call of the current thread give way to an interrupt, to a ready thread of higher
 * priority, or to an equal that preempts it, which that call may have woken? */
static inline bool sched_must_give_way(const struct hart *hart)
{
    const struct thread *current = hart->current;

    return (current != NULL && hart->ready.present >> current->priority > 1) ||
           hart->woken != NULL || hal_interrupt_pending();
}

/* Make a thread that is in no queue ready.  It goes before its equals or to the end, as above. */
void sched_ready(struct thread *thread);

/* Take from a thread that does not run what is left of its slice: it gets a new slice as a thread
 * that blocks now, with its slice used up. */
static inline void sched_forfeit(struct thread *thread)
{
    thread->slice_left_ticks = 0;
    thread->ticket = thread->hart->ready.ticket;
}

/* Put a thread of any phase into `phase`, which is not READY. */
void sched_block(struct thread *thread, enum thread_phase phase);

/* As sched_ready(to); but if the current thread was `from` and has just blocked, `to` runs at once
 * and goes on with its slice, unless a thread of higher priority is ready; `from` takes the rest of
 * `to`. */
void sched_handoff(struct hart *hart, struct thread *from, struct thread *to);

/* If the current thread blocked and `next` became ready: would sched_pick() choose `next`, and is
 * the timer armed early enough for `next`?  Neither thread may have a deadline. */
bool sched_may_switch(const struct hart *hart, const struct thread *next);

/* After sched_may_switch(): put the current thread into `phase` and run `next`, which is in no
 * queue; they exchange their slices, as in sched_handoff().  The hart is then ready for
 * hal_enter_user(). */
void sched_switch(struct hart *hart, enum thread_phase phase, struct thread *next);

/* End the current thread's slice: it goes to the end of its queue.  (Not "sched_yield": the host's
 * C library has that name.) */
void sched_pass_turn(struct hart *hart);

/* Ticks of the time CSR a thread has run so far. */
uint64_t sched_runtime(const struct thread *thread);

/* Choose the next thread and make it hart->current; NULL: no thread is ready. */
struct thread *sched_pick(struct hart *hart);

/* Serve passed deadlines, at most TIMER_EXPIRE_MAX: waits and receives end with ERR_TIMEOUT, guests
 * wake from WFI.  Deadlines that must wait for the current thread stay (table above). */
void timer_expire(struct hart *hart);

/* Leave the kernel: run the thread to choose, or wait for interrupts until one is ready. */
ATTR_NORETURN void sched_leave(struct hart *hart);

#endif
