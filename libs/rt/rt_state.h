/* SPDX-License-Identifier: BSD-2-Clause */
/* The state of rt; only the files of rt include this. */
#ifndef RT_STATE_H
#define RT_STATE_H

#include <rt/rt.h>
#include <rt/rt_futex.h>
#include <rt/rt_lock.h>
#include <rt/rt_pages.h>

/* A thread, and the function it runs or is about to run: the arguments of __clone(). */
struct rt_thread {
    atomic_int phase; /* enum rt_thread_phase */
    uint32_t own_slot;
    void *stack_end;
    int (*function)(void *);
    void *argument;
    void *tls;
    atomic_int *exit_word; /* becomes 0 and is woken when the thread ends; NULL: none */
};

struct rt_state {
    struct rt_config config;
    struct rt_lock pages_lock;
    struct rt_pages pages; /* under pages_lock */
    struct rt_futex futex;
    struct rt_thread thread[RT_THREADS_MAX];
};

/* The only global object of rt. */
extern struct rt_state rt_state;

/* The thread's number in the C library; 1 is the first thread's. */
static inline int rt_thread_tid(unsigned number)
{
    return (int)number + 1;
}

/* rt_threads.c.  Called once, before main(). */
void rt_threads_init(const struct rt_thread_slots *slots);
/* The calling thread ends: it waits for another function. */
ATTR_NORETURN void rt_thread_end(void);
/* Sets the calling thread's exit_word; returns its tid. */
long rt_thread_exit_word(atomic_int *exit_word);
ATTR_NORETURN void rt_thread_serve(uint64_t number, uint64_t lock_slot, void *stack_end);
ATTR_NORETURN void rt_thread_run(uint64_t number);

/* rt_threads.S */
ATTR_NORETURN void rt_thread_wait_again(uint64_t number, uint64_t lock_slot, void *stack_end);
ATTR_NORETURN void rt_thread_enter(uint64_t number, void *tls);

/* rt_futex_call.c */
long rt_futex_call(void *address, long operation, long value, long wait_or_most, void *to);

#endif
