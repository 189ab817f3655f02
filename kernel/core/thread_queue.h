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

static inline void thread_queue_push_first(struct thread_queue *queue, struct thread *thread)
{
    thread->queue_prev = NULL;
    thread->queue_next = queue->first;
    if (queue->first != NULL)
        queue->first->queue_prev = thread;
    else
        queue->last = thread;
    queue->first = thread;
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
