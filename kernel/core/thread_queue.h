/* SPDX-License-Identifier: BSD-2-Clause */
/* A first-in, first-out queue, linked through the threads themselves: every operation is O(1). */
#ifndef KERNEL_CORE_THREAD_QUEUE_H
#define KERNEL_CORE_THREAD_QUEUE_H

#include <kernel/core/thread.h>

static inline void thread_queue_push_last(struct thread_queue *queue, struct thread *thread)
{
    thread->queue_next = NULL;
    thread->queue_prev = queue->last;
    if (queue->last != NULL)
        queue->last->queue_next = thread;
    else
        queue->first = thread;
    queue->last = thread;
}

/* Inserts behind `before`, which is in `queue`; NULL: at the front. */
static inline void thread_queue_insert(struct thread_queue *queue, struct thread *before,
                                       struct thread *thread)
{
    struct thread *next = before != NULL ? before->queue_next : queue->first;

    thread->queue_prev = before;
    thread->queue_next = next;
    if (before != NULL)
        before->queue_next = thread;
    else
        queue->first = thread;
    if (next != NULL)
        next->queue_prev = thread;
    else
        queue->last = thread;
}

/* Take the first thread out of `queue`, which is not empty.  Its links stay as they are. */
static inline struct thread *thread_queue_pop(struct thread_queue *queue)
{
    struct thread *thread = queue->first;
    struct thread *next = thread->queue_next;

    queue->first = next;
    if (next != NULL)
        next->queue_prev = NULL;
    else
        queue->last = NULL;
    return thread;
}

/* `thread` must be in `queue`. */
static inline void thread_queue_remove(struct thread_queue *queue, struct thread *thread)
{
    if (thread->queue_prev != NULL)
        thread->queue_prev->queue_next = thread->queue_next;
    else
        queue->first = thread->queue_next;
    if (thread->queue_next != NULL)
        thread->queue_next->queue_prev = thread->queue_prev;
    else
        queue->last = thread->queue_prev;
    thread->queue_next = NULL;
    thread->queue_prev = NULL;
}

#endif
