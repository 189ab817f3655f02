/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * musl's threads on planned ones: __clone() takes a waiting thread, and the end of the thread's
 * function gives the thread back.  Results are as in Linux: a value, or minus an errno.
 */
#include <rt/rt_threads.h>

#include <errno.h>

#include <rt/calls.h>

#include "rt_state.h"

enum rt_thread_phase {
    RT_THREAD_ABSENT,  /* not planned */
    RT_THREAD_WAITING, /* for a function */
    RT_THREAD_CHOSEN,  /* by a __clone() that has not written the function yet */
    RT_THREAD_RUNNING,
};

/* 0, the first thread's number, until rt_thread_serve() sets it. */
static _Thread_local unsigned thread_number;

unsigned rt_thread_number(void)
{
    return thread_number;
}

uint32_t rt_thread_own_slot(void)
{
    return rt_state.thread[thread_number].own_slot;
}

unsigned rt_thread_count(void)
{
    unsigned count = 1;

    for (unsigned i = 1; i < RT_THREADS_MAX; i++)
        count += atomic_load(&rt_state.thread[i].phase) != RT_THREAD_ABSENT;
    return count;
}

void rt_threads_init(const struct rt_thread_slots *slots)
{
    for (unsigned i = 0; i < RT_THREADS_MAX; i++) {
        rt_state.futex.place[i].lock_slot = slots[i].lock_slot;
        rt_state.thread[i].own_slot = slots[i].own_slot;
        if (slots[i].lock_slot != 0)
            atomic_store(&rt_state.thread[i].phase,
                         i == 0 ? RT_THREAD_RUNNING : RT_THREAD_WAITING);
    }
}

/* ---- begin -------------------------------------------------------------------------- */

/* Called by rt_thread_enter() with tp set. */
ATTR_NORETURN void rt_thread_run(uint64_t number)
{
    struct rt_thread *thread = &rt_state.thread[number];

    thread_number = (unsigned)number;
    (void)thread->function(thread->argument);
    rt_thread_end(); /* musl's functions end by SYS_exit and do not return */
}

/* Called by rt_threads.S. */
ATTR_NORETURN void rt_thread_serve(uint64_t number, uint64_t lock_slot, void *stack_end)
{
    struct rt_thread *thread = &rt_state.thread[number];
    uint64_t bits;

    while (atomic_load(&thread->phase) != RT_THREAD_RUNNING)
        (void)!notification_wait(cap_at((uint32_t)lock_slot), DEADLINE_NEVER, &bits);
    thread->stack_end = stack_end;
    rt_thread_enter(number, thread->tls);
}

static struct rt_thread *thread_choose(unsigned *number)
{
    for (unsigned i = 1; i < RT_THREADS_MAX; i++) {
        int waiting = RT_THREAD_WAITING;
        if (atomic_compare_exchange_strong(&rt_state.thread[i].phase, &waiting,
                                           RT_THREAD_CHOSEN)) {
            *number = i;
            return &rt_state.thread[i];
        }
    }
    return NULL;
}

/* musl calls this to make a thread.  `stack` is not used: the thread has one. */
int __clone(int (*function)(void *), void *stack, int flags, void *argument, int *tid, void *tls,
            atomic_int *exit_word)
{
    unsigned number;

    (void)stack;
    (void)flags;
    struct rt_thread *thread = thread_choose(&number);
    if (thread == NULL)
        return -EAGAIN;
    thread->function = function;
    thread->argument = argument;
    thread->tls = tls;
    thread->exit_word = exit_word;
    *tid = rt_thread_tid(number);
    atomic_store(&thread->phase, RT_THREAD_RUNNING);
    (void)!notification_signal(cap_at(rt_state.futex.place[number].lock_slot));
    return rt_thread_tid(number);
}

/* ---- end ------------------------------------------------------------------------------ */

/*
 * When exit_word is 0, the thread that joins the calling thread goes on: it frees the TLS, and may
 * call __clone() at once.  So the calling thread is WAITING before, has what it needs in local
 * variables, and uses no TLS any more.
 */
static ATTR_NORETURN void thread_leave(unsigned number)
{
    struct rt_thread *thread = &rt_state.thread[number];
    uint32_t lock_slot = rt_state.futex.place[number].lock_slot;
    void *stack_end = thread->stack_end;
    atomic_int *exit_word = thread->exit_word;
    uint64_t bits;

    if (number != 0)
        atomic_store(&thread->phase, RT_THREAD_WAITING);
    if (exit_word != NULL) {
        atomic_store(exit_word, 0);
        (void)rt_futex_wake(&rt_state.futex, exit_word, 1);
    }
    if (number != 0)
        rt_thread_wait_again(number, lock_slot, stack_end);
    while (lock_slot != 0) /* the stack of the first thread holds argv and more */
        (void)!notification_wait(cap_at(lock_slot), DEADLINE_NEVER, &bits);
    rt_state.config.leave(0);
}

ATTR_NORETURN void rt_thread_end(void)
{
    thread_leave(thread_number);
}

long rt_thread_exit_word(atomic_int *exit_word)
{
    rt_state.thread[thread_number].exit_word = exit_word;
    return rt_thread_tid(thread_number);
}

/* musl calls this at the end of a detached thread.  The pages hold the thread's TLS; its stack is
 * another one. */
ATTR_NORETURN void __unmapself(void *base, size_t bytes)
{
    unsigned number = thread_number;

    rt_lock_take(&rt_state.pages_lock);
    enum err err = rt_pages_free(&rt_state.pages, base, bytes);
    /* The pages may be used again from here on. */
    rt_lock_release(&rt_state.pages_lock);
    if (err != OK)
        __builtin_trap();
    thread_leave(number);
}
