/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The threads of a process.
 *
 * The plan of a process says how many threads it has.  The root server makes them all, each with
 * its stack (between guard pages), its priority and two Notifications, and starts them all at the
 * program's entry.  The first runs main(); the others wait in here until pthread_create() or
 * thrd_create() takes them, and wait again when their function has ended.  So the process needs no
 * capability to a Thread, and can make no more threads than were planned:
 *
 *   waiting --pthread_create()--> running a function --its end--> waiting
 *
 *   own Notification    bound to the thread; the program waits for it and gives it its meaning
 *                       (the first thread's is PROCESS_SLOT_WAKE)
 *   lock Notification   waits inside the C library, and of a thread that has nothing to do
 *                       (rt_futex.h); no other signal goes there, and no program uses it
 *
 * The C library works in all threads: errno, malloc, stdio, mutexes, condition variables,
 * rwlocks, semaphores, thread-specific data.  A thread that waits for a lock blocks.
 *
 *   pthread_create()   EAGAIN if no planned thread is free: a joined thread is free at once, a
 *                      detached one a moment after its function's end.  The thread runs on its
 *                      planned stack: attributes of stack size and address have no effect on it.
 *                      A scheduling attribute is refused; priorities are the plan's.
 *   absent             pthread_cancel(), pthread_kill(), signals.
 *
 * A fault in one thread is a fault of the process: the root server stops all of its threads.  The
 * same holds for exit() in any thread, and for the end of main().  pthread_exit() in main() ends
 * the first thread only.
 */
#ifndef RT_RT_THREADS_H
#define RT_RT_THREADS_H

#include <stdint.h>

#include <base/attr.h>
#include <rt/rt_futex.h>

/* A planned thread.  Number 0 is the first. */
struct rt_thread_slots {
    uint32_t lock_slot; /* its lock Notification, READ and WRITE; 0: no such thread */
    uint32_t own_slot;  /* its own Notification */
};

struct start_table;

/* What the start record says of thread `number`: the entry "thread.N"; all 0 if there is none. */
void rt_thread_entry(const struct start_table *table, uint64_t number, struct rt_thread_slots *out);

/* The number of the calling thread, and the slot of its own Notification. */
unsigned rt_thread_number(void);
uint32_t rt_thread_own_slot(void);

/* How many threads the process has. */
unsigned rt_thread_count(void);

/*
 * Where thread `number` of a process begins, with the end of its stack in sp; `lock_slot` is its
 * lock Notification.  Does not return.  crt.S calls this function for ordinary processes.
 */
ATTR_NORETURN void rt_thread_wait(uint64_t number, uint64_t lock_slot);

#endif
